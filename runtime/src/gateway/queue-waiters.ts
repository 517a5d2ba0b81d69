// Who waits at a queue: for an item, for room, or for something to read. First come, first served, each partition by itself. A
// waiter goes with its connection; its client asks again when it is back.

import type { ClientSession } from './clients.js';
import { HeldQueue } from './object-queue.js';

export interface Waiter {
  readonly client: ClientSession;
  readonly request: number;
  readonly op: number;
  readonly partition: string;
  readonly what: 'get' | 'put' | 'read';
  /** Tries again. Whether that was all it waited for. */
  readonly serve: () => boolean;
  /** It is not wanted any more, or cannot come true. */
  readonly giveUp: () => void;
  /** Payload bytes that wait with it. */
  readonly bytes: number;
}

export class QueueWaiters {
  readonly #waiting = new Map<string, Waiter[]>();

  get count(): number {
    let count = 0;
    for (const waiters of this.#waiting.values()) count += waiters.length;
    return count;
  }

  /** In the place of the same one of an earlier connection. */
  add(waiter: Waiter): void {
    const waiters = this.#waiting.get(waiter.partition) ?? [];
    this.#waiting.set(waiter.partition, waiters);
    const at = waiters.findIndex(({ client, op }) => client.id === waiter.client.id && op === waiter.op);
    if (at === -1) waiters.push(waiter);
    else waiters[at] = waiter;
  }

  /** Whether somebody else waits for room there. */
  hasPutter(partition: string): boolean {
    return this.#waiting.get(partition)?.some(({ what }) => what === 'put') === true;
  }

  /** Something changed in this partition: those whose turn it is are served, until nobody can be. */
  serve(partition: string): void {
    for (let again = true; again;) {
      again = this.#serveAll(partition, 'read') || this.#serveFirst(partition, 'get');
      again = this.#serveFirst(partition, 'put') || again;
    }
  }

  /** Takes out one that was not served. */
  leave(client: ClientSession['id'], op: number): Waiter | undefined {
    for (const waiters of this.#waiting.values()) {
      const found = waiters.find((waiter) => waiter.client.id === client && waiter.op === op);
      if (found === undefined) continue;
      this.#remove(found);
      return found;
    }
    return undefined;
  }

  /** The connection is gone. */
  drop(client: ClientSession): void {
    for (const waiters of [...this.#waiting.values()])
      for (const waiter of waiters.filter((each) => each.client === client)) this.#remove(waiter);
  }

  giveUpAll(): void {
    for (const waiters of [...this.#waiting.values()])
      for (const waiter of [...waiters]) {
        this.#remove(waiter);
        waiter.giveUp();
      }
  }

  get bytes(): number {
    let bytes = 0;
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) bytes += waiter.bytes;
    return bytes;
  }

  #serveFirst(partition: string, what: Waiter['what']): boolean {
    const first = this.#waiting.get(partition)?.find((waiter) => waiter.what === what);
    if (first?.serve() !== true) return false;
    this.#remove(first);
    return true;
  }

  #serveAll(partition: string, what: Waiter['what']): boolean {
    const served = (this.#waiting.get(partition) ?? []).filter((waiter) => waiter.what === what && waiter.serve());
    for (const waiter of served) this.#remove(waiter);
    return served.length > 0;
  }

  #remove(waiter: Waiter): void {
    const left = (this.#waiting.get(waiter.partition) ?? []).filter((each) => each !== waiter);
    if (left.length > 0) this.#waiting.set(waiter.partition, left);
    else this.#waiting.delete(waiter.partition);
  }
}

/** A queue with those who wait at it. */
export class UsedQueue extends HeldQueue {
  readonly waiters = new QueueWaiters();
}
