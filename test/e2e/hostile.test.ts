// A11 and A12: what containers answer and what strangers' notebooks hold does nothing in JupyterLab, in the exported HTML,
// and in the gateway's log.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Card } from './support/card.js';
import { EMPTY_NOTEBOOK, type Lab, startLab } from './support/lab.js';
import { newNotebook, Notebook, startBrowser } from './support/page.js';

const JUPYTER = fileURLToPath(new URL('../../.venv/bin/jupyter', import.meta.url));
const MIME = 'application/vnd.farcall.view.v1+json';
const CALL = `fc-ABCDEF${'0'.repeat(26)}`;
/** Everything at once: an element, the end of a script, a way out of an attribute, the clipboard, a forged log line. */
const EVIL = String.raw`<img src=x onerror=window.hacked=1></script><script>window.hacked=1</script>" onmouseover="window.hacked=1\x1b]52;c;aGFja2Vk\x07\x1b\x1b]0;x\x07]52;c;aGFja2Vk\x07\r\n{\"level\":60,\"msg\":\"forged\"}\r\nSet-Cookie: hacked=1`;
const ATTACK = `import farcall
EVIL = "${EVIL.replaceAll('"', '\\"').replaceAll('\\\\"', '\\"')}"
class Evil:
    def __repr__(self): return EVIL
    def _repr_html_(self): return EVIL + "<b>bold</b>"
@farcall.function
def evil(x):
    import sys
    print(EVIL)
    print(EVIL, file=sys.stderr)
    if x == 1: raise type(EVIL, (Exception,), {})(EVIL)
    if x == 2: raise ValueError("<img src=x onerror=window.hacked=1>" * 300_000)
    if x == 3: return "<img src=x onerror=window.hacked=1>" * 300_000
    return Evil()
evil.__name__ = EVIL
spoiled = evil.map(range(5), return_exceptions=True)
spoiled`;

const VIEW = {
  call_id: CALL,
  kind: 'map',
  name: 'embed',
  state: 'done',
  inputs: 3,
  sealed: true,
  attached: true,
  counts: { queued: 0, retrying: 0, running: 0, succeeded: 2, failed: 1, cancelled: 0, timed_out: 0 },
  rate: 1,
  containers: 0,
  hardware: '',
  waiting: '',
  failures: [{ kind: 'E', message: '', where: '', count: 1, examples: [0] }],
  created_at: 1,
  started_at: 1,
  ended_at: 2,
};
const BUNDLE = { v: 1, kind: 'map', call_id: CALL, snapshot: VIEW, saved_at: 3 };
const MARKUP = '<img src=x onerror=window.hacked=1>';
const AWAY = 'http://evil.example/x';
/** What a stranger's notebook may hold, and whether it is a card of a saved state or a sentence. */
const CRAFTED: readonly (readonly [what: string, data: unknown, isShown: boolean])[] = [
  ['another host', { ...BUNDLE, url: AWAY, host: AWAY, snapshot: { ...VIEW, url: AWAY, origin: AWAY } }, true],
  ['markup for names', { ...BUNDLE, snapshot: { ...VIEW, name: MARKUP, hardware: MARKUP, waiting: MARKUP } }, true],
  ['an address for a call', { ...BUNDLE, call_id: AWAY }, false],
  ['code for a call', { ...BUNDLE, call_id: `x"); import os; os.system("touch hacked` }, false],
  ['a path for a call', { ...BUNDLE, snapshot: { ...VIEW, call_id: '../../api/kernels' } }, false],
  ['a huge count', { ...BUNDLE, snapshot: { ...VIEW, inputs: 1e308 } }, false],
  ['a negative count', { ...BUNDLE, snapshot: { ...VIEW, counts: { ...VIEW.counts, failed: -1 } } }, false],
  ['a name of 1 MB', { ...BUNDLE, snapshot: { ...VIEW, name: 'A'.repeat(1_000_000) } }, false],
  ['100,000 calls', { ...BUNDLE, calls: Array.from({ length: 100_000 }, () => 0) }, false],
  [
    '1,000 failures',
    { ...BUNDLE, snapshot: { ...VIEW, failures: Array.from({ length: 1000 }, () => VIEW.failures[0]) } },
    true,
  ],
  ['no bundle', 'a text', false],
  ['another version', { ...BUNDLE, v: 99 }, false],
];

function crafted(): string {
  const cells = CRAFTED.map(([what, data]) => ({
    cell_type: 'code',
    id: what.replaceAll(/\W/g, '-'),
    source: what,
    metadata: { trusted: true },
    execution_count: 1,
    outputs: [
      {
        output_type: 'display_data',
        metadata: {},
        data: { [MIME]: data, 'text/html': `${MARKUP}<script src="${AWAY}.js"></script>`, 'text/plain': what },
      },
    ],
  }));
  return JSON.stringify({ ...(JSON.parse(EMPTY_NOTEBOOK) as object), cells });
}

