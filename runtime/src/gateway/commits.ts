// The order between what is durable and what is said. Operations join the current group; facts wait for every group before
// them and run in order. One group is with the store at a time; what comes meanwhile makes the next one (group commit).
// When the disk is nearly full the group is offered again until it is taken: nothing is lost and nothing is announced early.

import type { Operation } from '../store/store.js';

export interface Appends {
  append(group: readonly Operation[]): Promise<void>;
}
export interface CommitsOptions {
  readonly store: Appends;
  /** Runs after the facts of one group, for whoever collects what they changed. */
  readonly afterFacts: () => void;
  /** The store did not take a group; it is offered again after `retryMs`. */
  readonly onRefused: (error: Error) => void;
  readonly retryMs: number;
}
interface Group {
  operations: Operation[];
  facts: (() => void)[];
  bytes: number;
}

export class Commits {
  #group: Group = emptyGroup();
  #inFlight: Group | undefined;
  #scheduled = false;
  #idle: (() => void)[] = [];
  /** Since the last refusal, until a group is taken again. */
  full = false;

  constructor(private readonly options: CommitsOptions) {}

  persist(operation: Operation, bytes = 0): void {
    this.#group.operations.push(operation);
    this.#group.bytes += bytes;
    this.#schedule();
  }

  /** Runs `say` once everything persisted so far has committed. */
  fact(say: () => void): void {
    this.#group.facts.push(say);
    this.#schedule();
  }

  /** Payload bytes that are not durable yet. */
  get waitingBytes(): number {
    return this.#group.bytes + (this.#inFlight?.bytes ?? 0);
  }

  /** Resolves when nothing waits for a commit. */
  idle(): Promise<void> {
    if (this.#inFlight === undefined && isEmpty(this.#group)) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** A microtask: the frames of one socket read share a group, and a lone one is not delayed. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight !== undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#next();
    });
  }

  #next(): void {
    if (isEmpty(this.#group)) {
      for (const resume of this.#idle.splice(0)) resume();
      return;
    }
    const group = this.#group;
    this.#group = emptyGroup();
    if (group.operations.length === 0) {
      this.#say(group);
      this.#next();
      return;
    }
    this.#inFlight = group;
    void this.#append(group);
  }

  async #append(group: Group): Promise<void> {
    try {
      await this.options.store.append(group.operations);
    } catch (error) {
      this.full = true;
      this.options.onRefused(error instanceof Error ? error : new Error(String(error)));
      setTimeout(() => void this.#append(group), this.options.retryMs).unref();
      return;
    }
    this.full = false;
    this.#inFlight = undefined;
    this.#say(group);
    this.#next();
  }

  #say(group: Group): void {
    for (const say of group.facts) say();
    this.options.afterFacts();
  }
}

function emptyGroup(): Group {
  return { operations: [], facts: [], bytes: 0 };
}

function isEmpty(group: Group): boolean {
  return group.operations.length === 0 && group.facts.length === 0;
}
