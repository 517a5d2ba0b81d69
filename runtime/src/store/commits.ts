// The groups on their way to the store's thread. Whatever was appended while the last commit ran goes out as one
// transaction, so an idle store answers at once and a busy one pays for one commit per hundreds of operations.
// A group that is in the redo log is durable already: it answers at once, and lingers here so that many make one commit.
// Nothing here bounds the queue: the credit of those who append does.

import { setTimeout } from 'node:timers/promises';

import { StoreFull } from './errors.js';
import type { RedoLog } from './redo-log.js';
import type { Write } from './writes.js';

/** Writes sent in one transaction, unless a single group has more. */
const MOST_WRITES = 2048;
/** How long groups that are durable already wait for company. */
const LINGER_MS = 50;
/** Durable ones that the disk had no room for are offered again after this. */
const AGAIN_MS = 500;

interface Group {
  readonly writes: readonly Write[];
  /** Its number in the redo log; 0: it is not there. */
  readonly logged: number;
  isReady: boolean;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}
/**
 * Commits the groups as one transaction, with the number of the newest record of the redo log among them (0: none).
 * Resolves with an error, or undefined, per group; an empty list: all went well.
 */
export type Send = (groups: readonly (readonly Write[])[], logged: number) => Promise<readonly (Error | undefined)[]>;

export class Commits {
  #queue: Group[] = [];
  #sending: Promise<void> | undefined;
  /** Groups, queued or under way, that are not in the redo log: nothing may overtake them there. */
  #unlogged = 0;
  #lingering: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(
    private readonly send: Send,
    private readonly log?: RedoLog,
    /** A group of the redo log that the store's thread refused. */
    private readonly onLost: (error: unknown) => void = () => undefined,
  ) {}

  /**
   * Resolves when the writes are committed. They wait for `before` (their payload's files), and keep later groups
   * waiting. `small`: they may go through the redo log, since the store will not refuse them.
   */
  add(writes: readonly Write[], before: Promise<unknown> | undefined, small = false): Promise<void> {
    const logged = small && before === undefined ? this.#logged(writes) : 0;
    if (logged > 0) {
      this.#queue.push({ writes, logged, isReady: true, done: () => undefined, failed: this.onLost });
      if (this.#queue.length < MOST_WRITES) this.#linger();
      else this.#pump();
      return Promise.resolve();
    }
    this.#unlogged += 1;
    return new Promise((done, failed) => {
      const group: Group = { writes, logged, isReady: before === undefined, done, failed };
      this.#queue.push(group);
      before?.then(
        () => this.#ready(group),
        (error: unknown) => this.#drop(group, error),
      );
      this.#pump();
    });
  }

  /** Resolves when nothing is queued or under way. */
  async drained(): Promise<void> {
    if (this.#sending === undefined && this.#queue.length === 0) return;
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#pump();
    await idle;
  }

  /** Resolves when the store's thread was told all that is in the redo log: what it is asked after that, it knows. */
  async told(): Promise<void> {
    while (this.#queue.some(({ logged }) => logged > 0)) {
      this.#pump();
      await this.#sending;
    }
  }

  /** The record's number; 0 when the group has to go the other way. */
  #logged(writes: readonly Write[]): number {
    if (this.log === undefined || this.#unlogged > 0 || !this.log.hasRoom) return 0;
    try {
      return this.log.append(writes);
    } catch {
      return 0; // the other way has words for a full disk
    }
  }

  #linger(): void {
    this.#lingering ??= globalThis.setTimeout(() => {
      this.#lingering = undefined;
      this.#pump();
    }, LINGER_MS);
  }

  #ready(group: Group): void {
    group.isReady = true;
    this.#pump();
  }

  #drop(group: Group, error: unknown): void {
    this.#queue = this.#queue.filter((other) => other !== group);
    this.#unlogged -= 1;
    group.failed(error);
    this.#pump();
  }

  #pump(): void {
    if (this.#sending !== undefined) return;
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    const batch = this.#take();
    if (batch.length > 0) this.#sending = this.#commit(batch);
    else if (this.#queue.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The longest stretch of ready groups that one transaction takes. */
  #take(): Group[] {
    let end = 0;
    for (let writes = 0; end < this.#queue.length; end += 1) {
      const group = this.#queue[end];
      writes += group?.writes.length ?? 0;
      if (group?.isReady !== true || (end > 0 && writes > MOST_WRITES)) break;
    }
    return this.#queue.splice(0, end);
  }

  async #commit(batch: readonly Group[]): Promise<void> {
    const logged = batch.reduce((newest, group) => Math.max(newest, group.logged), 0);
    try {
      const errors = await this.send(
        batch.map(({ writes }) => writes),
        logged,
      );
      const again = batch.filter((group, at) => group.logged > 0 && errors[at] instanceof StoreFull);
      batch.forEach((group, at) => again.includes(group) || this.#settle(group, errors[at]));
      this.#queue.unshift(...again);
      if (logged > 0 && again.length === 0) this.log?.applied(logged);
      if (again.length > 0) await setTimeout(AGAIN_MS);
    } catch (error) {
      for (const group of batch) this.#settle(group, error);
    }
    this.#sending = undefined;
    if (this.#unlogged > 0 || this.#queue.length === 0 || this.#idle.length > 0) this.#pump();
    else this.#linger();
  }

  #settle(group: Group, error: unknown): void {
    if (group.logged === 0) this.#unlogged -= 1;
    if (error === undefined) group.done();
    else group.failed(error);
  }
}