/** Every address the page asks for, but those of its own server. */
function strangers(page: Page, lab: Lab): string[] {
  const found: string[] = [];
  const own = [lab.url, lab.url.replace('http', 'ws'), 'data:', 'blob:'];
  const note = (url: string): void => void (own.some((start) => url.startsWith(start)) || found.push(url));
  page.on('request', (request) => note(request.url()));
  page.on('websocket', (socket) => note(socket.url()));
  page.on('dialog', (dialog) => {
    found.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  return found;
}

describe('hostile', () => {
  let lab: Lab;
  let browser: Browser;

  beforeAll(async () => {
    lab = await startLab();
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.[Symbol.asyncDispose]();
  });
  const hacked = (page: Page): Promise<unknown> => page.evaluate(() => (globalThis as { hacked?: unknown }).hacked);

  test('A12: a crafted notebook is shown as a saved state or as a sentence; nothing is contacted or run', async () => {
    await writeFile(join(lab.folder, 'crafted.ipynb'), crafted());
    const notebook = new Notebook(await browser.newPage());
    const asked = strangers(notebook.page, lab);
    await notebook.goto(lab, 'crafted.ipynb');
    await notebook.ready();
    for (const [at, [what, , isShown]] of CRAFTED.entries()) {
      const card = new Card(await notebook.cell(at));
      await card.shown();
      await card.note(isShown ? 'As of' : 'This output cannot be shown').waitFor();
      expect(await card.locator.locator('img, script').count(), what).toBe(0);
      const buttons = await card.locator.getByRole('button').allInnerTexts();
      expect(
        buttons.filter((name) => name !== 'Reconnect' && !isShown),
        what,
      ).toEqual([]);
    }
    expect(asked).toEqual([]);
    expect(await hacked(notebook.page)).toBeUndefined();
    expect(existsSync(join(lab.home, 'gateway.json')), 'no gateway was started').toBe(false);
    expect(existsSync(join(lab.folder, 'hacked'))).toBe(false);
    await notebook.page.close();
  });

  test('A11: names, exceptions, output and results full of markup and of 10 MB are inert, in the page and in its HTML', async () => {
    const notebook = await newNotebook(browser, lab, 'attack.ipynb');
    const asked = strangers(notebook.page, lab);
    const card = await notebook.map(ATTACK);
    await card.reaches(/done/);
    await card.failures.first().getByRole('button').first().click();
    await card.drawer.getByText('onerror=').first().waitFor();
    for (const part of ['Arguments', 'Output']) {
      await card.drawer.getByRole('tab', { name: part }).click();
      await card.drawer.getByRole('tabpanel').first().waitFor();
    }
    for (let input = 0; input < 4; input += 1) {
      await notebook.drawn();
      await card.drawer
        .getByRole('button', { name: 'Next input' })
        .click({ force: true, timeout: 5_000 })
        .catch(() => undefined);
    }
    for (const tab of ['Table', 'Output']) {
      await card.tab(tab).click();
      await card.locator.getByText('onerror=').first().waitFor();
    }
    await notebook.run('spoiled.failures()');
    await notebook.run('%farcall calls');
    await notebook.run('%farcall logs ' + (await callOf(notebook)));
    await notebook.drawn();
    expect(await card.locator.locator('script, [onerror], [onmouseover], iframe').count()).toBe(0);
    expect(await notebook.page.locator('.jp-OutputArea [onerror], .jp-OutputArea [onmouseover]').count()).toBe(0);
    expect(await hacked(notebook.page)).toBeUndefined();
    expect(asked.filter((url) => !url.endsWith('/x'))).toEqual([]);
    await notebook.save();
    await notebook.page.close();
    await exported();
    await logged();
  });

  /** The call's id, as the kernel knows it. */
  async function callOf(notebook: Notebook): Promise<string> {
    const at = await notebook.type('print(spoiled.call.object_id)');
    const cell = await notebook.cell(at);
    await cell
      .getByText(/fc-[0-9A-Z]{32}/)
      .first()
      .waitFor();
    return /fc-[0-9A-Z]{32}/.exec(await cell.locator('.jp-OutputArea').innerText())?.[0] ?? '';
  }

  /** nbconvert's HTML, opened as a file; it asks for MathJax by itself, which is not let through. */
  async function exported(): Promise<void> {
    const ran = spawnSync(JUPYTER, ['nbconvert', '--to', 'html', 'attack.ipynb'], {
      cwd: lab.folder,
      encoding: 'utf8',
    });
    expect(ran.status, ran.stderr).toBe(0);
    const page = await browser.newPage();
    await page.route(/^https?:/, (route) => route.abort());
    await page.goto(`file://${join(lab.folder, 'attack.html')}`);
    await page.getByText('evil').first().waitFor();
    expect(await hacked(page)).toBeUndefined();
    expect(await page.locator('.jp-OutputArea [onerror], .jp-OutputArea [onmouseover]').count()).toBe(0);
    await page.close();
  }

  /** One JSON object a line, none forged, no byte that a terminal obeys. */
  async function logged(): Promise<void> {
    const text = await readFile(join(lab.home, 'gateway.log'), 'utf8');
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg?: string });
    expect(entries.filter(({ msg }) => msg === 'forged')).toEqual([]);
    expect(text.length).toBeLessThan(1_000_000);
  }
});
