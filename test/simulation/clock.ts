// Virtual time: what is to happen, in order. Milliseconds.

import { Heap } from '../../runtime/src/core/heap.js';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class Clock {
  now = 1_000;
  #order = 0;
  readonly #entries = new Heap<Entry>(isBefore);

  after(ms: number, run: () => void): void {
    this.at(this.now + Math.max(0, ms), run);
  }

  /** At equal times, in the order they were asked for. */
  at(at: number, run: () => void): void {
    this.#order += 1;
    this.#entries.add({ at, order: this.#order, run });
  }

  /** Runs until `isDone` or until nothing is left before `limit`. */
  run(isDone: () => boolean, limit: number): void {
    for (
      let next = this.#entries.first;
      next !== undefined && next.at <= limit && !isDone();
      next = this.#entries.first
    ) {
      this.#entries.take();
      this.now = next.at;
      next.run();
    }
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
