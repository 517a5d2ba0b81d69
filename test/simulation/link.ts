// One connection: both ways in order, each message late by some dice. When it is cut, what is under way is lost, and each
// side notices in its own time; until then it speaks into the void.

import type { Clock } from './clock.js';
import type { Dice } from './random.js';

export type Side = 'near' | 'gateway';

export class Link {
  isOpen = true;
  readonly #arrives = { near: 0, gateway: 0 };

  constructor(
    private readonly clock: Clock,
    private readonly dice: Dice,
    private readonly latencyMs: number,
    private readonly onClosed: Readonly<Record<Side, () => void>>,
  ) {}

  /** `receive` runs on the other side, unless the link is cut before. */
  send(to: Side, receive: () => void): void {
    if (!this.isOpen) return;
    const at = Math.max(this.#arrives[to], this.clock.now + this.dice.between(0.05, 2 * this.latencyMs));
    this.#arrives[to] = at;
    this.clock.at(at, () => {
      if (this.isOpen) receive();
    });
  }

  cut(slowestMs = 50): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const side of ['near', 'gateway'] as const)
      this.clock.after(this.dice.between(0, slowestMs), this.onClosed[side]);
  }
}
