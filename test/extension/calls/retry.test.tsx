// "Retry these": one group of failures runs again, the card goes on with it, and the whole map is a click away.

import { afterEach, expect, test } from 'vitest';

import { bundle, counts, liveCall, snapshotOf } from '../support/calls';
import type { Page } from '../support/page';
import { openPage } from '../support/page';

let page: Page;
afterEach(() => page.close());

const group = (kind: string, count: number, examples: readonly number[], where = 'Cell In[4], line 7') => ({
  kind,
  message: 'x',
  where,
  count,
  examples,
});
const ended = liveCall({
  inputs: 40,
  state: 'failed',
  counts: counts({ succeeded: 30, failed: 10 }),
  failures: [group('builtins.KeyError', 8, [12, 3]), group('builtins.ValueError', 1, [5]), group('other', 1, [9], '')],
});
const derived = liveCall({
  call_id: 'fc-derived',
  inputs: 8,
  counts: counts({ running: 8 }),
  cells: 'r'.repeat(8),
  cell: 1,
});

async function opened(call = ended, knows: readonly string[] = ['retry']): Promise<void> {
  page = await openPage(bundle(snapshotOf(call)));
  await page.hear({ event: 'hello', version: '0.1.0', calls: [call], knows });
}
const buttons = (): (string | null)[] =>
  [...page.host.querySelectorAll('.farcall-Failure > .farcall-Button')].map((one) => one.textContent);

test('each kind of failure can be retried, but not the rest that has nothing in common', async () => {
  await opened();
  expect(buttons()).toEqual(['Retry these', 'Retry this']);
});

test('it asks for the group of one of its inputs, and the card goes on with those', async () => {
  await opened();
  page.kernel.answer = ({ id, intent }, kernel) => {
    if (intent === 'retry') kernel.emit({ event: 'reply', id, result: { call_id: 'fc-derived' } });
  };
  await page.click('Retry these');
  expect(page.kernel.sent.filter(({ intent }) => intent === 'retry')).toMatchObject([
    { call_id: ended.call_id, index: 12 },
  ]);
  await page.hear({ event: 'progress', calls: [derived] });
  expect(page.host.textContent).toContain('0 / 8');
  expect(page.host.textContent).toContain('Only the 8 inputs that run again.');
});

test('the whole map, with its other failures, is a click away', async () => {
  await opened();
  page.kernel.answer = ({ id, intent }, kernel) => {
    if (intent === 'retry') kernel.emit({ event: 'reply', id, result: { call_id: 'fc-derived' } });
  };
  await page.click('Retry these');
  await page.hear({ event: 'progress', calls: [derived] });
  await page.click('Back to the whole map');
  expect(page.host.textContent).toContain('40 / 40');
  expect(buttons()).toEqual(['Retry these', 'Retry this']);
});

test('what the kernel cannot do shows beside the groups', async () => {
  await opened();
  page.kernel.answer = ({ id, intent }, kernel) => {
    if (intent === 'retry') kernel.emit({ event: 'error', id, message: 'this notebook has no function embed now' });
  };
  await page.click('Retry these');
  expect(page.host.querySelector('.farcall-Failures [role=alert]')?.textContent).toContain('no function embed now');
});

test('it is not offered while the map runs, without a kernel, or by a kernel that cannot', async () => {
  await opened({ ...ended, state: 'sealed' });
  expect(buttons()).toEqual([]);
  await page.close();
  await opened(ended, []);
  expect(buttons()).toEqual([]);
  await page.close();
  page = await openPage(bundle(snapshotOf(ended)), { hasKernel: false });
  expect(buttons()).toEqual([]);
});
