// Cards drawn from hostile data: inert, and a sentence in place of an exception.

import { afterEach, expect, test, vi } from 'vitest';

import { bundle, callView, counts, liveCall } from '../support/calls';
import type { Page } from '../support/page';
import { openPage } from '../support/page';

const XSS = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
let page: Page;
afterEach(() => page.close());

test.each<[string, unknown]>([
  ['no data', undefined],
  ['another version', { ...bundle(callView()), v: 3 }],
  ['a call of no id', bundle(callView({ call_id: '../etc' }))],
  ['numbers as texts', bundle(callView({ inputs: '1e9' as unknown as number }))],
])('%s shows one sentence and asks nothing', async (_, data) => {
  page = await openPage(data);
  expect(page.host.querySelector('[role=alert]')?.textContent).toContain('This output cannot be shown');
  expect(page.kernel.sent).toEqual([]);
});

test('markup in names, failures and reasons stays text', async () => {
  const failures = [{ kind: XSS, message: XSS, where: XSS, count: 1, examples: [0] }];
  page = await openPage(bundle(callView({ name: XSS, hardware: XSS.slice(0, 80), failures })));
  await page.hear({ event: 'progress', calls: [liveCall({ name: XSS, waiting: XSS, failures })] });
  expect(page.host.querySelectorAll('img, script')).toHaveLength(0);
  expect(page.host.textContent).toContain('<img src=x');
  expect('hacked' in window).toBe(false);
});

test('markup in a traceback, in output and in rows stays text', async () => {
  const one = liveCall({ inputs: 1, cells: 'f', cell: 1, counts: counts({ failed: 1 }), state: 'failed' });
  page = await openPage(bundle(callView({ inputs: 1 })));
  await page.hear({ event: 'hello', version: '0.1.0', calls: [one] });
  const row = {
    index: 0,
    state: XSS.slice(0, 20),
    attempt: 1,
    seconds: 0,
    container_id: XSS.slice(0, 90),
    since: 0,
    error: XSS,
  };
  page.kernel.answer = (intent, kernel) => {
    const results: Record<string, unknown> = {
      input: {
        row,
        arguments: { 'text/plain': XSS },
        result: { 'text/html': XSS },
        traceback: `\u001b[31m${XSS}`,
        output: XSS,
      },
      rows: { rows: intent.intent === 'rows' && intent.states.includes('failed') ? [row] : [], next: -1 },
      output: { text: XSS, next: -1 },
    };
    kernel.emit({ event: 'reply', id: intent.id, result: results[intent.intent] ?? null });
  };
  for (const name of ['Table', 'Output', 'Inputs']) await page.click(name);
  await page.clickOn('.farcall-InputList-item');
  expect(page.host.querySelectorAll('img, script')).toHaveLength(0);
  expect(page.host.textContent).toContain('onerror');
});

test('an answer that breaks the contract shows in its view, and the rest goes on', async () => {
  const one = liveCall({ inputs: 1, cells: 's', cell: 1 });
  page = await openPage(bundle(callView({ inputs: 1 })));
  await page.hear({ event: 'hello', version: '0.1.0', calls: [one] });
  page.kernel.answer = (intent, kernel) => kernel.emit({ event: 'reply', id: intent.id, result: { rows: 'many' } });
  const error = vi.spyOn(console, 'error').mockReturnValue(undefined);
  await page.click('Table');
  expect(page.host.querySelector('[role=alert]')?.textContent).toContain('rows: a list was expected');
  await page.click('Inputs');
  expect(page.host.querySelectorAll('.farcall-InputList-item')).toHaveLength(1);
  expect(error).not.toHaveBeenCalled();
  error.mockRestore();
});
