// The groups on their way to the store's thread. Whatever was appended while the last commit ran goes out as one
// transaction, so an idle store answers at once and a busy one pays for one commit per hundreds of operations.
// Nothing here bounds the queue: the credit of those who append does.

import type { Write } from './writes.js';

/** Writes sent in one transaction, unless a single group has more. */
const MOST_WRITES = 2048;

interface Group {
  readonly writes: readonly Write[];
  isReady: boolean;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}
/**
 * Commits the groups as one transaction. Resolves with an error, or undefined, per group; an empty list: all went
 * well.
 */
export type Send = (groups: readonly (readonly Write[])[]) => Promise<readonly (Error | undefined)[]>;

export class Commits {
  #queue: Group[] = [];
  #sending = false;
  #idle: (() => void)[] = [];

  constructor(private readonly send: Send) {}

  /**
   * Resolves when the writes are committed. They wait for `before` (their payload's files), and keep later groups
   * waiting.
   */
  add(writes: readonly Write[], before: Promise<unknown> | undefined): Promise<void> {
    return new Promise((done, failed) => {
      const group: Group = { writes, isReady: before === undefined, done, failed };
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
    if (!this.#sending && this.#queue.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #ready(group: Group): void {
    group.isReady = true;
    this.#pump();
  }

  #drop(group: Group, error: unknown): void {
    this.#queue = this.#queue.filter((other) => other !== group);
    group.failed(error);
    this.#pump();
  }

  #pump(): void {
    if (this.#sending) return;
    const batch = this.#take();
    if (batch.length > 0) void this.#commit(batch);
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
    this.#sending = true;
    try {
      const errors = await this.send(batch.map(({ writes }) => writes));
      batch.forEach((group, at) => settle(group, errors[at]));
    } catch (error) {
      for (const group of batch) group.failed(error);
    }
    this.#sending = false;
    this.#pump();
  }
}

function settle(group: Group, error: Error | undefined): void {
  if (error === undefined) group.done();
  else group.failed(error);
}
