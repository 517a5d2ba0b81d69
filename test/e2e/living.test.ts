// What outlives what: a map goes on through a reload, is seen from a second tab, and outlives its kernel.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Card } from './support/card.js';
import { EMPTY_NOTEBOOK, type Lab, startLab } from './support/lab.js';
import { Notebook, openNotebook, startBrowser } from './support/page.js';

/** A map runs to its hundredth input, and ends when there is a file of that name: no test depends on how fast it is. */
const GATED = `import farcall
@farcall.function(timeout=600)
def until_open(number, gate):
    import os, time
    while number >= 100 and not os.path.exists(gate):
        time.sleep(0.02)
    return number
def over(count, gate):
    return until_open.map(range(count), kwargs={"gate": gate})`;

describe('a map outlives', () => {
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

  /** A fresh notebook in which a map of `inputs` runs; the card is in the cell with the returned number. */
  async function running(name: string, code: string): Promise<{ notebook: Notebook; at: number; card: Card }> {
    await writeFile(join(lab.folder, name), EMPTY_NOTEBOOK);
    const notebook = await openNotebook(browser, lab, name);
    await notebook.type(GATED);
    const at = await notebook.type(code);
    const card = new Card(await notebook.cell(at));
    await card.reaches(/running/);
    await card.passes(3);
    return { notebook, at, card };
  }
  const open = (gate: string): Promise<void> => writeFile(join(lab.folder, gate), '');
  const gatewayPid = async (): Promise<number> =>
    (JSON.parse(await readFile(join(lab.home, 'gateway.json'), 'utf8')) as { pid: number }).pid;

  test('a reload of the page in mid-run', async () => {
    const { notebook, at } = await running('reload.ipynb', 'results = over(900, "reload")\nresults');
    await notebook.save();
    await notebook.page.reload();
    const again = new Notebook(notebook.page);
    await again.shown();
    const card = new Card(await again.cell(at));
    await card.reaches(/running/);
    expect(await card.percent()).toBeLessThan(50);
    await open('reload');
    await card.reaches(/succeeded|done/);
    await expect.poll(() => card.percent()).toBe(100);
    await notebook.page.close();
  });

  test('being watched from a second tab', async () => {
    const { notebook, at, card } = await running('tabs.ipynb', 'results = over(500, "tabs")\nresults');
    await notebook.save();
    const second = new Notebook(await browser.newPage());
    await second.goto(lab, 'tabs.ipynb');
    await second.shown();
    const other = new Card(await second.cell(at));
    await other.passes(5);
    await open('tabs');
    await Promise.all([card.reaches(/succeeded|done/), other.reaches(/succeeded|done/)]);
    await second.page.close();
    await notebook.page.close();
  });

  test('its kernel: the gateway lives, and the results are read by id', async () => {
    const { notebook, at } = await running(
      'restart.ipynb',
      'results = over(300, "restart").start()\nprint(results.call.object_id)\nresults',
    );
    const cell = await notebook.cell(at);
    const id = /fc-[0-9A-Z]{32}/.exec(await cell.locator('.jp-OutputArea').innerText())?.[0];
    expect(id).toBeDefined();
    const pid = await gatewayPid();
    await notebook.restartKernel();
    await notebook.type(`import farcall\ncall = farcall.FunctionCall.from_id("${id}")\nprint(sum(call.results()))`);
    await open('restart');
    await notebook.page.getByText(String((300 * 299) / 2), { exact: true }).waitFor();
    expect(await gatewayPid()).toBe(pid);
    await notebook.shutdownKernel();
    expect(process.kill(await gatewayPid(), 0)).toBe(true);
    await notebook.page.close();
  });
});
