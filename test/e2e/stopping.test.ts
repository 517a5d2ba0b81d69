// Stopping: Cancel on the card, and Interrupt in cells with and without await. Then no user code runs any more.

import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Card } from './support/card.js';
import { EMPTY_NOTEBOOK, type Lab, startLab } from './support/lab.js';
import { type Notebook, openNotebook, startBrowser } from './support/page.js';

/** A function that leaves a mark each 50 ms, so that a file that no longer grows means: no user code runs. */
const MARKING = (file: string): string => `import farcall
@farcall.function(max_containers=2)
def mark(number):
    import time
    for _ in range(20):
        with open("${file}", "a") as marks:
            marks.write("x")
        time.sleep(0.05)
    return number`;

describe('stopping', () => {
  let lab: Lab;
  let browser: Browser;
  let notebook: Notebook;
  /** The cell that maps. */
  let at = 0;

  beforeAll(async () => {
    lab = await startLab();
    browser = await startBrowser();
    await writeFile(join(lab.folder, 'stop.ipynb'), EMPTY_NOTEBOOK);
    notebook = await openNotebook(browser, lab, 'stop.ipynb');
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.[Symbol.asyncDispose]();
  });

  /** Runs a cell that maps over 500 inputs, and waits until they run. */
  async function begin(file: string, code: string): Promise<Card> {
    await notebook.run(MARKING(file));
    at = await notebook.type(code);
    const card = new Card(await notebook.cell(at));
    await card.reaches(/running/);
    await grows(file);
    return card;
  }
  const sizeOf = async (file: string): Promise<number> =>
    (await stat(join(lab.folder, file)).catch(() => ({ size: 0 }))).size;
  async function grows(file: string): Promise<void> {
    await expect.poll(() => sizeOf(file)).toBeGreaterThan(0);
  }
  /** Ten marks' time without one. */
  async function goesQuiet(file: string): Promise<void> {
    let before = -1;
    const isSame = async (): Promise<boolean> => {
      const now = await sizeOf(file);
      const same = now === before;
      before = now;
      return same;
    };
    await expect.poll(isSame, { interval: 500 }).toBe(true);
  }
  /** The error below the cell that maps. */
  async function told(): Promise<string> {
    const cell = await notebook.cell(at);
    return (await cell.locator('[data-mime-type="application/vnd.jupyter.stderr"]').innerText()).trim();
  }
  const gatewayPid = async (): Promise<number> =>
    (JSON.parse(await readFile(join(lab.home, 'gateway.json'), 'utf8')) as { pid: number }).pid;
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  test('Cancel on the card ends the map and what runs', async () => {
    const card = await begin('cancel.txt', 'results = mark.map(range(500))\nresults');
    await card.button('Cancel').click();
    await card.reaches(/cancelled/);
    await goesQuiet('cancel.txt');
    await notebook.screenshots('map-cancelled', card.locator, ['light']);
    expect(isAlive(await gatewayPid())).toBe(true);
  });

  test('Interrupt in an ordinary cell ends the map in one line, and leaves the gateway alive', async () => {
    const pid = await gatewayPid();
    const card = await begin('interrupt.txt', 'results = mark.map(range(500))\nresults');
    await notebook.command('notebook:interrupt-kernel');
    await card.reaches(/cancelled/);
    await goesQuiet('interrupt.txt');
    expect(await told()).toMatch(/^KeyboardInterrupt: mark\.map stopped: \d+ of 500 done \(fc-\w+\)$/);
    expect(isAlive(pid)).toBe(true);
  });

  test('Interrupt in a cell with await ends the map in one line as well', async () => {
    const card = await begin(
      'await.txt',
      'import asyncio\nawait asyncio.sleep(0)\nresults = mark.map(range(500))\nasync for value in results:\n    pass',
    );
    await notebook.command('notebook:interrupt-kernel');
    await card.reaches(/cancelled/);
    await goesQuiet('await.txt');
    expect(await told()).toMatch(/^CancelledError: mark\.map stopped: \d+ of 500 done \(fc-\w+\)$/);
    await notebook.screenshots('map-interrupted', await notebook.cell(at), ['light']);
    expect(isAlive(await gatewayPid())).toBe(true);
  });

  test('a map in a cell with await that does not await it is interrupted too', async () => {
    const card = await begin('sync.txt', 'import asyncio\nawait asyncio.sleep(0)\nvalues = list(mark.map(range(500)))');
    await notebook.command('notebook:interrupt-kernel');
    await card.reaches(/cancelled/);
    await goesQuiet('sync.txt');
  });
});
