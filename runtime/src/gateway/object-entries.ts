// An entry of a dict or a queue as the gateway knows it, and the values that are in memory: those that are not committed yet,
// and the newest of the others within a bound. The store has the rest.

import type { BlobId } from '@farcall/kernel-bridge/wire';

export interface Entry {
  /** Counts up within its object. */
  readonly n: number;
  /** What a dict knows its key by; the partition of a queue's item. */
  readonly key: string;
  readonly size: number;
  readonly blob: BlobId | undefined;
  /** Its value; undefined: in a blob, or in the store. */
  bytes: Uint8Array | undefined;
  committed: boolean;
}

/** What an entry costs beside its value. */
const OVERHEAD = 160;

export class ValueCache {
  readonly #held = new Set<Entry>();
  #bytes = 0;

  constructor(private readonly limit: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  hold(entry: Entry): void {
    if (entry.bytes === undefined) return;
    this.#held.add(entry);
    this.#bytes += entry.bytes.length + OVERHEAD;
  }

  /** The store has these now: their values may leave when room is needed. */
  committed(entries: readonly Entry[]): void {
    for (const entry of entries) entry.committed = true;
    if (this.#bytes <= this.limit) return;
    for (const entry of this.#held) {
      if (this.#bytes <= this.limit) return;
      if (entry.committed) this.drop(entry);
    }
  }

  drop(entry: Entry): void {
    if (!this.#held.delete(entry)) return;
    this.#bytes -= (entry.bytes?.length ?? 0) + OVERHEAD;
    entry.bytes = undefined;
  }
}

/** Bytes in an answer: those of a blob do not travel in it. */
export function costOf({ size, blob }: Pick<Entry, 'size' | 'blob'>): number {
  return (blob === undefined ? size : 40) + 4;
}
