// One call: what it was opened with, its inputs, its queue, who runs them, and what it will end as. Its moves are the only
// way inputs change state, because they keep the function's counts right as well. Knows no policy.

import { QUEUED, RUNNING, type CallId, type CallState } from '@farcall/kernel-bridge/wire';

import type { Container } from './container.js';
import type { CallOpening } from './events.js';
import type { RemoteFunction } from './function.js';
import { Inputs } from './input.js';
import type { Lease } from './lease.js';
import { Queue } from './queue.js';
import { Rate } from './rate.js';

/** What an input has used up of its budgets. Only inputs that were in trouble have one. */
export interface Spent {
  user: number;
  infrastructure: number;
  deaths: number;
  /** Ends of containers in which it ran beside others: memory, of which nobody knows who took it. */
  swellings: number;
}
/** What a call becomes when its last input is settled; a later one outranks an earlier one. */
const ENDINGS = ['done', 'incomplete', 'failed', 'cancelled'] as const;
export type Ending = (typeof ENDINGS)[number];

export class Call {
  readonly id: CallId;
  readonly inputs = new Inputs();
  readonly queue = new Queue();
  readonly leases = new Set<Lease>();
  /** Containers that were sent what its inputs share. */
  readonly containers = new Set<Container>();
  readonly spent = new Map<number, Spent>();
  /** Queued inputs that wait for their retry's delay. */
  readonly delayed = new Set<number>();
  /** Inputs whose reader may have some of what they yield: another run might yield something else. */
  readonly yielded = new Set<number>();
  /** Calls that were derived from this one and are still known. */
  dependents = 0;
  /** It would be dropped but for them. */
  isOld = false;
  state: CallState = 'open';
  attached: boolean;
  /** Inputs announced by a seal that came before them. */
  announced = -1;
  ending: Ending = 'done';
  /** A restored call whose running inputs are not known yet: nothing is dispatched, and its queue counts for nothing. */
  isHeld = false;
  /** Whether it stands in its function's ring. */
  inRing = false;
  seq = 0;
  createdAt = 0;
  startedAt = 0;
  endedAt = 0;
  endedNow = 0;
  #rate: Rate | undefined;

  constructor(
    readonly opening: CallOpening,
    readonly fn: RemoteFunction,
  ) {
    this.id = opening.call;
    this.attached = opening.attached;
  }

  get isSealed(): boolean {
    return this.state !== 'open';
  }

  get isEnded(): boolean {
    return this.state !== 'open' && this.state !== 'sealed';
  }

  /** Queued inputs that could go to a container now. */
  get available(): number {
    return this.isHeld ? 0 : (this.inputs.counts[QUEUED] ?? 0) - this.delayed.size;
  }

  append(count: number, weight: number): void {
    const first = this.inputs.length;
    this.inputs.append(count);
    this.queue.append(first, count, weight);
    if (!this.isHeld) this.fn.queued += count;
  }

  move(first: number, count: number, from: number, to: number): void {
    this.inputs.move(first, count, from, to);
    if (from === RUNNING) this.fn.running -= count;
    if (to === RUNNING) this.fn.running += count;
    if (this.isHeld) return;
    if (from === QUEUED) this.fn.queued -= count;
    if (to === QUEUED) this.fn.queued += count;
  }

  /** Queues stretches of running inputs again, before everything else. */
  giveBack(ranges: readonly { readonly first: number; readonly count: number }[], weight: number): void {
    for (const { first, count } of ranges) this.move(first, count, RUNNING, QUEUED);
    this.queue.giveBack(ranges.map(({ first, count }) => ({ first, count, weight })));
  }

  delay(index: number): void {
    this.delayed.add(index);
    this.fn.delayed += 1;
  }

  /** Whether it was delayed. */
  undelay(index: number): boolean {
    if (!this.delayed.delete(index)) return false;
    this.fn.delayed -= 1;
    return true;
  }

  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.fn.queued += this.inputs.counts[QUEUED] ?? 0;
  }

  endAs(ending: Ending): void {
    if (ENDINGS.indexOf(ending) > ENDINGS.indexOf(this.ending)) this.ending = ending;
  }

  spentOf(index: number): Spent {
    const known = this.spent.get(index);
    if (known !== undefined) return known;
    const none = { user: 0, infrastructure: 0, deaths: 0, swellings: 0 };
    this.spent.set(index, none);
    return none;
  }

  leaseOf(index: number): Lease | undefined {
    for (const lease of this.leases) if (lease.owns(index)) return lease;
    return undefined;
  }

  settledAt(now: number, count: number): void {
    this.#rate ??= new Rate(now);
    this.#rate.add(now, count);
  }

  rate(now: number): number {
    return this.#rate?.perSecond(now) ?? 0;
  }
}
