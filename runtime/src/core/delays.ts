// Retries that wait for their time, the earliest first. An entry may be stale by then; whoever takes it checks.

import type { Call } from './call.js';

export interface Delay {
  readonly dueAt: number;
  readonly call: Call;
  readonly index: number;
}

/** A binary heap. */
export class Delays {
  readonly #heap: Delay[] = [];

  get nextAt(): number {
    return this.#heap[0]?.dueAt ?? Infinity;
  }

  add(delay: Delay): void {
    const heap = this.#heap;
    let at = heap.push(delay) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.dueAt <= delay.dueAt) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = delay;
  }

  takeDue(now: number): Delay | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.dueAt > now) return undefined;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(delay: Delay): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = heap[left + 1];
      const below = right !== undefined && right.dueAt < (heap[left]?.dueAt ?? Infinity) ? left + 1 : left;
      const child = heap[below];
      if (child === undefined || child.dueAt >= delay.dueAt) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = delay;
  }
}
