// A dict as the gateway holds it while it is used: which keys there are, in the order they came, and where each value is. Keys
// are compared as bytes. It knows nothing of clients, commits or the store.

import { createHash } from 'node:crypto';

import type { ObjectRow } from '../store/objects.js';
import type { Entry } from './object-entries.js';

/** Longer keys are known by their hash. */
const SHORT_KEY = 64;

export class HeldDict {
  readonly kind = 'dict';
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  usedAt = 0;

  constructor(
    readonly row: ObjectRow,
    private next: number,
  ) {}

  get count(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** A number for a new key; one that is there keeps its number, and so its place. */
  numberFor(key: string): number {
    const before = this.#entries.get(key);
    return before === undefined ? this.next++ : before.n;
  }

  /** Returns the entry that it replaces. */
  set(entry: Entry): Entry | undefined {
    const before = this.#entries.get(entry.key);
    this.#entries.set(entry.key, entry);
    this.#bytes += entry.size - (before?.size ?? 0);
    this.next = Math.max(this.next, entry.n + 1);
    return before;
  }

  remove(entry: Entry): void {
    if (this.#entries.get(entry.key) === entry && this.#entries.delete(entry.key)) this.#bytes -= entry.size;
  }

  clear(): readonly Entry[] {
    const all = [...this.#entries.values()];
    this.#entries.clear();
    this.#bytes = 0;
    return all;
  }

  /** Entries numbered above `after`, in order. */
  *after(after: number): Iterable<Entry> {
    for (const entry of this.#entries.values()) if (entry.n > after) yield entry;
  }
}

/** What a key is known by in memory. */
export function nameOfKey(key: Uint8Array): string {
  if (key.length <= SHORT_KEY) return Buffer.from(key).toString('latin1');
  // No short key begins with a letter beyond latin1.
  return `\u0100${createHash('sha256').update(key).digest('base64')}`;
}
