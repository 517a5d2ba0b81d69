// What a live card costs the page: `npm run bench` takes the figure from the report that is left here.

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { CDPSession, Page } from 'playwright-core';

const REPORTS = fileURLToPath(new URL('../../../.cache/reports/', import.meta.url));
/** Seconds of the page's main thread, as Chromium counts them: of its own work, whatever else the machine does. */
const COSTS = ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration'];

declare global {
  var changedFrames: number;
}

/** Counts from now on the frames in which a card changes, and what the page does meanwhile. */
export async function watchFrames(page: Page): Promise<{ reportAt: (state: string) => Promise<void> }> {
  const chromium = await page.context().newCDPSession(page);
  await chromium.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.evaluate(() => {
    let isCounted = false;
    globalThis.changedFrames = 0;
    const observer = new MutationObserver((changes) => {
      if (isCounted || !changes.some(({ target }) => target.parentElement?.closest('.farcall-Card'))) return;
      isCounted = true;
      globalThis.changedFrames += 1;
      requestAnimationFrame(() => (isCounted = false));
    });
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  const before = await secondsOf(chromium);
  return {
    reportAt: async (state) => {
      await inState(page, state);
      const seconds = (await secondsOf(chromium)) - before;
      const frames = await page.evaluate(() => globalThis.changedFrames);
      await mkdir(REPORTS, { recursive: true });
      const report = { milliseconds: (seconds * 1000) / frames, frames };
      await writeFile(`${REPORTS}view-frame.json`, `${JSON.stringify(report)}\n`);
      await chromium.detach();
    },
  };
}

/** The newest card says so. Playwright's own waiting asks the page at every frame, which would be measured too. */
async function inState(page: Page, state: string): Promise<void> {
  const reached = page.waitForFunction(
    (wanted) =>
      Array.from(document.querySelectorAll('.farcall-Head .farcall-StateText')).at(-1)?.textContent === wanted,
    state,
    { polling: 500, timeout: 90_000 },
  );
  await reached.catch(async (error: unknown) => {
    const cards = await page.locator('.farcall-Card').allInnerTexts();
    throw new Error(`no card says ${state}; the newest says:\n${cards.at(-1)?.slice(0, 500) ?? 'nothing'}`, {
      cause: error,
    });
  });
}

async function secondsOf(chromium: CDPSession): Promise<number> {
  const { metrics } = await chromium.send('Performance.getMetrics');
  return metrics.filter(({ name }) => COSTS.includes(name)).reduce((sum, { value }) => sum + value, 0);
}
