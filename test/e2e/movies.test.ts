// The tour, as a new user takes it: run all of movies.ipynb, watch, look at what failed, mend, resume, read the results.

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Card } from './support/card.js';
import { type Lab, startLab } from './support/lab.js';
import { type Notebook, openNotebook, startBrowser } from './support/page.js';

const JUPYTER = fileURLToPath(new URL('../../.venv/bin/jupyter', import.meta.url));
/** Where the cells of the notebook are. */
const MAP = 5;
const FAILURES = 7;
const MEND = 9;
const RESULTS = 11;
const PLOT = 12;

interface Saved {
  readonly cells: readonly {
    readonly id: string;
    readonly outputs?: readonly { readonly data?: Record<string, unknown> }[];
  }[];
}

describe('movies.ipynb', () => {
  let lab: Lab;
  let browser: Browser;
  let notebook: Notebook;

  beforeAll(async () => {
    lab = await startLab();
    browser = await startBrowser();
    notebook = await openNotebook(browser, lab, 'movies.ipynb');
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.[Symbol.asyncDispose]();
  });

  test('runs from the first cell to the last, and the bar moves meanwhile', async () => {
    notebook.startAll();
    const card = new Card(await notebook.cell(MAP));
    await card.passes(2);
    await notebook.screenshots('map-running', card.locator, ['light']);
    const early = await card.percent();
    await card.passes(Math.min(early + 10, 98));
    await card.reaches(/succeeded|done|failed/);
    await expect.poll(() => card.percent()).toBe(100);
    const mended = new Card(await notebook.cell(MEND));
    await mended.reaches(/succeeded|done|failed/);
    await (await notebook.cell(PLOT)).locator('.jp-OutputArea img').waitFor({ timeout: 60_000 });
    expect(
      await notebook.page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]').count(),
    ).toBe(0);
  });

  test('counts every row once, and groups what failed', async () => {
    const card = new Card(await notebook.cell(MAP));
    await expect.poll(async () => (await card.count('succeeded')) + (await card.count('failed'))).toBe(3201);
    expect(await card.count('failed')).toBeGreaterThan(0);
    await expect.poll(() => card.failures.first().innerText()).toMatch(/\d+ ×\s+ValueError: released in the future: …/);
    const listed = (await notebook.cell(FAILURES)).locator('.jp-OutputArea table');
    expect(await listed.innerText()).toMatch(
      /ValueError: released in the future: …\s+Cell In\[2\], line 10\s+9, 15, 16, …/,
    );
    await notebook.screenshots('failures', listed);
  });

  test("opens a failed row on its arguments and on the traceback with the cell's own line", async () => {
    const card = new Card(await notebook.cell(MAP));
    await card.failures.first().locator('.farcall-Failure-examples .farcall-Link').first().click();
    await card.drawer.waitFor();
    const traceback = card.drawer.locator('.farcall-Traceback');
    await traceback.waitFor();
    expect(await traceback.innerText()).toContain('released in the future');
    expect(await traceback.innerText()).toContain('raise ValueError(f"released in the future: {date.year}")');
    await notebook.screenshots('map-traceback', card.locator);
    await card.drawer.getByRole('tab', { name: 'Arguments' }).click();
    await card.drawer.getByText("released = 'Dec 31 2046'").waitFor();
    await notebook.screenshots('map-arguments', card.locator, ['light']);
    await card.locator.page().keyboard.press('Escape');
    await card.drawer.waitFor({ state: 'detached' });
  });

  test('runs only the failed rows again after the edit', async () => {
    const first = new Card(await notebook.cell(MAP));
    const mended = new Card(await notebook.cell(MEND));
    const failed = await first.count('failed');
    await expect.poll(async () => (await mended.count('succeeded')) + (await mended.count('failed'))).toBe(failed);
    expect(await (await notebook.cell(RESULTS)).locator('table').innerText()).toContain('score_earned');
  });

  test('looks right, light and dark', async () => {
    for (const theme of ['light', 'dark'] as const) {
      await notebook.useTheme(theme);
      const cell = await notebook.cell(MAP);
      const card = new Card(cell);
      await notebook.screenshot('map-done', theme, card.locator);
      await card.tab('Table').click();
      await card.locator.locator('.farcall-Table tbody tr').first().waitFor();
      await notebook.screenshot('map-table', theme, card.locator);
      await card.tab('Inputs').click();
    }
    await notebook.useTheme('light');
    await notebook.screenshot('notebook', 'light');
  });

  test('inserts cells that run one row here, and join the results to their frame', async () => {
    const first = new Card(await notebook.cell(MAP));
    await first.failures.first().getByRole('button').first().click();
    await first.button('Open row 9 here').click();
    await expect.poll(() => notebook.active()).toBe(MAP + 1);
    const row = await notebook.cell(await notebook.runActive());
    await row.locator('.jp-InputArea').getByText('score.local(*').first().waitFor();
    await row.getByText("{'year': 1946").waitFor();
    await notebook.command('notebook:delete-cell');

    const mended = new Card(await notebook.cell(MEND));
    await mended.button('Join to frame').click();
    await expect.poll(() => notebook.active()).toBe(MEND + 1);
    const joined = await notebook.cell(await notebook.runActive());
    await expect
      .poll(() => joined.locator('.jp-InputArea').innerText())
      .toContain('scores.join(movies, prefix="score_")');
    await joined.locator('.jp-OutputArea table').getByText('score_earned').waitFor();
    await notebook.command('notebook:delete-cell');
  });

  test('is saved with its outcome and without its values, and exports through nbconvert', async () => {
    await notebook.save();
    const path = join(lab.folder, 'movies.ipynb');
    const saved = JSON.parse(await readFile(path, 'utf8')) as Saved;
    const bundles = saved.cells.flatMap((cell) => cell.outputs ?? []).map((output) => output.data ?? {});
    const cards = bundles.filter((data) => 'application/vnd.farcall.view.v1+json' in data);
    expect(cards.length).toBe(2);
    expect(JSON.stringify(cards)).not.toContain('in the future');
    const html = execFileSync(JUPYTER, ['nbconvert', '--to', 'html', '--stdout', path], {
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 26,
    }).toString();
    expect(html).toMatch(/3,201/);
    expect(html).toMatch(/ValueError/);
  });
});
