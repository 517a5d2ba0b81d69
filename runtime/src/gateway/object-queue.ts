// A queue as the gateway holds it while it is used: partitions, each first in, first out, and what clients hold of them. An item is
// in its partition or held by one taking, never both; what comes back goes to its old place. It knows nothing of clients' sockets,
// commits or the store.

import type { Holder, ObjectRow } from '../store/objects.js';
import { costOf, type Entry } from './object-entries.js';

export interface Hold {
  readonly holder: Holder;
  readonly partition: string;
  readonly entries: readonly Entry[];
  /** Not all that was asked for had room in one answer. */
  readonly more: boolean;
  /** When its partition goes. */
  readonly until: number;
}

class Partition {
  items: Entry[] = [];
  /** Items before this are gone. */
  first = 0;
  /** Unix seconds; after it the partition is empty. */
  until = Infinity;

  get count(): number {
    return this.items.length - this.first;
  }

  shift(): Entry | undefined {
    const entry = this.items[this.first];
    if (entry === undefined) return undefined;
    this.first += 1;
    if (this.first > 64 && this.first * 2 > this.items.length) {
      this.items = this.items.slice(this.first);
      this.first = 0;
    }
    return entry;
  }

  /** Items taken out before, back in their places. */
  restore(entries: readonly Entry[]): void {
    const left = this.items.slice(this.first);
    this.items = [...entries, ...left].sort((a, b) => a.n - b.n);
    this.first = 0;
  }
}

export class HeldQueue {
  readonly kind = 'queue';
  readonly #partitions = new Map<string, Partition>();
  readonly #holds = new Map<string, Hold>();
  #bytes = 0;
  usedAt = 0;

  constructor(
    readonly row: ObjectRow,
    private next: number,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Partitions that have items. */
  get partitions(): number {
    return this.#partitions.size;
  }

  holds(): Iterable<Hold> {
    return this.#holds.values();
  }

  /** Items of all partitions; not what is held. */
  all(): readonly Entry[] {
    return [...this.#partitions.values()].flatMap(({ items, first }) => items.slice(first));
  }

  has(partition: string): boolean {
    return this.#partitions.has(partition);
  }

  /** Items that nobody holds, of one partition or of all. */
  count(partition?: string): number {
    if (partition !== undefined) return this.#partitions.get(partition)?.count ?? 0;
    let count = 0;
    for (const each of this.#partitions.values()) count += each.count;
    return count;
  }

  number(): number {
    return this.next++;
  }

  put(partition: string, entries: readonly Entry[], until: number): void {
    const into = this.#partitions.get(partition) ?? new Partition();
    this.#partitions.set(partition, into);
    into.items.push(...entries);
    into.until = until;
    for (const { n, size } of entries) {
      this.#bytes += size;
      this.next = Math.max(this.next, n + 1);
    }
  }

  /** Takes up to `count` items, and no more than `bytes` of them (but one at least). Undefined when there is none. */
  take(holder: Holder, partition: string, count: number, bytes: number): Hold | undefined {
    const from = this.#partitions.get(partition);
    if (from === undefined) return undefined;
    const entries: Entry[] = [];
    let left = bytes;
    while (entries.length < count) {
      const next = from.items[from.first];
      if (next === undefined || (entries.length > 0 && costOf(next) > left)) break;
      left -= costOf(next);
      from.shift();
      entries.push(next);
    }
    const hold = { holder, partition, entries, more: entries.length < count && from.count > 0, until: from.until };
    this.#holds.set(nameOf(holder), hold);
    this.#forgetEmpty(partition);
    return hold;
  }

  /** What a restart found to be held. */
  restoreHold(holder: Holder, partition: string, entries: readonly Entry[], until: number): void {
    const before = this.#holds.get(nameOf(holder))?.entries ?? [];
    this.#holds.set(nameOf(holder), { holder, partition, entries: [...before, ...entries], more: true, until });
    for (const { n, size } of entries) {
      this.#bytes += size;
      this.next = Math.max(this.next, n + 1);
    }
  }

  held(holder: Holder): Hold | undefined {
    return this.#holds.get(nameOf(holder));
  }

  /** The holder has them: they are gone. */
  end(holder: Holder): Hold | undefined {
    const hold = this.#unhold(holder);
    for (const { size } of hold?.entries ?? []) this.#bytes -= size;
    return hold;
  }

  /** The holder will not have them: they are back in their places. */
  release(holder: Holder): Hold | undefined {
    const hold = this.#unhold(holder);
    if (hold === undefined) return undefined;
    const into = this.#partitions.get(hold.partition) ?? new Partition();
    this.#partitions.set(hold.partition, into);
    if (into.count === 0) into.until = hold.until;
    into.restore(hold.entries);
    return hold;
  }

  /** Items of one partition, or of all; what is held stays held. */
  clear(partition?: string): readonly Entry[] {
    const names = partition === undefined ? [...this.#partitions.keys()] : [partition];
    const gone = names.flatMap((name) => {
      const each = this.#partitions.get(name);
      this.#partitions.delete(name);
      return each?.items.slice(each.first) ?? [];
    });
    for (const { size } of gone) this.#bytes -= size;
    return gone;
  }

  /** Items of partitions whose time is over at `now`, Unix seconds. `partition`: look at this one only. */
  expire(now: number, partition?: string): readonly Entry[] {
    const looked = partition === undefined ? [...this.#partitions.keys()] : [partition];
    return looked
      .filter((name) => (this.#partitions.get(name)?.until ?? Infinity) <= now)
      .flatMap((name) => this.clear(name));
  }

  /** Items of a partition numbered above `after`, as many as `bytes` allow (but one). */
  after(partition: string, after: number, bytes: number): readonly Entry[] {
    const from = this.#partitions.get(partition);
    const found: Entry[] = [];
    let left = bytes;
    for (let at = from?.first ?? 0; from !== undefined && at < from.items.length; at++) {
      const entry = from.items[at];
      if (entry === undefined || entry.n <= after) continue;
      if (found.length > 0 && costOf(entry) > left) break;
      left -= costOf(entry);
      found.push(entry);
    }
    return found;
  }

  #unhold(holder: Holder): Hold | undefined {
    const hold = this.#holds.get(nameOf(holder));
    this.#holds.delete(nameOf(holder));
    return hold;
  }

  #forgetEmpty(partition: string): void {
    if (this.#partitions.get(partition)?.count === 0) this.#partitions.delete(partition);
  }
}

function nameOf({ client, op }: Holder): string {
  return `${client} ${op}`;
}
