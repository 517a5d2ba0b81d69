// A card without a mouse: where Tab goes, what Enter and Esc do, that JupyterLab's one-letter keys stay away from it, and
// what a screen reader is told.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Card } from './support/card.js';
import { type Lab, startLab } from './support/lab.js';
import { newNotebook, type Notebook, startBrowser } from './support/page.js';

const CODE = `import farcall
@farcall.function
def check(number):
    assert number % 20, "a multiple of 20"
    return number
checked = check.map(range(60))
checked`;

describe('the keyboard', () => {
  let lab: Lab;
  let browser: Browser;
  let notebook: Notebook;
  let card: Card;

  beforeAll(async () => {
    lab = await startLab();
    browser = await startBrowser();
    notebook = await newNotebook(browser, lab, 'keyboard.ipynb');
    card = await notebook.map(CODE);
    await card.reaches(/done/);
    await card.locator.getByRole('slider').waitFor();
    for (const name of ['Retry failed', 'Join to frame']) await card.button(name).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.[Symbol.asyncDispose]();
  });

  test('goes through a card in the order in which it reads', async () => {
    await card.failures.getByRole('button').first().focus();
    const seen = [await focused(notebook.page)];
    for (let step = 0; step < 8; step += 1) {
      await notebook.page.keyboard.press('Tab');
      seen.push(await focused(notebook.page));
    }
    expect(seen).toEqual([
      'Open input 0',
      'Open input 20',
      'Open input 40',
      'Retry these',
      'Inputs',
      'Retry failed',
      'Join to frame',
      'Copy id',
      'Inputs; arrow keys move, Enter opens',
    ]);
  });

  test('moves in the grid, opens an input, and comes back', async () => {
    const { keyboard } = notebook.page;
    const grid = card.locator.getByRole('slider');
    await grid.focus();
    await keyboard.press('Home');
    await keyboard.press('ArrowRight');
    await expect.poll(() => grid.getAttribute('aria-valuetext')).toBe('Input 1: succeeded');
    await keyboard.press('Home');
    await keyboard.press('Enter');
    await card.drawer.getByText('AssertionError').waitFor();
    await expect.poll(() => focused(notebook.page)).toBe('Input 0');
    for (let step = 0; step < 4; step += 1) await keyboard.press('Tab');
    expect(await focused(notebook.page)).toBe('Traceback');
    await keyboard.press('ArrowLeft');
    await card.drawer.getByText('number = 0').waitFor();
    await keyboard.press('Escape');
    await card.drawer.waitFor({ state: 'detached' });
    await expect.poll(() => focused(notebook.page)).toBe('Inputs; arrow keys move, Enter opens');
  });

  test('keeps one-letter shortcuts from the notebook', async () => {
    const cells = notebook.page.locator('.jp-Notebook .jp-Cell');
    const before = await cells.count();
    await card.locator.getByRole('slider').focus();
    for (const key of ['d', 'd', 'a', 'b', 'x', 'y', 'm']) await notebook.page.keyboard.press(key);
    await notebook.drawn();
    expect(await cells.count()).toBe(before);
    expect(await card.locator.getByRole('slider').count()).toBe(1);
  });

  test('says how it ended, once and politely', async () => {
    const status = card.locator.getByRole('status');
    expect(await status.getAttribute('aria-live')).toBe('polite');
    await expect.poll(() => status.innerText()).toBe('check: done, 60 of 60 done, 3 failed');
    expect(await card.bar.getAttribute('aria-valuetext')).toBe('60 of 60 done, 3 failed');
  });
});

/** The accessible name of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement: one } = document;
    return one?.getAttribute('aria-label') ?? one?.textContent ?? '';
  });
}
