// The order between what is durable and what is said. Operations join the current group; facts wait for every group before
// them and run in order. One group is with the store at a time; what comes meanwhile makes the next one (group commit).
// What nobody waits for is patient: it lingers for company, so that a lone call and its outcome are one commit.
// When the store has no room for new work, that part of a group is set aside, with the facts about the same calls, and
// offered again; what running work needs goes on. Nothing is lost, and nothing is announced early.

import { isNew } from '../store/operations.js';
import type { Operation } from '../store/store.js';
import type { Failpoint } from './failpoint.js';

export interface Appends {
  append(group: readonly Operation[]): Promise<void>;
}
export interface CommitsOptions {
  readonly store: Appends;
  /** Runs after the facts of one group, for whoever collects what they changed. */
  readonly afterFacts: () => void;
  /** The store did not take something; it is offered again after `retryMs`. */
  readonly onRefused: (error: Error) => void;
  /** Whether the error means: no room for new work. */
  readonly isFull: (error: unknown) => boolean;
  readonly retryMs: number;
  readonly failpoint?: Failpoint | undefined;
}
/** How long something patient may wait for a group that has to go. */
const LINGER_MS = 5;

/** soon: within a few milliseconds, with whatever has to go before. */
export type When = 'now' | 'soon';
/** Something to say; `about`: the call or function it speaks of. */
interface Fact {
  readonly say: () => void;
  readonly about: string;
}
interface Group {
  operations: Operation[];
  facts: Fact[];
  bytes: number;
}

export class Commits {
  #group: Group = emptyGroup();
  #inFlight: Group | undefined;
  #setAside: Group = emptyGroup();
  #isRetrying = false;
  #scheduled = false;
  #isLingering = false;
  #idle: (() => void)[] = [];

  constructor(private readonly options: CommitsOptions) {}

  persist(operation: Operation, bytes = 0, when: When = 'now'): void {
    this.#group.operations.push(operation);
    this.#group.bytes += bytes;
    this.#schedule(when);
  }

  /** Runs `say` once everything persisted so far has committed; `about`: the call or function whose operations it needs. */
  fact(about: string, say: () => void, when: When = 'now'): void {
    this.#group.facts.push({ say, about });
    this.#schedule(when);
  }

  /** Payload bytes that are not durable yet. */
  get waitingBytes(): number {
    return this.#group.bytes + (this.#inFlight?.bytes ?? 0) + this.#setAside.bytes;
  }

  /** Operations that are not durable yet, but for those set aside. */
  get waitingCount(): number {
    return this.#group.operations.length + (this.#inFlight?.operations.length ?? 0);
  }

  /** The store has no room for new work: refuse it at the door. */
  get isFull(): boolean {
    return this.#setAside.operations.length > 0;
  }

  /** Resolves when nothing waits for a commit that can happen. */
  idle(): Promise<void> {
    if (this.#inFlight === undefined && isEmpty(this.#group)) return Promise.resolve();
    this.#schedule('now');
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** A microtask: the frames of one socket read share a group, and a lone one is not delayed. */
  #schedule(when: When): void {
    if (this.#scheduled || this.#inFlight !== undefined) return;
    if (when === 'soon') return this.#linger();
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#next();
    });
  }

  /** One timer for all that lingers; what went meanwhile is not there any more when it ends. */
  #linger(): void {
    if (this.#isLingering) return;
    this.#isLingering = true;
    setTimeout(() => {
      this.#isLingering = false;
      this.#schedule('now');
    }, LINGER_MS);
  }

  #next(): void {
    if (this.#inFlight !== undefined) return;
    if (isEmpty(this.#group)) {
      for (const resume of this.#idle.splice(0)) resume();
      return;
    }
    const group = this.#group;
    this.#group = emptyGroup();
    if (this.isFull) this.#withhold(group);
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
      if (globalThis.FAILPOINTS === true) this.options.failpoint?.('before', group.operations);
      await this.options.store.append(group.operations);
      if (globalThis.FAILPOINTS === true) this.options.failpoint?.('after', group.operations);
    } catch (error) {
      this.#refused(group, error);
      return;
    }
    this.#inFlight = undefined;
    this.#say(group);
    this.#next();
  }

  #refused(group: Group, error: unknown): void {
    this.options.onRefused(error instanceof Error ? error : new Error(String(error)));
    const before = group.operations.length;
    if (this.options.isFull(error)) this.#withhold(group);
    if (group.operations.length < before) {
      if (group.operations.length > 0) return void this.#append(group);
      this.#inFlight = undefined;
      this.#next();
    } else setTimeout(() => void this.#append(group), this.options.retryMs).unref();
    return undefined;
  }

  /** Takes out of a group what is new, and all that follows from it. */
  #withhold(group: Group): void {
    const subjects = new Set(this.#setAside.operations.map(subjectOf));
    for (const operation of group.operations) if (isNew(operation)) subjects.add(subjectOf(operation));
    if (subjects.size === 0) return;
    const isLater = (operation: Operation): boolean => subjects.has(subjectOf(operation));
    this.#setAside.operations.push(...group.operations.filter(isLater));
    group.operations = group.operations.filter((operation) => !isLater(operation));
    this.#setAside.facts.push(...group.facts.filter(({ about }) => subjects.has(about)));
    group.facts = group.facts.filter(({ about }) => !subjects.has(about));
    this.#setAside.bytes += group.bytes;
    group.bytes = 0;
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#retryLater();
  }

  #retryLater(): void {
    setTimeout(() => void this.#offerAgain(), this.options.retryMs).unref();
  }

  async #offerAgain(): Promise<void> {
    const group = this.#setAside;
    const offered = group.operations.length;
    const facts = group.facts.length;
    try {
      await this.options.store.append(group.operations.slice());
    } catch (error) {
      this.options.onRefused(error instanceof Error ? error : new Error(String(error)));
      return this.#retryLater();
    }
    this.#isRetrying = false;
    const came: Group = { operations: group.operations.slice(offered), facts: group.facts.slice(facts), bytes: 0 };
    this.#setAside = emptyGroup();
    this.#say({ operations: [], facts: group.facts.slice(0, facts), bytes: 0 });
    this.#group = {
      operations: [...came.operations, ...this.#group.operations],
      facts: [...came.facts, ...this.#group.facts],
      bytes: this.#group.bytes,
    };
    this.#schedule('now');
  }

  #say(group: Group): void {
    for (const { say } of group.facts) say();
    this.options.afterFacts();
  }
}

function emptyGroup(): Group {
  return { operations: [], facts: [], bytes: 0 };
}

function isEmpty(group: Group): boolean {
  return group.operations.length === 0 && group.facts.length === 0;
}

function subjectOf(operation: Operation): string {
  if ('object' in operation) return operation.object;
  if ('app' in operation) return subjectOfApp(operation.app);
  if ('call_id' in operation) return operation.call_id;
  if ('call_id' in operation.row) return operation.row.call_id;
  return operation.put === 'function' ? operation.row.function_id : '';
}

/** What facts about an app are about. */
export function subjectOfApp(app: string): string {
  return `app ${app}`;
}
