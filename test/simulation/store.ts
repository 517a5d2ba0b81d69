// The simulated store: a group is committed whole, later than it was asked, or lost when the gateway dies first.

import {
  SUCCEEDED,
  type CallId,
  type ContainerId,
  type FunctionId,
  type FunctionSpec,
} from '@farcall/kernel-bridge/wire';

import type { CallOpening, SettledRun } from '../../runtime/src/core/events.js';
import type { CallView } from '../../runtime/src/core/core.js';
import type { Clock } from './clock.js';
import type { History, Told } from './history.js';
import type { Dice } from './random.js';

export interface StoredCall {
  readonly opening: CallOpening;
  readonly values: number[];
  readonly outcomes: Told[];
  readonly attempts: Map<number, number>;
  state: string;
  sealed: boolean;
  attached: boolean;
  createdAt: number;
  startedAt: number;
  endedAt: number;
}
export interface Group {
  readonly operations: (() => void)[];
  readonly facts: (() => void)[];
}

/** Where in a commit the gateway may die. */
export type CommitPoint = 'before' | 'after' | 'half told';

export class Store {
  readonly functions = new Map<FunctionId, FunctionSpec>();
  readonly calls = new Map<CallId, StoredCall>();
  readonly containers = new Map<ContainerId, { readonly function: FunctionId; hasSpoken: boolean }>();
  /** The world looks on; it may kill the gateway here. */
  onCommit: (point: CommitPoint) => void = () => undefined;
  /** How long a commit may take. */
  slowestMs = 4;
  #freeAt = 0;
  #toldAt = 0;

  constructor(
    private readonly clock: Clock,
    private readonly dice: Dice,
    private readonly history: History,
  ) {}

  /** Commits in order. `isAlive`: whether the gateway that asked still lives; its death may fall before or after the commit. */
  append(group: Group, isAlive: () => boolean): void {
    const commitAt = Math.max(this.#freeAt, this.clock.now + this.dice.between(0.1, this.slowestMs));
    this.#freeAt = commitAt;
    this.clock.at(commitAt, () => {
      if (isAlive()) this.onCommit('before');
      if (!isAlive()) return;
      for (const operation of group.operations) operation();
      this.onCommit('after');
      this.#toldAt = Math.max(this.#toldAt, commitAt + this.dice.between(0, 0.5));
      this.clock.at(this.#toldAt, () => this.#tell(group.facts, isAlive));
    });
  }

  #tell(facts: readonly (() => void)[], isAlive: () => boolean): void {
    facts.forEach((fact, at) => {
      if (at === Math.floor(facts.length / 2) && isAlive()) this.onCommit('half told');
      if (isAlive()) fact();
    });
  }

  open(opening: CallOpening, view: CallView): void {
    const { state, sealed, attached, createdAt, startedAt, endedAt } = view;
    this.calls.set(opening.call, {
      opening,
      values: [],
      outcomes: [],
      attempts: new Map(),
      state,
      sealed,
      attached,
      createdAt,
      startedAt,
      endedAt,
    });
  }

  addOutcomes(id: CallId, seq: number, told: readonly Told[]): void {
    this.history.committed(id, seq, told);
    this.calls.get(id)?.outcomes.push(...told);
  }

  settledOf(call: StoredCall): SettledRun[] {
    const sorted = [...call.outcomes].sort((a, b) => a.index - b.index);
    const runs: { first: number; count: number; status: number }[] = [];
    for (const { index, status } of sorted) {
      const last = runs.at(-1);
      if (last !== undefined && last.first + last.count === index && last.status === status) last.count += 1;
      else runs.push({ first: index, count: 1, status });
    }
    return runs;
  }

  /** The value of an input, through derived calls. */
  value(id: CallId, index: number): number | undefined {
    const call = this.calls.get(id);
    const base = call?.opening.base;
    if (base === undefined) return call?.values[index];
    return this.value(base.call, base.indexes[index] ?? -1);
  }

  succeeded(id: CallId): number {
    return this.calls.get(id)?.outcomes.filter(({ status }) => status === SUCCEEDED).length ?? 0;
  }
}
