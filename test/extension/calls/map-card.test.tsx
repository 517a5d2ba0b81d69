// The map's card as a person meets it: with eyes, with a keyboard, with a screen reader.

import { afterEach, expect, test } from 'vitest';

import { bundle, callView, counts, liveCall, snapshotOf } from '../support/calls';
import type { Page } from '../support/page';
import { button, openPage } from '../support/page';

let page: Page;
afterEach(() => page.close());

const few = liveCall({
  inputs: 6,
  counts: counts({ succeeded: 2, failed: 1, running: 1, queued: 2 }),
  cells: 'sfsrqq',
  cell: 1,
});
const hello = { event: 'hello', version: '0.1.0', calls: [few] };
const data = bundle(snapshotOf(few));

const answerInputs = (): void => {
  page.kernel.answer = (intent, kernel) => {
    if (intent.intent !== 'input') return;
    const row = {
      index: intent.index,
      state: 'failed',
      attempt: 2,
      seconds: 1.5,
      container_id: 'ct-1',
      since: 0,
      error: '',
    };
    const detail = {
      row,
      arguments: { 'text/plain': 'price = nan' },
      result: {},
      traceback: "KeyError: 'price'",
      output: 'hi\n',
    };
    kernel.emit({ event: 'reply', id: intent.id, result: detail });
  };
};

test('without a kernel it shows what is saved, as of when, and contacts nobody', async () => {
  page = await openPage(data, { hasKernel: false });
  expect(page.host.textContent).toContain('embed.map');
  expect(page.host.textContent).toContain('As of');
  await page.click('Reconnect');
  expect(page.host.textContent).toContain('import farcall');
  expect(page.kernel.sent).toEqual([]);
});

test('an untrusted notebook asks the kernel only when the person reconnects', async () => {
  page = await openPage(data, { isTrusted: false });
  expect(page.kernel.sent).toEqual([]);
  page.kernel.answer = (intent, kernel) =>
    intent.intent === 'hello' ? kernel.emit(hello) : kernel.emit({ event: 'reply', id: intent.id, result: null });
  await page.click('Reconnect');
  expect(page.kernel.intents()).toEqual(['hello', 'lease']);
  expect(page.host.textContent).not.toContain('As of');
});

test('a trusted one finds its call by itself with one hello and one lease', async () => {
  page = await openPage(data);
  expect(page.kernel.intents()).toEqual(['hello']);
  await page.hear(hello);
  expect(page.kernel.intents()).toEqual(['hello', 'lease']);
  expect(page.host.querySelectorAll('.farcall-InputList-item')).toHaveLength(6);
});

test('progress moves the bar, and says so in text', async () => {
  page = await openPage(data);
  await page.hear(hello);
  const bar = page.host.querySelector('[role=progressbar]');
  expect(bar?.getAttribute('aria-valuetext')).toBe('3 of 6 done, 1 failed');
  await page.hear({
    event: 'progress',
    calls: [{ ...few, counts: counts({ succeeded: 5, failed: 1 }), cells: 'sfssss' }],
  });
  expect(bar?.getAttribute('aria-valuetext')).toBe('6 of 6 done, 1 failed');
  expect(bar?.getAttribute('aria-valuenow')).toBe('100');
});

test('an unknown total has an indeterminate bar', async () => {
  page = await openPage(bundle(callView({ state: 'open', sealed: false })));
  expect(page.host.querySelector('[role=progressbar]')?.hasAttribute('aria-valuenow')).toBe(false);
  expect(page.host.textContent).toContain('412 so far');
});

test('an input opens in a drawer, Esc closes it and gives the focus back', async () => {
  page = await openPage(data);
  await page.hear(hello);
  answerInputs();
  const item = page.host.querySelectorAll<HTMLElement>('.farcall-InputList-item')[1];
  item?.focus();
  await page.clickOn('.farcall-InputList-item', 1);
  const drawer = page.host.querySelector('.farcall-Drawer');
  expect(document.activeElement).toBe(drawer);
  expect(drawer?.textContent).toContain("KeyError: 'price'");
  await page.press('Escape', drawer);
  expect(page.host.querySelector('.farcall-Drawer')).toBeNull();
  expect(document.activeElement).toBe(item);
});

test('the drawer inserts a cell that runs the input here, and never runs it', async () => {
  page = await openPage(data);
  await page.hear(hello);
  answerInputs();
  await page.clickOn('.farcall-InputList-item', 1);
  page.kernel.answer = ({ id, intent }, kernel) => {
    if (intent === 'code') kernel.emit({ event: 'reply', id, result: { source: 'embed.local(*embeddings.input(1))' } });
  };
  await page.click('Open row 1 here');
  expect(page.inserted).toEqual(['embed.local(*embeddings.input(1))']);
});

