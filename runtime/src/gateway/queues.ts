// What clients do to queues. An item that was put goes to exactly one taker: it is held for it, durably, until the taker says that
// it has it; if the taker is gone for good before that, the item goes back to its place. Nothing is said before it is committed.

import { type BlobId, IN_BLOB } from '@farcall/kernel-bridge/wire';

import type { Entry } from './object-entries.js';
import type { Hold } from './object-queue.js';
import { type Asker, type Objects, tellDone } from './objects.js';
import type { UsedQueue, Waiter } from './queue-waiters.js';
import { Refusal } from './refusal.js';
import { bytesOf, joined, kept, NOTHING } from './tables.js';

/** Of an answer, so that it fits a frame. */
const PAGE_BYTES = 640 * 1024;
/** Of puts that wait for room, over one queue. */
const WAITING_BYTES = 64 * 1024 * 1024;
const MOST_WAITERS = 10_000;

export interface Item {
  readonly size: number;
  readonly value: Uint8Array | undefined;
  readonly blob: BlobId | undefined;
}
export interface Put {
  readonly partition: string;
  readonly items: readonly Item[];
  /** Seconds. */
  readonly ttl: number;
  readonly wait: boolean;
}
export interface Get {
  readonly partition: string;
  readonly count: number;
  readonly wait: boolean;
}
export interface Read {
  readonly partition: string;
  readonly after: number;
  readonly wait: boolean;
}

export class Queues {
  constructor(private readonly objects: Objects) {
    objects.onChanged = (queue, partition) => queue.waiters.serve(partition);
  }

  put(queue: UsedQueue, asker: Asker, put: Put): void | Promise<void> {
    return this.objects.once(queue.row.object_id, asker, tellDone, () => this.#offer(queue, asker, put));
  }

  #offer(queue: UsedQueue, asker: Asker, put: Put): void {
    const { partition, items } = put;
    this.objects.expire(queue, partition);
    this.#mustBePossible(queue, put);
    const full = (): void => tellDone(asker, { count: 0 });
    const serve = (): boolean => {
      if (queue.count(partition) + items.length > this.objects.limits.items) return false;
      this.#put(queue, asker, put);
      return true;
    };
    if (!queue.waiters.hasPutter(partition) && serve()) return queue.waiters.serve(partition);
    if (!put.wait) return this.objects.say(queue.row.object_id, full);
    const bytes = items.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    return this.#wait(queue, { ...asker, partition, what: 'put', serve, giveUp: full, bytes });
  }

