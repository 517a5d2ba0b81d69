// One connection: both ways in order, each message late by some dice. When it is cut, what is under way is lost, and each
// side notices in its own time; until then it speaks into the void. A rough one delivers a fifth of its messages once more,
// later than what was sent behind them, and keeps a fifth of them (and all behind) for longer.

import type { Clock } from './clock.js';
import type { Dice } from './random.js';

export type Side = 'near' | 'gateway';
export interface Road {
  readonly latencyMs: number;
  readonly isRough: boolean;
}

const OFTEN = 0.2;
const LATE_MS = 300;

export class Link {
  isOpen = true;
  readonly #arrives = { near: 0, gateway: 0 };

  constructor(
    private readonly clock: Clock,
    private readonly dice: Dice,
    private readonly road: Road,
    private readonly onClosed: Readonly<Record<Side, () => void>>,
  ) {}

  /** `receive` runs on the other side, unless the link is cut before; on a rough road perhaps twice. */
  send(to: Side, receive: () => void): void {
    this.once(to, receive);
    if (this.isOpen && this.#isHit()) this.#deliver(this.#arrives[to] + this.dice.between(0, LATE_MS), receive);
  }

  /** What counts its messages, or begins a connection: it may be late, but never comes twice. */
  once(to: Side, receive: () => void): void {
    if (!this.isOpen) return;
    const slowMs = this.#isHit() ? this.dice.between(0, LATE_MS) : 0;
    const usualMs = this.dice.between(0.05, 2 * this.road.latencyMs);
    this.#arrives[to] = Math.max(this.#arrives[to], this.clock.now + usualMs + slowMs);
    this.#deliver(this.#arrives[to], receive);
  }

  cut(slowestMs = 50): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const side of ['near', 'gateway'] as const)
      this.clock.after(this.dice.between(0, slowestMs), this.onClosed[side]);
  }

  #isHit(): boolean {
    return this.road.isRough && this.dice.chance(OFTEN);
  }

  #deliver(at: number, receive: () => void): void {
    this.clock.at(at, () => {
      if (this.isOpen) receive();
    });
  }
}
