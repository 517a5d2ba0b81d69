// `label=` in the views of a map: list, grid, table, drawer; live only, and never without the kernel that knows it.

import type { BridgeIntent } from '@farcall/kernel-bridge/notebook';
import { act } from 'react';
import { afterEach, expect, test } from 'vitest';

import { bundle, counts, liveCall, snapshotOf } from '../support/calls';
import type { Page } from '../support/page';
import { openPage } from '../support/page';

let page: Page;
afterEach(() => page.close());

const TITLES = ['Alien', 'Brazil', 'Casino', '', 'Dune', 'Emma'];
const few = liveCall({
  inputs: 6,
  counts: counts({ succeeded: 2, failed: 1, running: 1, queued: 2 }),
  cells: 'sfsrqq',
  cell: 1,
  labels: true,
});
const many = liveCall({ labels: true });
const KNOWS = ['labels', 'retry', 'times'];

/** A kernel that has labels for all inputs; `more` answers the rest. */
async function opened(call: typeof few, title = (index: number) => TITLES[index] ?? ''): Promise<void> {
  page = await openPage(bundle(snapshotOf(call)));
  page.kernel.answer = (intent, kernel) => {
    const result = answerTo(intent, title);
    if (result !== undefined) kernel.emit({ event: 'reply', id: intent.id, result });
  };
  await page.hear({ event: 'hello', version: '0.1.0', calls: [call], knows: KNOWS });
  await page.hear({ event: 'progress', calls: [call] });
}
function answerTo(intent: BridgeIntent, title: (index: number) => string): unknown {
  const row = (index: number) => ({
    index,
    state: 'failed',
    attempt: 1,
    seconds: 1,
    container_id: '',
    since: 0,
    error: '',
  });
  if (intent.intent === 'labels') return { labels: intent.indexes.map(title) };
  if (intent.intent === 'rows') return { rows: intent.states.includes('failed') ? [row(4), row(3)] : [], next: -1 };
  if (intent.intent === 'input')
    return { row: row(intent.index), arguments: {}, result: {}, traceback: '', output: '' };
  return undefined;
}
const asked = (): number => page.kernel.intents().filter((intent) => intent === 'labels').length;
const shown = (selector: string): string[] =>
  [...page.host.querySelectorAll(selector)].map((one) => one.textContent ?? '');

test('the list calls inputs by their labels, with one question', async () => {
  await opened(few);
  expect(shown('.farcall-InputList-label')).toEqual(['Alien', 'Brazil', 'Casino', 'Dune', 'Emma']);
  await page.hear({ event: 'progress', calls: [{ ...few, cells: 'sfssqq' }] });
  expect(asked()).toBe(1);
});

test('the drawer and the table have them too', async () => {
  await opened(few);
  await page.clickOn('.farcall-InputList-item', 4);
  expect(shown('.farcall-Drawer-label')).toEqual(['Dune']);
  await page.click('Table');
  expect(shown('.farcall-Table thead th')).toContain('Label');
  expect(shown('.farcall-Table-label')).toEqual(['Dune', '—']);
});

test('the grid says the label of the square under the cursor, after a moment', async () => {
  await opened(many, (index) => `title ${index}`);
  expect(asked()).toBe(0);
  const grid = page.host.querySelector<HTMLElement>('[role=slider]');
  await act(async () => grid?.focus());
  await page.press('ArrowRight', grid);
  await expect
    .poll(async () => {
      await page.hear({ event: 'progress', calls: [many] });
      return grid?.getAttribute('aria-valuetext');
    })
    .toBe('Input 1, title 1: succeeded');
  for (let step = 0; step < 20; step += 1) await page.press('ArrowRight', grid);
  expect(grid?.getAttribute('aria-valuetext')).toBe('Input 21, title 21: succeeded');
  expect(asked()).toBe(1);
});

test('labels are text, whatever they hold', async () => {
  await opened(few, () => '<img src=x onerror=alert(1)>');
  expect(page.host.querySelector('img')).toBeNull();
  expect(shown('.farcall-InputList-label')[0]).toBe('<img src=x onerror=alert(1)>');
});

test('a call without labels asks for none', async () => {
  await opened({ ...few, labels: false });
  await page.click('Table');
  expect(asked()).toBe(0);
  expect(shown('.farcall-Table thead th')).not.toContain('Label');
});

test('after a restart of the kernel inputs are called by their numbers', async () => {
  await opened(few);
  page.kernel.restartEpoch('epoch-2');
  await page.hear({ event: 'hello', version: '0.1.0', calls: [{ ...few, labels: false }], knows: KNOWS });
  await page.hear({ event: 'progress', calls: [{ ...few, labels: false }] });
  expect(shown('.farcall-InputList-label')).toEqual([]);
  expect(shown('.farcall-InputList-index')).toHaveLength(6);
});

test('a saved card of a labelled map has no labels', async () => {
  page = await openPage(bundle(snapshotOf(few)), { hasKernel: false });
  expect(JSON.stringify(snapshotOf(few))).not.toContain('Alien');
  expect(page.host.textContent).not.toContain('Alien');
});
