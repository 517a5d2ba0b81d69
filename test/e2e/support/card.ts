// A card as a person reads it: words, numbers and buttons. Everything here waits for what it asks.

import type { Locator } from 'playwright-core';
import { expect, vi } from 'vitest';

export class Card {
  readonly #card: Locator;

  constructor(within: Locator) {
    this.#card = within.locator('.farcall-Card').first();
  }

  get locator(): Locator {
    return this.#card;
  }
  /** The state in words, such as `succeeded`. */
  get state(): Locator {
    return this.#card.locator('.farcall-Head .farcall-StateText');
  }
  get bar(): Locator {
    return this.#card.getByRole('progressbar').first();
  }
  get failures(): Locator {
    return this.#card.locator('.farcall-Failure');
  }
  get drawer(): Locator {
    return this.#card.locator('.farcall-Drawer');
  }
  /** Of a card of single calls: one row a call. */
  get rows(): Locator {
    return this.#card.locator('.farcall-Call');
  }

  /** A line that explains something, by a part of its text. */
  note(text: string): Locator {
    return this.#card.locator('.farcall-Note').filter({ hasText: text });
  }
  /** Makes the card so many pixels wide; 0: as wide as its cell. */
  async squeeze(width: number): Promise<void> {
    await this.#card.evaluate((node, given) => {
      (node as HTMLElement).style.width = given === 0 ? '' : `${given}px`;
    }, width);
  }

  /** Presses Reconnect, unless it is not needed: once a panel has woken the kernel, trusted cards go live by themselves. */
  async connected(): Promise<void> {
    const reconnect = this.button('Reconnect');
    const isOffered = async (): Promise<boolean> => {
      await reconnect.click({ timeout: 1000 }).catch(() => undefined);
      return this.#card
        .locator('.farcall-Note')
        .filter({ hasText: /^As of/ })
        .isVisible();
    };
    await expect.poll(isOffered).toBe(false);
  }

  button(name: string): Locator {
    return this.#card.getByRole('button', { name, exact: true });
  }
  tab(name: string): Locator {
    return this.#card.getByRole('tab', { name, exact: true }).first();
  }

  /** Waits until the card is there, and scrolls to it: views that nobody can see are not live. */
  async shown(timeout = 60_000): Promise<void> {
    await this.#card.waitFor({ state: 'attached', timeout });
    await this.#card.scrollIntoViewIfNeeded();
  }

  /** Waits until the card says one of these states. */
  async reaches(pattern: RegExp, timeout = 90_000): Promise<void> {
    await this.shown(timeout);
    await this.#card.locator('.farcall-Head .farcall-StateText').filter({ hasText: pattern }).waitFor({ timeout });
  }

  /** How many per cent are done. */
  async percent(): Promise<number> {
    return Number(await this.bar.getAttribute('aria-valuenow'));
  }

  /** Waits until the bar is past `percent`. It is looked for anew each time: a saved card becomes a live one. */
  async passes(percent: number): Promise<void> {
    await this.shown();
    const isPast = async (): Promise<void> => expect(await this.percent()).toBeGreaterThan(percent);
    await vi.waitFor(isPast, { timeout: 60_000, interval: 50 });
  }

  /** The number in front of a word of the legend, 0 when the word is not there. */
  async count(word: string): Promise<number> {
    const item = this.#card.locator('.farcall-Legend li').filter({ hasText: word });
    if ((await item.count()) === 0) return 0;
    return Number((await item.locator('.farcall-Legend-count').innerText()).replaceAll(',', ''));
  }
}
