// The inputs of one call that no container holds, as ranges in the order they should run: what was given back first,
// then what arrived. Entries may be stale (an input was cancelled or settled meanwhile): taking checks the states.

import { QUEUED } from '@farcall/kernel-bridge/wire';

import { Heap } from './heap.js';
import type { Inputs } from './input.js';

/** `weight`: payload bytes per input, as the heaviest chunk in it had them. */
export interface Segment {
  readonly first: number;
  readonly count: number;
  readonly weight: number;
}
export interface Taken extends Segment {
  readonly attempt: number;
}

/** Chunks lighter than this may share a range whatever their weights: 1,024 such inputs still fit one frame. */
const LIGHT = 512;

export class Queue {
  /** Given back, the lowest first: readers wait for low ones. */
  readonly #front = new Heap<Segment>((a, b) => a.first < b.first);
  #back: Segment[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#front.size === 0 && this.#head >= this.#back.length;
  }

  append(first: number, count: number, weight: number): void {
    const last = this.#back.at(-1);
    if (
      this.#head < this.#back.length &&
      last !== undefined &&
      last.first + last.count === first &&
      isAlike(last.weight, weight)
    )
      this.#back[this.#back.length - 1] = {
        first: last.first,
        count: last.count + count,
        weight: Math.max(last.weight, weight),
      };
    else this.#back.push({ first, count, weight });
  }

  /** Puts ranges before all that never were given out. */
  giveBack(segments: readonly Segment[]): void {
    for (const segment of segments) this.#front.add(segment);
  }

  /** The next range that may be assigned under one attempt; `most` says how many inputs of such a weight may go at once. */
  take(inputs: Inputs, most: (weight: number) => number): Taken | undefined {
    for (let segment = this.#pop(); segment !== undefined; segment = this.#pop()) {
      const end = segment.first + segment.count;
      let first = segment.first;
      while (first < end && inputs.state(first) !== QUEUED) first += inputs.stretch(first, end).count;
      if (first >= end) continue;
      const wanted = Math.max(1, most(segment.weight));
      const { count, attempt } = inputs.stretch(first, Math.min(end, first + wanted));
      // A later attempt may be what ends its container: it goes alone, so that nothing else is held up by it.
      const taken = attempt > 1 ? 1 : count;
      if (first + taken < end)
        this.#front.add({ first: first + taken, count: end - first - taken, weight: segment.weight });
      return { first, count: taken, weight: segment.weight, attempt };
    }
    return undefined;
  }

  clear(): void {
    this.#front.clear();
    this.#back = [];
    this.#head = 0;
  }

  #pop(): Segment | undefined {
    const given = this.#front.take();
    if (given !== undefined) return given;
    const next = this.#back[this.#head];
    if (next === undefined) return undefined;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#back.length) {
      this.#back = this.#back.slice(this.#head);
      this.#head = 0;
    }
    return next;
  }
}

function isAlike(a: number, b: number): boolean {
  return Math.max(a, b) <= LIGHT || Math.max(a, b) <= 2 * Math.min(a, b);
}
