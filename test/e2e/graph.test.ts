// The call graph in a real JupyterLab: a tab of every card whose call called, and what get_call_graph() shows.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Card } from './support/card.js';
import { type Lab, startLab } from './support/lab.js';
import { newNotebook, type Notebook, startBrowser } from './support/page.js';

let lab: Lab;
let browser: Browser;
let notebook: Notebook;
beforeAll(async () => {
  [lab, browser] = await Promise.all([startLab(), startBrowser()]);
  notebook = await newNotebook(browser, lab, 'graph.ipynb');
}, 180_000);
afterAll(async () => {
  await browser.close();
  await lab[Symbol.asyncDispose]();
}, 60_000);

const PIPELINE = `
import time, farcall

@farcall.function
def tokenize(title):
    return title.split()

@farcall.function
def embed(title):
    words = tokenize.remote(title)
    time.sleep(0.1)
    if "7" in title:
        raise ValueError("no sevens")
    return len(words)

@farcall.function
def score(n):
    return n / 10

@farcall.function
def pipeline(n):
    time.sleep(1.5)  # a call that takes less than a second gets no card
    sizes = list(embed.map([f"film {i}" for i in range(n)], return_exceptions=True))
    return sum(score.map([size for size in sizes if isinstance(size, int)]))

pipeline.remote(30)
`;

test('a call that called others has a graph: drawn, as a table, over time, and down to an input', async () => {
  const card = await notebook.map(PIPELINE);
  await card.reaches(/succeeded/);
  await card.tab('Graph').click();
  const graph = card.locator.locator('.farcall-Graph');
  await graph.locator('[role=treeitem]').nth(3).waitFor({ timeout: 60_000 });
  const names = await graph.locator('.farcall-Graph-box .farcall-Graph-name').allInnerTexts();
  expect(names.toSorted()).toEqual(['embed', 'pipeline', 'score', 'tokenize']);
  await expect
    .poll(() => graph.locator('[role=treeitem]', { hasText: 'embed' }).getAttribute('aria-label'))
    .toMatch(/1 call, 30 inputs; 27 succeeded, 3 failed/);
  await notebook.screenshots('graph', card.locator);
  await graph.getByRole('button', { name: 'Table', exact: true }).click();
  await notebook.screenshots('graph-table', card.locator);
  await graph.getByRole('button', { name: 'Time', exact: true }).click();
  await expect.poll(() => graph.locator('.farcall-Graph-lane').count()).toBe(4);
  await notebook.screenshots('graph-time', card.locator, ['light']);
  await graph.getByRole('button', { name: 'Graph', exact: true }).click();
  await graph.locator('[role=treeitem]', { hasText: 'embed' }).click();
  await graph.locator('.farcall-NodeCalls tbody tr').first().click();
  await graph.locator('.farcall-Drawer', { hasText: 'no sevens' }).waitFor({ timeout: 60_000 });
}, 180_000);

test('get_call_graph() draws the whole tree, also in a notebook whose kernel is gone', async () => {
  await notebook.run('call = pipeline.spawn(12)\ncall.get()');
  const at = await notebook.type('call.get_call_graph()');
  const shown = new Card(await notebook.cell(at));
  await shown.shown();
  await shown.locator.locator('.farcall-Graph [role=treeitem]').nth(3).waitFor({ timeout: 60_000 });
  await expect.poll(() => shown.note('As of').count()).toBe(0);
  await shown.squeeze(300);
  // No two boxes fit side by side there.
  await shown.locator.getByRole('treegrid').waitFor();
  await notebook.screenshot('graph-narrow', 'light', shown.locator);
  await shown.squeeze(0);
  await notebook.save();
  await notebook.shutdownKernel();
  await notebook.page.reload();
  await notebook.shown();
  const again = new Card(await notebook.cell(at));
  await again.note('As of').waitFor();
  await expect.poll(() => again.locator.locator('[role=treeitem]').count()).toBe(4);
}, 180_000);
