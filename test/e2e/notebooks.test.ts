// Notebooks as files: opened without the kernel that made them, by somebody who does not trust them, full of hostile
// names, and two of them on one kernel.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Card } from './support/card.js';
import { type Lab, startLab } from './support/lab.js';
import { newNotebook, type Notebook, openNotebook, startBrowser } from './support/page.js';

const CHECK = `import farcall
@farcall.function
def check(number):
    assert number % 20, "a multiple of 20"
    return number
checked = check.map(range(60))
checked`;
const GATED = `import farcall
def wait(gate):
    import os, time
    while not os.path.exists(gate):
        time.sleep(0.02)
    return gate
@farcall.function(max_containers=2)
def one(x):
    return wait("first")
@farcall.function(max_containers=2)
def two(x):
    return wait("second")`;
const MARKUP = '<img src=x onerror=window.hacked=1>';
const HOSTILE = `import farcall
EVIL = "${MARKUP}"
class Evil:
    def __repr__(self): return EVIL
    def _repr_html_(self): return EVIL + "<script>window.hacked=1</script><b>bold</b>"
@farcall.function
def evil(x):
    print(EVIL)
    if x == EVIL:
        raise type(EVIL, (Exception,), {})(EVIL)
    return Evil()
spoiled = evil.map([EVIL, "x"])
spoiled`;

describe('a notebook', () => {
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
  const hacked = (notebook: Notebook): Promise<unknown> =>
    notebook.page.evaluate(() => (globalThis as { hacked?: unknown }).hacked);

  test('opened without its kernel shows what was saved, and reconnects when asked', async () => {
    const maker = await newNotebook(browser, lab, 'saved.ipynb');
    const made = await maker.map(CHECK);
    await made.reaches(/done/);
    await maker.ready();
    await maker.save();
    await maker.shutdownKernel();
    await maker.page.close();

    const notebook = await openNotebook(browser, lab, 'saved.ipynb');
    const card = new Card(await notebook.cell(1));
    await card.shown();
    await card.note('As of').waitFor();
    await card.locator.getByText('The inputs are not saved in the notebook').waitFor();
    await expect.poll(() => card.count('failed')).toBe(3);
    await notebook.screenshots('saved', card.locator);
    await card.button('Reconnect').click();
    await card.note('The kernel has not loaded farcall').waitFor();
    await notebook.run('import farcall');
    await card.button('Reconnect').click();
    await card.locator.getByRole('slider').waitFor();
    await card.note('As of').waitFor({ state: 'detached' });
    await card.failures.getByRole('button').first().click();
    await card.drawer.getByText('AssertionError: a multiple of 20').waitFor();
    await notebook.page.close();
  });

  test('that is not trusted shows its card, and does nothing of what is in it', async () => {
    const saved = await readFile(join(lab.folder, 'saved.ipynb'), 'utf8');
    await writeFile(join(lab.folder, 'foreign.ipynb'), saved.replaceAll('"name": "check"', `"name": "${MARKUP}"`));
    const notebook = await openNotebook(browser, lab, 'foreign.ipynb');
    const card = new Card(await notebook.cell(1));
    await card.shown();
    await card.note('As of').waitFor();
    await card.locator.getByText(MARKUP).first().waitFor();
    expect(await card.locator.locator('img').count()).toBe(0);
    expect(await hacked(notebook)).toBeUndefined();
    await notebook.screenshots('untrusted', card.locator, ['light']);
    await notebook.page.close();
  });

  test('with hostile names, messages, output and results runs none of them', async () => {
    const notebook = await newNotebook(browser, lab, 'hostile.ipynb');
    const card = await notebook.map(HOSTILE);
    await card.reaches(/done/);
    await card.failures.first().getByRole('button').first().click();
    await card.drawer.getByText(`${MARKUP}: ${MARKUP}`).waitFor();
    for (const part of ['Arguments', 'Output']) {
      await card.drawer.getByRole('tab', { name: part }).click();
      await card.drawer.getByText(MARKUP).first().waitFor();
    }
    await card.drawer.getByRole('button', { name: 'Next input' }).click();
    await card.drawer.locator('b').getByText('bold').waitFor();
    await card.tab('Table').click();
    await card.locator.locator('.farcall-Table tbody').getByText(MARKUP).first().waitFor();
    await card.tab('Output').click();
    await card.locator.locator('.farcall-Output').getByText(MARKUP).first().waitFor();
    const at = await notebook.type('spoiled.failures()');
    await (await notebook.cell(at)).locator('table').getByText(MARKUP).first().waitFor();
    await notebook.command('farcall:show-panel');
    await notebook.page.locator('#farcall-panel').getByText('evil.map').first().waitFor();
    expect(await hacked(notebook)).toBeUndefined();
    await notebook.page.close();
  });

  test('shares its kernel with another one, and each shows its own calls', async () => {
    const first = await newNotebook(browser, lab, 'first.ipynb');
    const second = await newNotebook(browser, lab, 'second.ipynb');
    await second.joinKernel(await first.kernelId());
    await first.type(GATED);
    const cards = [
      await first.map('ones = one.map(range(30)).start()'),
      await second.map('twos = two.map(range(30)).start()'),
    ] as const;
    for (const card of cards) await card.reaches(/running/);
    await writeFile(join(lab.folder, 'second'), '');
    await cards[1].reaches(/succeeded/);
    await cards[0].reaches(/running/);
    await writeFile(join(lab.folder, 'first'), '');
    await cards[0].reaches(/succeeded/);
    for (const [at, gate] of ['first', 'second'].entries()) {
      const card = cards[at];
      await card?.tab('Table').click();
      await card?.locator.locator('.farcall-Table tbody').getByRole('button').first().click();
      await card?.drawer.getByText(`'${gate}'`).waitFor();
    }
    await second.page.close();
    await first.page.close();
  });
});
