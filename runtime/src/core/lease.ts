// A container's right to a range of one call's inputs under one attempt. Exactly one live lease covers a running input,
// so who owns what is known without a field per input. Made by the scheduler, ended by outcomes, revokes and losses.

import { RUNNING } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import type { Container } from './container.js';
import type { Stretch } from './input.js';

export interface LeaseTerms {
  readonly number: number;
  readonly container: Container;
  readonly call: Call;
  readonly first: number;
  readonly count: number;
  readonly attempt: number;
  readonly weight: number;
}

export class Lease {
  readonly number: number;
  readonly container: Container;
  readonly call: Call;
  readonly first: number;
  readonly attempt: number;
  readonly weight: number;
  /** Inputs from here on are no longer the container's. */
  end: number;
  /** Its inputs that are not settled. */
  open: number;
  readonly givenAt: number;
  /** A revoke from this index on is under way. */
  revokeFrom = Infinity;
  /** Inputs before this one have begun, as an earlier revoke found out. */
  begunBefore = 0;
  /** 0, or when the container was told to drop some of it. */
  cancelledAt = 0;
  /** The lowest index it was told to drop. */
  cancelFrom = Infinity;

  constructor(terms: LeaseTerms, now: number) {
    this.number = terms.number;
    this.container = terms.container;
    this.call = terms.call;
    this.first = terms.first;
    this.end = terms.first + terms.count;
    this.attempt = terms.attempt;
    this.weight = terms.weight;
    this.open = terms.count;
    this.givenAt = now;
  }

  owns(index: number): boolean {
    const { inputs } = this.call;
    return (
      index >= this.first &&
      index < this.end &&
      inputs.state(index) === RUNNING &&
      inputs.attempt(index) === this.attempt
    );
  }

  /** Its unsettled inputs from `from` on. */
  owned(from: number): Stretch[] {
    const all = this.call.inputs.stretches(Math.max(from, this.first), this.end);
    return all.filter((stretch) => stretch.state === RUNNING && stretch.attempt === this.attempt);
  }

  /** The input that runs now, if any of this lease does: inputs run in order. */
  get next(): number {
    return this.open === 0 ? this.end : (this.owned(this.first)[0]?.first ?? this.end);
  }
}