  get(queue: UsedQueue, asker: Asker, { partition, count, wait }: Get): void {
    const holder = { client: asker.client.id, op: asker.op };
    const before = queue.held(holder);
    if (before !== undefined) return this.#sayHold(queue, asker, before);
    this.objects.expire(queue, partition);
    const serve = (): boolean => {
      const hold = queue.take(holder, partition, count, PAGE_BYTES);
      if (hold === undefined) return false;
      const numbers = hold.entries.map(({ n }) => n);
      this.objects.write({ put: 'entries.held', object: queue.row.object_id, numbers, holder });
      this.objects.counts.taken += numbers.length;
      this.#sayHold(queue, asker, hold);
      return true;
    };
    if (serve()) return queue.waiters.serve(partition);
    if (!wait) return this.#sayNothing(queue, asker);
    return this.#wait(queue, {
      ...asker,
      partition,
      what: 'get',
      serve,
      giveUp: () => this.#sayNothing(queue, asker),
      bytes: 0,
    });
  }

  /** Items, and not taking them. */
  read(queue: UsedQueue, asker: Asker, { partition, after, wait }: Read): void {
    this.objects.expire(queue, partition);
    const serve = (): boolean => {
      const found = queue.after(partition, after, PAGE_BYTES);
      if (found.length === 0) return false;
      this.objects.say(queue.row.object_id, () => this.#send(queue, asker, found, false));
      return true;
    };
    if (serve()) return;
    if (!wait) return this.#sayNothing(queue, asker);
    this.#wait(queue, {
      ...asker,
      partition,
      what: 'read',
      serve,
      giveUp: () => this.#sayNothing(queue, asker),
      bytes: 0,
    });
  }

  /** The client has what it took. */
  taken(queue: UsedQueue, asker: Asker): void {
    const id = queue.row.object_id;
    const hold = queue.end({ client: asker.client.id, op: asker.op });
    this.objects.answers.end(asker.client.id, asker.op);
    const entries = hold?.entries ?? [];
    if (entries.length > 0) this.objects.write({ put: 'entries.gone', object: id, numbers: entries.map(({ n }) => n) });
    this.objects.say(id, () => {
      this.objects.gone(entries);
      tellDone(asker, { count: entries.length });
    });
  }

  /** The client waits no longer. `release`: nor does it want what was on its way to it, which goes back. */
  leave(queue: UsedQueue, asker: Asker, release: boolean): void {
    const { client, op } = asker;
    const waiter = queue.waiters.leave(client.id, op);
    waiter?.giveUp();
    if (waiter?.what === 'put') queue.waiters.serve(waiter.partition);
    if (release) this.objects.release(queue, { client: client.id, op });
    if (release || waiter !== undefined) this.objects.answers.end(client.id, op);
    this.objects.say(queue.row.object_id, () => tellDone(asker, { count: 0 }));
  }

  clear(queue: UsedQueue, asker: Asker, partition: string | undefined): void {
    const id = queue.row.object_id;
    const gone = queue.clear(partition);
    if (gone.length > 0) this.objects.write({ put: 'entries.gone', object: id, numbers: gone.map(({ n }) => n) });
    this.objects.answered(id, asker, { count: gone.length });
    this.objects.say(id, () => {
      this.objects.gone(gone);
      tellDone(asker, { count: gone.length });
    });
    for (const name of new Set(gone.map(({ key }) => key))) queue.waiters.serve(name);
  }

  #put(queue: UsedQueue, asker: Asker, { partition, items, ttl }: Put): void {
    const id = queue.row.object_id;
    const until = Date.now() / 1000 + ttl;
    const entries = items.map(({ size, value, blob }): Entry => {
      const bytes = blob === undefined ? kept(value ?? NOTHING) : undefined;
      return { n: queue.number(), key: partition, size, blob, bytes, committed: false };
    });
    for (const entry of entries) this.objects.values.hold(entry);
    queue.put(partition, entries, until);
    const key = new Uint8Array(Buffer.from(partition));
    const rows = entries.map(({ n, size, blob, bytes }) => ({
      n,
      key,
      size,
      until,
      value: blob === undefined ? { bytes: bytes ?? NOTHING } : { blob },
    }));
    this.objects.write(
      { put: 'entries', object: id, rows },
      rows.reduce((sum, { size }) => sum + size, 0),
    );
    this.objects.answered(id, asker, { count: rows.length });
    this.objects.counts.put += rows.length;
    this.objects.say(id, () => {
      this.objects.values.committed(entries);
      tellDone(asker, { count: rows.length });
    });
  }

  #mustBePossible(queue: UsedQueue, { partition, items }: Put): void {
    const { items: most, partitions, object } = this.objects.limits;
    const size = items.reduce((sum, item) => sum + item.size, 0);
    if (items.length > most)
      throw new Refusal('resource.exhausted', `a partition takes ${most} items, ${items.length} were put at once`);
    if (!queue.has(partition) && queue.partitions >= partitions)
      throw new Refusal('resource.exhausted', `a queue takes ${partitions} partitions, and this one has as many`);
    if (queue.bytes + size > object)
      throw new Refusal('resource.exhausted', `a queue takes ${object} bytes, this one has ${queue.bytes}`);
  }

  #wait(queue: UsedQueue, waiter: Waiter): void {
    const { waiters } = queue;
    if (waiters.count >= MOST_WAITERS)
      throw new Refusal('resource.exhausted', `${MOST_WAITERS} clients wait at this queue already`);
    if (waiter.bytes > 0 && waiters.bytes + waiter.bytes > WAITING_BYTES)
      throw new Refusal('resource.exhausted', 'too much waits to be put into this queue: it is full');
    waiters.add(waiter);
  }

  #sayHold(queue: UsedQueue, asker: Asker, hold: Hold): void {
    this.objects.say(queue.row.object_id, () => this.#send(queue, asker, hold.entries, hold.more));
  }

  #sayNothing(queue: UsedQueue, asker: Asker): void {
    this.objects.say(queue.row.object_id, () => tellNothing(asker));
  }

  #send(queue: UsedQueue, { client, request }: Asker, entries: readonly Entry[], more: boolean): void {
    const send = (values: readonly (Uint8Array | undefined)[]): void => {
      const blobs = entries.flatMap(({ blob }) => blob ?? []);
      const found = entries.map(({ blob }, at) => (blob === undefined ? (values[at] ?? NOTHING) : NOTHING));
      const lengths = Uint32Array.from(found, ({ length }, at) => (entries[at]?.blob === undefined ? length : IN_BLOB));
      const named = blobs.length === 0 ? {} : { blobs };
      const next = entries.at(-1)?.n ?? 0;
      client.send({ type: 'queue.items', request, lengths: bytesOf(lengths), ...named, more, next }, joined(found));
    };
    if (entries.every(({ bytes, blob }) => bytes !== undefined || blob !== undefined))
      return send(entries.map(({ bytes }) => bytes));
    const read = this.objects.valuesOf(queue.row.object_id, entries).then(send);
    return this.objects.late(read, { client, request });
  }
}

export function tellNothing({ client, request }: Omit<Asker, 'op'>): void {
  client.send({ type: 'queue.items', request, lengths: NOTHING, more: false, next: 0 });
}
