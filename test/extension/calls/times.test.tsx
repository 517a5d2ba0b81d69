// The tab Times: how long inputs took, the slowest ones, and the lanes of the containers.

import { afterEach, expect, test } from 'vitest';

import { bundle, counts, liveCall, snapshotOf } from '../support/calls';
import type { Page } from '../support/page';
import { openPage } from '../support/page';
import { timesView } from '../support/times';

let page: Page;
afterEach(() => page.close());

const running = liveCall();
const ended = liveCall({ state: 'done', counts: counts({ succeeded: 1000 }), ended_at: running.created_at + 40 });

async function opened({ call = running, times = timesView({}) as unknown, knows = ['times'] as string[] | null }) {
  page = await openPage(bundle(snapshotOf(call)));
  page.kernel.answer = (intent, kernel) => {
    if (intent.intent === 'times') kernel.emit({ event: 'reply', id: intent.id, result: times });
  };
  await page.hear({ event: 'hello', version: '0.1.0', calls: [call], ...(knows === null ? {} : { knows }) });
}
const asked = (): number => page.kernel.intents().filter((intent) => intent === 'times').length;

test('nothing is asked before the tab is opened, and progress asks nothing', async () => {
  await opened({});
  expect(asked()).toBe(0);
  await page.click('Times');
  await page.hear({ event: 'progress', calls: [{ ...running, counts: counts({ succeeded: 900 }) }] });
  expect(asked()).toBe(1);
  await page.click('Refresh');
  expect(asked()).toBe(2);
});

test('the end of the map asks once more', async () => {
  await opened({});
  await page.click('Times');
  await page.hear({ event: 'progress', calls: [ended] });
  expect(asked()).toBe(2);
  expect(page.host.textContent).not.toContain('Refresh');
});

test('the histogram is an image with a sentence, its bars say what they stand for', async () => {
  await opened({ call: ended });
  await page.click('Times');
  const image = page.host.querySelector('.farcall-Histogram-bars');
  expect(image?.getAttribute('role')).toBe('img');
  expect(image?.getAttribute('aria-label')).toMatch(/the most frequent: \d+ inputs took/);
  expect(page.host.querySelector('.farcall-Histogram-slot')?.getAttribute('title')).toMatch(
    /^\d+ inputs? took 0\.4 s to 0\.5 s$/,
  );
  expect(page.host.textContent).toMatch(/Half of \d+ took at most .* s, 95 % at most/);
});

test('a slow input opens the drawer', async () => {
  await opened({ call: ended });
  await page.click('Times');
  const slow = [...page.host.querySelectorAll('.farcall-Slowest li')].map((one) => one.textContent);
  expect(slow).toEqual(['#41215.2 s', '#7failed14.8 s', '#98timed out14.1 s']);
  await page.click('Open input 412');
  expect(page.kernel.sent.at(-1)).toMatchObject({ intent: 'input', index: 412 });
  expect(page.host.querySelector('.farcall-Drawer')).not.toBeNull();
});

test('each lane has its container and its share of time in words', async () => {
  await opened({ call: ended, times: timesView({ more: 30 }) });
  await page.click('Times');
  const lanes = [...page.host.querySelectorAll('.farcall-Timeline-lanes li')];
  expect(lanes).toHaveLength(3);
  expect(lanes[1]?.getAttribute('title')).toMatch(
    /^co-01JD8X4V9K3T7QH2M5RWCE6YBP: 120 inputs, busy \d+ % of the time$/,
  );
  expect(page.host.textContent).toContain('33 containers over time, the first 3');
  expect(page.host.textContent).toContain('A notch below a lane');
});

test('outcomes that an older gateway stored have no lanes', async () => {
  const lanes = [{ container_id: 'co-1', inputs: 3, busy: '0'.repeat(120), failed: [] }];
  await opened({ call: ended, times: timesView({ lanes }) });
  await page.click('Times');
  expect(page.host.querySelector('.farcall-Histogram')).not.toBeNull();
  expect(page.host.querySelector('.farcall-Timeline')).toBeNull();
});

test('a map without an ended input says so', async () => {
  await opened({ times: timesView({ durations: [], slowest: [], lanes: [] }) });
  await page.click('Times');
  expect(page.host.textContent).toContain('No input has ended so far.');
});

test('an older kernel is not asked', async () => {
  await opened({ knows: null });
  await page.click('Times');
  expect(asked()).toBe(0);
  expect(page.host.textContent).toContain('older farcall');
});

test('an answer that cannot be read shows in its place and leaves the rest', async () => {
  await opened({ times: { durations: 'many' } });
  await page.click('Times');
  expect(page.host.querySelector('[role=alert]')?.textContent).toContain('durations');
  await page.click('Table');
  expect(page.kernel.intents()).toContain('rows');
});
