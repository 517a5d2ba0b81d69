// The call graph of a card: when it is asked, what it shows, its keys, and what a node opens.

import { afterEach, expect, test } from 'vitest';

import { bundle, callView, counts, liveCall, snapshotOf } from '../support/calls';
import { LONE, PIPELINE } from '../support/graphs';
import type { Page } from '../support/page';
import { openPage } from '../support/page';

let page: Page;
afterEach(() => page.close());

const KNOWS = ['graph', 'graph_calls'];
const related = liveCall({ related: true });
const failed = callView({ kind: 'remote', name: 'embed', state: 'failed', inputs: 1, counts: counts({ failed: 1 }) });
const CALLS = [
  { ...failed, call_id: 'fc-0000000000000000000000000000BAD0' },
  {
    ...failed,
    call_id: 'fc-0000000000000000000000000000MANY',
    state: 'done',
    inputs: 3,
    counts: counts({ succeeded: 3 }),
  },
];

function answered(result: unknown): void {
  page.kernel.answer = (intent, kernel) => {
    if (intent.intent === 'graph') kernel.emit({ event: 'reply', id: intent.id, result });
    if (intent.intent === 'graph_calls') kernel.emit({ event: 'reply', id: intent.id, result: { calls: CALLS } });
    if (intent.intent === 'rows') kernel.emit({ event: 'reply', id: intent.id, result: { rows: [], next: -1 } });
  };
}
async function opened(call = related, result: unknown = PIPELINE): Promise<void> {
  page = await openPage(bundle(snapshotOf(call)));
  answered(result);
  await page.hear({ event: 'hello', version: '0.1.0', calls: [call], knows: KNOWS });
}
async function graph(result: unknown = PIPELINE): Promise<void> {
  await opened(related, result);
  await page.click('Graph');
}
const tabs = (): string[] => [...page.host.querySelectorAll('[role=tab]')].map((tab) => tab.textContent ?? '');
const items = (): string[] =>
  [...page.host.querySelectorAll('[data-node] .farcall-Graph-name')].map((one) => one.textContent ?? '');
const focused = (): string | null | undefined => document.activeElement?.getAttribute('data-node');

test('a call that neither called nor was called has no tab for it', async () => {
  await opened(liveCall());
  expect(tabs()).toEqual(['Inputs', 'Table', 'Output', 'Times']);
});

test('a call that called has the tab, and asks when it is opened', async () => {
  await opened();
  expect(tabs()).toContain('Graph');
  expect(page.kernel.intents()).not.toContain('graph');
  await page.clickOn('[role=tab]', 4);
  expect(page.kernel.intents().filter((intent) => intent === 'graph')).toHaveLength(1);
  expect(items()).toEqual(['pipeline', 'fetch', 'embed', 'tokenize', 'model.predict', 'score']);
});

test('every node says all of it in words', async () => {
  await graph();
  const [, fetch] = [...page.host.querySelectorAll('[role=treeitem]')];
  expect(fetch?.getAttribute('aria-label')).toBe(
    'fetch; 1 call, 3,201 inputs; 3,198 succeeded, 3 failed; half took at most 0.4 s, 95 % at most 2.1 s; running for 31 % of the time',
  );
  expect(fetch?.getAttribute('aria-level')).toBe('2');
});

test('the table is a tree table with numbers, the time view has lanes', async () => {
  await graph();
  await page.clickOn('.farcall-Graph-modes button', 1);
  expect(page.host.querySelector('[role=treegrid]')).not.toBeNull();
  const row = page.host.querySelectorAll('tr[data-node]')[1];
  expect([...(row?.querySelectorAll('td') ?? [])].map((cell) => cell.textContent)).toEqual([
    '1 call, 3,201 inputs',
    '3,198 succeeded, 3 failed',
    '0.4 s',
    '2.1 s',
    '31 %',
  ]);
  await page.clickOn('.farcall-Graph-modes button', 2);
  expect(page.host.querySelectorAll('.farcall-Graph-lane')).toHaveLength(6);
  expect(page.host.querySelectorAll('tr[data-node]')[1]?.querySelectorAll('rect')).toHaveLength(1);
});

test('keys move through the tree, close and open it', async () => {
  await graph();
  const first = page.host.querySelector<HTMLElement>('[data-node="0"]');
  expect(page.host.querySelectorAll('[data-node][tabindex="0"]')).toHaveLength(1);
  first?.focus();
  await page.press('ArrowDown');
  await page.press('ArrowDown');
  expect(focused()).toBe('2');
  await page.press('ArrowLeft');
  expect(items()).toEqual(['pipeline', 'fetch', 'embed', 'score']);
  expect(document.activeElement?.getAttribute('aria-expanded')).toBe('false');
  await page.press('ArrowRight');
  expect(items()).toHaveLength(6);
  await page.press('ArrowRight');
  expect(focused()).toBe('3');
  await page.press('End');
  expect(focused()).toBe('5');
  await page.press('ArrowLeft');
  expect(focused()).toBe('0');
});

test('a node opens its calls, a call of many inputs its table, and Esc gives the focus back', async () => {
  await graph();
  page.host.querySelector<HTMLElement>('[data-node="2"]')?.focus();
  await page.press('Enter');
  expect(page.kernel.sent.at(-1)).toMatchObject({ intent: 'graph_calls', node: 2 });
  const rows = [...page.host.querySelectorAll('.farcall-NodeCalls tbody tr')].map((row) => row.textContent);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(/failed/);
  expect(page.host.textContent).toContain('2 of 412, those that failed or run first');
  await page.click('Open call fc-0000000000000000000000000000MANY');
  expect(page.kernel.sent.at(-1)).toMatchObject({ intent: 'rows', call_id: 'fc-0000000000000000000000000000MANY' });
  await page.press('Escape', page.host.querySelector('.farcall-NodeCalls'));
  expect(page.host.querySelectorAll('.farcall-NodeCalls tbody tr')).toHaveLength(2);
  await page.press('Escape', page.host.querySelector('.farcall-NodeCalls'));
  expect(page.host.querySelector('.farcall-NodeCalls')).toBeNull();
  expect(focused()).toBe('2');
});

test('a call of one input opens the drawer of that input', async () => {
  await graph();
  await page.clickOn('[data-node="2"]');
  await page.click('Open call fc-0000000000000000000000000000BAD0');
  expect(page.kernel.sent.at(-1)).toMatchObject({
    intent: 'input',
    call_id: 'fc-0000000000000000000000000000BAD0',
    index: 0,
  });
});

test('an answer that is no graph is said so, and the card stays', async () => {
  await graph({ ...PIPELINE, call_id: '..' });
  expect(page.host.querySelector('.farcall-Graph [role=alert]')?.textContent).toContain('not the id of a call');
  expect(tabs()).toContain('Graph');
});

test('a saved graph is drawn without a kernel, and says as of when', async () => {
  page = await openPage(bundle(callView({ name: 'pipeline', kind: 'remote' }), { kind: 'graph', graph: PIPELINE }), {
    hasKernel: false,
  });
  expect(items()).toHaveLength(6);
  expect(page.host.textContent).toContain('As of');
  await page.clickOn('[data-node="2"]');
  expect(page.host.textContent).toContain('Reconnect first');
});

test('a call that called nothing is one box, and says so', async () => {
  await graph(LONE);
  expect(items()).toEqual(['embed']);
  expect(page.host.textContent).toContain('It called no function.');
});
