// What a person finds when looking closer at a map: names instead of numbers, how long inputs took and when containers
// worked, and one kind of failure run again.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Card } from './support/card.js';
import { type Lab, startLab } from './support/lab.js';
import { newNotebook, type Notebook, startBrowser } from './support/page.js';

const FUNCTIONS = `import time
import farcall
import pandas as pd

films = pd.DataFrame({
    "title": ["Alien", "Brazil", "Casino", "Dune", "Emma", "Fargo, or what happened one winter in Minnesota"],
    "price": [3.0, None, -1.0, 5.0, None, 8.0],
})
broken = {"KeyError", "ValueError"}

@farcall.function(max_containers=4)
def charge(title, price):
    if price != price and "KeyError" in broken:
        raise KeyError("price")
    if price < 0 and "ValueError" in broken:
        raise ValueError(f"{title} costs {price}")
    return price

@farcall.function(max_containers=3)
def work(x):
    time.sleep(0.005 + (x % 7) * 0.004 + (0.4 if x % 97 == 3 else 0))
    if x % 149 == 5:
        raise KeyError(x)
    return x

@farcall.function
def tiny(x):
    return x`;

describe('looking closer', () => {
  let lab: Lab;
  let browser: Browser;
  let notebook: Notebook;

  beforeAll(async () => {
    lab = await startLab();
    browser = await startBrowser();
    notebook = await newNotebook(browser, lab, 'details.ipynb');
    await notebook.type(FUNCTIONS);
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.[Symbol.asyncDispose]();
  });

  const overflow = (card: Card): Promise<number> =>
    card.locator.evaluate((node) => node.scrollWidth - node.clientWidth);

  test('a column names the rows in list, table and drawer, and the notebook keeps none of it', async () => {
    const card = await notebook.map('paid = charge.map(films, label="title")\npaid');
    await card.reaches(/done/);
    const list = card.locator.locator('.farcall-InputList');
    await list.getByText('Casino').waitFor();
    await list.getByText('Alien').waitFor();
    await card.tab('Table').click();
    const table = card.locator.locator('.farcall-Table');
    await table.getByRole('columnheader', { name: 'Label' }).waitFor();
    await table.getByText('Dune').waitFor();
    await notebook.screenshots('labels-table', card.locator, ['light']);
    await card.tab('Inputs').click();
    await list.getByText('Casino').click();
    await card.drawer.locator('.farcall-Drawer-label').getByText('Casino').waitFor();
    await notebook.screenshots('labels', card.locator);
    await card.squeeze(300);
    await notebook.screenshots('labels-narrow', card.locator, ['light']);
    await expect.poll(() => overflow(card)).toBe(0);
    await card.squeeze(0);
    await notebook.page.keyboard.press('Escape');
    await notebook.save();
    const saved = outputsOf(await readFile(join(lab.folder, 'details.ipynb'), 'utf8'));
    expect(saved).toContain('charge');
    expect(saved).not.toMatch(/Alien|Dune/);
  });

  test('one kind of failure runs again, and the others are a click away', async () => {
    const card = await notebook.map('charge.map(films, label="title")');
    await card.reaches(/done/);
    await expect.poll(() => card.failures.count()).toBe(2);
    await notebook.screenshots('retry-these', card.locator);
    await notebook.run('broken.clear()');
    await card.shown();
    await card.failures.filter({ hasText: 'KeyError' }).getByRole('button', { name: 'Retry these' }).click();
    await card.reaches(/succeeded/);
    await expect.poll(() => card.count('succeeded')).toBe(2);
    await card.locator.locator('.farcall-InputList').getByText('Brazil').waitFor();
    await card.locator.locator('.farcall-InputList').getByText('Emma').waitFor();
    await notebook.screenshots('retried-these', card.locator, ['light']);
    await card.button('Back to the whole map').click();
    await card.failures.filter({ hasText: 'ValueError' }).getByRole('button', { name: 'Retry this' }).click();
    await card.reaches(/succeeded/);
    await card.locator.locator('.farcall-InputList').getByText('Casino').waitFor();
  });

  test('the grid names the square under the cursor', async () => {
    const card = await notebook.map('named = work.map(range(60), label=lambda x: f"number {x}")\nnamed');
    await card.reaches(/done/);
    const grid = card.locator.getByRole('slider');
    await grid.focus();
    await notebook.page.keyboard.press('ArrowRight');
    await card.locator.getByText('Input 1, number 1: succeeded').waitFor();
  });

  test('how long inputs took, the slowest of them, and the lanes of the containers', async () => {
    const card = await notebook.map('timed = work.map(range(600), label=[f"reel {x}" for x in range(600)])\ntimed');
    await card.passes(10);
    await card.tab('Times').click();
    await card.reaches(/done/);
    const times = card.locator.locator('.farcall-Times');
    await times.getByText(/Half of 600 took at most/).waitFor();
    const slow = times.locator('.farcall-Slowest li');
    await slow.filter({ hasText: 'reel' }).first().waitFor();
    await expect.poll(() => slow.count()).toBe(10);
    expect(await times.locator('.farcall-Timeline-lanes li').count()).toBeLessThanOrEqual(3);
    await times.locator('canvas').scrollIntoViewIfNeeded();
    await notebook.screenshots('times', card.locator, ['light', 'dark', 'contrast']);
    await card.squeeze(300);
    await notebook.screenshots('times-narrow', card.locator, ['light', 'dark']);
    await expect.poll(() => overflow(card)).toBe(0);
    await card.squeeze(0);
    await slow.first().getByRole('button').click();
    await card.drawer
      .getByText(/took|attempt|ms|s$/)
      .first()
      .waitFor();
    await card.drawer.locator('.farcall-Drawer-label').getByText('reel').waitFor();
  });

  test('the times of a large map are a few things on the page', async () => {
    const card = await notebook.map('large = tiny.map(range(50_000))\nlarge');
    await card.reaches(/succeeded/);
    await card.tab('Times').click();
    await card.locator.getByText(/Half of 50,000 took/).waitFor();
    expect(await card.locator.locator('.farcall-Times *').count()).toBeLessThan(200);
  });

  test('the sidebar has the functions, and their numbers are edited in place', async () => {
    await notebook.command('farcall:show-panel');
    const panel = notebook.page.locator('#farcall-panel');
    const charge = panel.locator('.farcall-List[aria-label=Functions] .farcall-Item').filter({ hasText: 'charge' });
    await charge.getByText('0 to 4').waitFor();
    await charge.hover();
    await charge.getByRole('button', { name: 'Scale' }).click();
    await charge.getByLabel('At most').fill('6');
    await notebook.screenshots('sidebar-functions', panel);
    await charge.getByRole('button', { name: 'Apply' }).click();
    await charge.getByText('0 to 6').waitFor();
    const at = await notebook.type('charge.update_autoscaler().max_containers');
    await (await notebook.cell(at)).locator('.jp-OutputArea-output').getByText('6').waitFor();
    await charge.hover();
    await charge.getByRole('button', { name: 'Scale' }).click();
    await charge.getByLabel('At least').fill('9');
    await notebook.page.keyboard.press('Enter');
    await charge.getByText(/max_containers .* below min_containers/).waitFor();
    await notebook.screenshots('sidebar-functions-refused', panel, ['light']);
    await notebook.page.keyboard.press('Escape');
  });

  test('after the kernel restarts, inputs are called by their numbers', async () => {
    const card = await notebook.map('again = charge.map(films, label="title")\nagain');
    await card.reaches(/succeeded/);
    await card.locator.locator('.farcall-InputList').getByText('Casino').waitFor();
    await notebook.restartKernel();
    await notebook.run('import farcall');
    await card.shown();
    await card.connected();
    await card.locator.locator('.farcall-InputList-item').nth(5).waitFor();
    await expect.poll(() => card.locator.locator('.farcall-InputList-label').count()).toBe(0);
  });
});

function outputsOf(notebook: string): string {
  const { cells } = JSON.parse(notebook) as { cells: { outputs?: unknown }[] };
  return JSON.stringify(cells.map(({ outputs }) => outputs ?? []));
}
