// Retries that wait for their time, the earliest first. An entry may be stale by then; whoever takes it checks.

import type { Call } from './call.js';
import { Heap } from './heap.js';

export interface Delay {
  readonly dueAt: number;
  readonly call: Call;
  readonly index: number;
}

export class Delays {
  readonly #heap = new Heap<Delay>((a, b) => a.dueAt < b.dueAt);

  get nextAt(): number {
    return this.#heap.first?.dueAt ?? Infinity;
  }

  get size(): number {
    return this.#heap.size;
  }

  add(delay: Delay): void {
    this.#heap.add(delay);
  }

  takeDue(now: number): Delay | undefined {
    return this.nextAt <= now ? this.#heap.take() : undefined;
  }
}
