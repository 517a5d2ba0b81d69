// How often a card draws: what moves as often as it can be read, how a call ends at once.

import { expect, test } from 'vitest';

import { bundle, counts, liveCall, NOW, snapshotOf } from '../support/calls';
import { openPage } from '../support/page';

const LONG_MS = 3_600_000;
const at = (done: number) => liveCall({ counts: counts({ succeeded: done, queued: 1000 - done }) });

test('numbers wait until they can be read, and the end of a call waits for nothing', async () => {
  const page = await openPage(bundle(snapshotOf(at(0))), { readMs: LONG_MS });
  await page.hear({ event: 'hello', version: '0.1.0', calls: [at(100)] });
  expect(page.host.textContent).toContain('100 / 1,000');
  await page.hear({ event: 'progress', calls: [at(200)] });
  await page.hear({ event: 'progress', calls: [at(300)] });
  expect(page.host.textContent).toContain('100 / 1,000');
  const over = { ...at(1000), state: 'done', ended_at: NOW } as const;
  await page.hear({ event: 'progress', calls: [over] });
  expect(page.host.textContent).toContain('1,000 / 1,000');
  await page.close();
});

test('where nobody has to wait, each change is drawn', async () => {
  const page = await openPage(bundle(snapshotOf(at(0))));
  await page.hear({ event: 'hello', version: '0.1.0', calls: [at(100)] });
  await page.hear({ event: 'progress', calls: [at(200)] });
  expect(page.host.textContent).toContain('200 / 1,000');
  await page.close();
});