test('a kernel that cannot write the cell leaves one that finds the call by its id', async () => {
  page = await openPage(data);
  await page.hear(hello);
  answerInputs();
  await page.clickOn('.farcall-InputList-item', 1);
  page.kernel.answer = ({ id }, kernel) => kernel.emit({ event: 'error', id, message: 'no such intent' });
  await page.click('Open row 1 here');
  expect(page.inserted).toEqual([expect.stringMatching(/from_id\("fc-.*\.input\(1\)\nembed\.local\(\*row\)/)]);
});

test('tabs move with the arrow keys and are one tab stop', async () => {
  page = await openPage(data);
  await page.hear(hello);
  const tabs = [...page.host.querySelectorAll<HTMLElement>('[role=tab]')];
  expect(tabs.map((tab) => tab.tabIndex)).toEqual([0, -1, -1, -1]);
  tabs[0]?.focus();
  await page.press('ArrowRight');
  expect(document.activeElement?.textContent).toBe('Table');
  expect(page.kernel.intents()).toContain('rows');
});

test('cancel asks once and shows the kernel’s answer when it is a problem', async () => {
  page = await openPage(data);
  await page.hear(hello);
  page.kernel.answer = ({ id, intent }, kernel) => {
    if (intent === 'cancel') kernel.emit({ event: 'error', id, message: 'the gateway is gone' });
  };
  await page.click('Cancel');
  expect(page.kernel.sent.filter(({ intent }) => intent === 'cancel')).toMatchObject([
    { scope: 'all', call_id: few.call_id },
  ]);
  expect(page.host.querySelector('[role=alert]')?.textContent).toContain('the gateway is gone');
});

test('a retried map goes on in the same card', async () => {
  const ended = {
    ...few,
    state: 'failed',
    counts: counts({ succeeded: 5, failed: 1 }),
    ended_at: few.created_at + 9,
    cells: 'sfssss',
  };
  page = await openPage(data);
  await page.hear({ ...hello, calls: [ended] });
  page.kernel.answer = (intent, kernel) => {
    if (intent.intent === 'resume') kernel.emit({ event: 'reply', id: intent.id, result: { call_id: 'fc-derived' } });
  };
  await page.click('Retry failed');
  await page.hear({
    event: 'progress',
    calls: [{ ...few, call_id: 'fc-derived', inputs: 1, counts: counts({ running: 1 }), cells: 'r' }],
  });
  expect(page.host.textContent).toContain('0 / 1');
  await page.click('Copy id');
  expect(page.copied).toEqual(['fc-derived']);
});

test('a live region says quarters and the end, and nothing when a card is merely opened', async () => {
  const at = (succeeded: number, state = 'sealed') => ({
    event: 'progress',
    calls: [{ ...few, state, inputs: 100, counts: counts({ succeeded, queued: 100 - succeeded }), cells: '', cell: 1 }],
  });
  page = await openPage(bundle(callView({ inputs: 100, counts: counts({ queued: 100 }) })));
  const status = page.host.querySelector('[role=status]');
  const said: (string | null | undefined)[] = [status?.textContent];
  for (const event of [at(10), at(26), at(30), at(51), at(80), at(100, 'done')]) {
    await page.hear(event);
    said.push(status?.textContent);
  }
  expect(said).toEqual([
    '',
    '',
    'embed: 25 percent done',
    'embed: 25 percent done',
    'embed: 50 percent done',
    'embed: 75 percent done',
    'embed: succeeded, 100 of 100 done',
  ]);
});

test('the grid is one tab stop: arrows move, Enter opens', async () => {
  const many = liveCall();
  page = await openPage(bundle(snapshotOf(many)));
  await page.hear({ ...hello, calls: [many] });
  const grid = page.host.querySelector('[role=slider]');
  expect(grid?.getAttribute('tabindex')).toBe('0');
  await page.press('ArrowRight', grid);
  expect(grid?.getAttribute('aria-valuetext')).toBe('Input 1: succeeded');
  await page.press('Enter', grid);
  expect(page.kernel.sent.at(-1)).toMatchObject({ intent: 'input', index: 1 });
});

test('a bin of a large map opens the list of its members', async () => {
  const large = liveCall({ inputs: 100_000, counts: counts({ queued: 100_000 }) });
  page = await openPage(bundle(snapshotOf(large)));
  await page.hear({ ...hello, calls: [large] });
  await page.press('Enter', page.host.querySelector('[role=slider]'));
  expect(page.kernel.sent.at(-1)).toMatchObject({ intent: 'rows', first: 0, limit: 25, states: [] });
  expect(page.host.textContent).toContain('Inputs 0 to 24');
});

test('the card keeps JupyterLab’s one-letter shortcuts away', async () => {
  page = await openPage(data);
  expect(page.host.querySelector('.farcall-Card')?.getAttribute('data-lm-suppress-shortcuts')).toBe('true');
  expect(button(page.host, 'Inputs')).toBeDefined();
});
