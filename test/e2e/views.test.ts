// Every view with its words and its look: single calls, gather, few inputs, many, and why something waits.
// Functions wait for a file, so that a state stays until it has been looked at.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Card } from './support/card.js';
import { watchFrames } from './support/frames.js';
import { type Lab, startLab } from './support/lab.js';
import { newNotebook, type Notebook, startBrowser } from './support/page.js';

const FUNCTIONS = `import os, time
import farcall

def until(file):
    while not os.path.exists(file):
        time.sleep(0.02)

@farcall.function(timeout=600)
def train(epochs, gate):
    print(f"training for {epochs} epochs")
    until(gate)
    if epochs < 0:
        raise ValueError(f"epochs must be positive, got {epochs}")
    return {"epochs": epochs, "loss": 0.0417, "accuracy": 0.981}

@farcall.function(max_containers=1, timeout=600)
def alone(x, gate):
    until(gate)
    return x

@farcall.function
def light(x):
    return x * x`;

describe('the views', () => {
  let lab: Lab;
  let browser: Browser;
  let notebook: Notebook;

  beforeAll(async () => {
    lab = await startLab();
    browser = await startBrowser();
    notebook = await newNotebook(browser, lab, 'views.ipynb');
    await notebook.type(FUNCTIONS);
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.[Symbol.asyncDispose]();
  });
  /** What waits for the gate of this name goes on. */
  const open = (gate: string): Promise<void> => writeFile(join(lab.folder, gate), '');

  test('a call that takes over a second shows its card, live, and then its result', async () => {
    const card = await notebook.map('trained = train.remote(12, "one")');
    await card.reaches(/running/);
    await card.tab('Output').click();
    await card.locator.getByText('training for 12 epochs').waitFor();
    await notebook.screenshots('call-running', card.locator, ['light']);
    await open('one');
    await card.reaches(/succeeded/);
    await card.tab('Result').click();
    await card.locator.getByText("'accuracy': 0.981").waitFor();
    await notebook.screenshots('call-done', card.locator);
  });

  test('a call that fails shows its traceback', async () => {
    const card = await notebook.map('train.remote(-3, "two")');
    await card.reaches(/running/);
    await open('two');
    await card.reaches(/failed/);
    await card.tab('Traceback').click();
    await card.locator.getByText('raise ValueError').waitFor();
    await expect
      .poll(() => card.failures.innerText())
      .toMatch(/ValueError: epochs must be positive, got -3[\s\S]*Cell In\[1\], line/);
    await notebook.screenshots('call-failed', card.locator);
  });

  test('calls of one cell share one card', async () => {
    const at = await notebook.type(
      'for epochs in (1, 2, 3):\n    time.sleep(0)\n    light(1), train.remote(epochs, str(epochs))',
    );
    const cell = await notebook.cell(at);
    const card = new Card(cell);
    await card.shown();
    for (const epochs of [1, 2, 3]) {
      await card.rows
        .nth(epochs - 1)
        .getByText('running')
        .first()
        .waitFor();
      await card.rows
        .nth(epochs - 1)
        .getByRole('button', { name: 'Cancel' })
        .waitFor();
      if (epochs === 3) await notebook.screenshots('calls-many', card.locator, ['light']);
      await open(String(epochs));
    }
    await card.rows.nth(2).getByText('succeeded').first().waitFor();
    await expect.poll(() => card.rows.count()).toBe(3);
    expect(await cell.locator('.farcall-Card').count()).toBe(1);
  });

  test('gather shows one card with a row each', async () => {
    const at = await notebook.type(
      'farcall.gather(*(train.spawn(epochs, "gather") for epochs in (10, 20, -30)), return_exceptions=True)[0]',
    );
    const cell = await notebook.cell(at);
    const card = new Card(cell);
    await card.shown();
    await card.rows.nth(2).getByText('running').first().waitFor();
    await open('gather');
    await card.rows.nth(2).getByText('failed').first().waitFor();
    await card.rows.nth(1).getByText('succeeded').first().waitFor();
    expect(await cell.locator('.farcall-Card').count()).toBe(1);
    await notebook.screenshots('gather', card.locator, ['light']);
  });

  test('up to 20 inputs are a labelled list', async () => {
    const card = await notebook.map(
      'few = train.map([5, 10, -1, 20, 40, 80, -2, 160, 320], kwargs={"gate": "few"})\nfew',
    );
    await card.reaches(/running/);
    await open('few');
    await card.reaches(/done/);
    await expect.poll(() => card.locator.locator('.farcall-InputList-item').count()).toBe(9);
    await notebook.screenshots('map-few', card.locator);
  });

  test('what waits says why', async () => {
    await notebook.type('held = alone.spawn(0, "alone")');
    const card = await notebook.map('waits = alone.map(range(40), kwargs={"gate": "alone"}).start()\nwaits');
    await card.shown();
    await card.note('max_containers').waitFor();
    await notebook.screenshots('map-waiting', card.locator, ['light']);
    await open('alone');
    await card.reaches(/succeeded/);
    await card.note('max_containers').waitFor({ state: 'detached' });
  });

  test('ten thousand inputs are bins that open their members', async () => {
    const card = await notebook.map('many = light.map([None if n % 997 == 5 else n for n in range(10_000)])\nmany');
    await card.reaches(/done/);
    await expect.poll(() => card.count('succeeded')).toBe(9_989);
    await card.locator.getByText('One square for 3 inputs, showing the worst').waitFor();
    await notebook.screenshots('map-binned', card.locator);
    const grid = card.locator.getByRole('slider');
    await grid.focus();
    await notebook.page.keyboard.press('ArrowRight');
    await notebook.page.keyboard.press('Enter');
    await card.locator.getByText('Inputs 3 to 5').waitFor();
    const rows = card.locator.locator('.farcall-Table tbody tr');
    await expect.poll(() => rows.count()).toBe(3);
  });

  test('a million inputs stay small on the page', async () => {
    const card = await notebook.map('large = light.map(range(1_000_000))\nlarge');
    await card.shown(); // one that nobody can see is not live
    const frames = await watchFrames(notebook.page);
    await frames.reportAt('succeeded');
    expect(await card.locator.locator('*').count()).toBeLessThan(300);
    await notebook.screenshots('map-large', card.locator, ['light']);
  });

  test('high contrast and 300 px', async () => {
    const card = await notebook.map('train.map([1, -1, 2, -2] * 20, kwargs={"gate": "1"})');
    await card.reaches(/done/);
    await notebook.screenshots('map-done', card.locator, ['contrast']);
    await card.squeeze(300);
    await card.failures.first().getByRole('button').first().click();
    await card.drawer.getByText('raise ValueError').waitFor();
    await notebook.screenshots('map-narrow', card.locator, ['light']);
    const overflow = (): Promise<number> => card.locator.evaluate((node) => node.scrollWidth - node.clientWidth);
    await expect.poll(overflow).toBe(0);
    await card.squeeze(0);
  });

  test('the sidebar and the Running panel list what runs', async () => {
    const card = await notebook.map('going = train.map(range(300), kwargs={"gate": "panel"}).start()\ngoing');
    await card.reaches(/running/);
    await notebook.command('farcall:show-panel');
    const panel = notebook.page.locator('#farcall-panel');
    await panel.getByText('train.map').first().waitFor();
    await panel.getByText('process').first().waitFor();
    await panel.getByText('Latency').waitFor();
    await notebook.screenshots('sidebar', panel);
    await notebook.showPanel('jp-running-sessions');
    const running = notebook.page.locator('#jp-running-sessions');
    const calls = running.locator('.jp-RunningSessions-section').filter({ hasText: 'train.map' });
    await calls.getByText('0 / 300').waitFor();
    await notebook.screenshots('running-panel', calls, ['light']);
    await open('panel');
    await card.reaches(/succeeded/);
    await running.getByText('train.map').waitFor({ state: 'detached' });
  });
});
