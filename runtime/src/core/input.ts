// The states and attempts of one call's inputs, moved by range along one table of allowed moves. Inputs lie in blocks of
// 4,096; a block whose inputs are all in one state is a single number, so untouched and settled stretches cost nothing.
// Knows nothing of leases, containers, policies or time.

import { CANCELLED, FAILED, QUEUED, RUNNING, SUCCEEDED, TIMED_OUT } from '@farcall/kernel-bridge/wire';

const BLOCK = 4096;
const NONE: readonly number[] = [];
/** From each state (by position), the states an input may go to. Queued ones may be settled: a late success, or the store's word. */
const ALLOWED: readonly (readonly number[])[] = [
  [RUNNING, SUCCEEDED, FAILED, CANCELLED, TIMED_OUT],
  [QUEUED, SUCCEEDED, FAILED, CANCELLED, TIMED_OUT],
  NONE,
  NONE,
  NONE,
  NONE,
];

/** Consecutive inputs in one state under one attempt. */
export interface Stretch {
  readonly first: number;
  readonly count: number;
  readonly state: number;
  readonly attempt: number;
}

export function isFinal(state: number): boolean {
  return state > RUNNING;
}

export class Inputs {
  /** How many inputs are in each state. */
  readonly counts: number[] = [0, 0, 0, 0, 0, 0];
  /** Of the queued ones, how many already ran. */
  retrying = 0;
  #length = 0;
  readonly #states: (number | Uint8Array)[] = [];
  /** 0 stands for 1; a block without an array is all 1. */
  readonly #attempts: (Uint16Array | undefined)[] = [];
  /** Inputs per block that are not final. */
  readonly #open: number[] = [];

  get length(): number {
    return this.#length;
  }

  get unsettled(): number {
    return this.#count(QUEUED) + this.#count(RUNNING);
  }

  append(count: number): void {
    for (let left = count; left > 0;) {
      const at = this.#length % BLOCK;
      const block = Math.floor(this.#length / BLOCK);
      if (at === 0) this.#states[block] = QUEUED;
      else if (this.#states[block] !== QUEUED) this.#spread(block).fill(QUEUED, at);
      const taken = Math.min(left, BLOCK - at);
      this.#open[block] = (at === 0 ? 0 : (this.#open[block] ?? 0)) + taken;
      this.#length += taken;
      left -= taken;
    }
    this.#add(QUEUED, count);
  }

  state(index: number): number {
    const block = this.#states[Math.floor(index / BLOCK)];
    return typeof block === 'number' ? block : (block?.[index % BLOCK] ?? QUEUED);
  }

  attempt(index: number): number {
    return this.#attempts[Math.floor(index / BLOCK)]?.[index % BLOCK] || 1;
  }

  setAttempt(index: number, attempt: number): void {
    const block = Math.floor(index / BLOCK);
    const attempts = (this.#attempts[block] ??= new Uint16Array(BLOCK));
    const isQueued = this.state(index) === QUEUED;
    if (isQueued && this.attempt(index) > 1) this.retrying -= 1;
    attempts[index % BLOCK] = attempt;
    if (isQueued && attempt > 1) this.retrying += 1;
  }

  /** The one way an input changes state. All of the range must be in `from`. */
  move(first: number, count: number, from: number, to: number): void {
    if (ALLOWED[from]?.includes(to) !== true) throw new Error(`an input may not go from state ${from} to ${to}`);
    const end = first + count;
    for (let at = first; at < end;) {
      const stop = Math.min(end, (Math.floor(at / BLOCK) + 1) * BLOCK);
      this.#fill(at, stop, from, to);
      at = stop;
    }
    this.#add(from, -count);
    this.#add(to, count);
  }

  isAll(first: number, count: number, state: number): boolean {
    const end = first + count;
    if (end > this.#length) return false;
    for (let at = first; at < end;) {
      const block = Math.floor(at / BLOCK);
      const stop = Math.min(end, (block + 1) * BLOCK);
      const states = this.#states[block];
      if (typeof states === 'number') {
        if (states !== state) return false;
      } else {
        for (let i = at; i < stop; i += 1) if (states?.[i % BLOCK] !== state) return false;
      }
      at = stop;
    }
    return true;
  }

  /** The stretch that begins at `first`, up to `end`. */
  stretch(first: number, end: number): Stretch {
    const state = this.state(first);
    const attempt = this.attempt(first);
    const stop = Math.min(end, this.#length);
    let at = first + 1;
    while (at < stop) {
      const block = Math.floor(at / BLOCK);
      const states = this.#states[block];
      if (typeof states === 'number' && this.#attempts[block] === undefined) {
        if (states !== state || attempt !== 1) break;
        at = Math.min(stop, (block + 1) * BLOCK);
      } else if (this.state(at) === state && this.attempt(at) === attempt) at += 1;
      else break;
    }
    return { first, count: Math.min(at, stop) - first, state, attempt };
  }

  stretches(first: number, end: number): Stretch[] {
    const found: Stretch[] = [];
    const stop = Math.min(end, this.#length);
    for (let at = first; at < stop;) {
      const next = this.stretch(at, stop);
      found.push(next);
      at += next.count;
    }
    return found;
  }

  #fill(first: number, stop: number, from: number, to: number): void {
    const block = Math.floor(first / BLOCK);
    const start = block * BLOCK;
    const size = Math.min(this.#length - start, BLOCK);
    if (from === QUEUED) this.retrying -= this.#retried(first, stop);
    if (to === QUEUED) this.retrying += this.#retried(first, stop);
    if (stop - first === size) this.#states[block] = to;
    else this.#spread(block).fill(to, first - start, stop - start);
    if (!isFinal(to)) return;
    const open = (this.#open[block] ?? 0) - (stop - first);
    this.#open[block] = open;
    if (open === 0 && size === BLOCK) this.#shrink(block);
  }

  #retried(first: number, stop: number): number {
    const attempts = this.#attempts[Math.floor(first / BLOCK)];
    if (attempts === undefined) return 0;
    let count = 0;
    for (let at = first; at < stop; at += 1) if ((attempts[at % BLOCK] ?? 0) > 1) count += 1;
    return count;
  }

  /** A block as an array, one state each. */
  #spread(block: number): Uint8Array {
    const states = this.#states[block];
    if (states instanceof Uint8Array) return states;
    const spread = new Uint8Array(BLOCK).fill(states ?? QUEUED);
    this.#states[block] = spread;
    return spread;
  }

  /** A full block that is settled keeps one number if it can; its attempts are in the store. */
  #shrink(block: number): void {
    const states = this.#states[block];
    this.#attempts[block] = undefined;
    if (typeof states === 'number' || states === undefined) return;
    const state = states[0] ?? QUEUED;
    if (states.every((other) => other === state)) this.#states[block] = state;
  }

  #count(state: number): number {
    return this.counts[state] ?? 0;
  }

  #add(state: number, count: number): void {
    this.counts[state] = this.#count(state) + count;
  }
}
