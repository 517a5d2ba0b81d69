// What is deleted when: final calls after their days, payloads beyond the budget, read longest ago first, and files
// that no row owns. Rows go before files, so a crash in between leaves only files, which the next sweep finds.
// There may be millions of calls, so they are looked at a page at a time.

import type { BlobId, CallId } from '@farcall/kernel-bridge/wire';
import { isBlobId } from '@farcall/kernel-bridge/wire';

import type { Link } from './link.js';
import type { Payloads } from './payloads.js';
import type { Expired, Keep } from './store.js';
import type { Write } from './writes.js';

/** A file without an owner may belong to a submit under way; after this it does not. */
const ORPHAN_MS = 24 * 3600 * 1000;
/** Calls, or files, looked at together. */
const PAGE = 500;

interface Candidate {
  readonly id: CallId;
  /** Payload bytes in rows and in the call's files. */
  readonly bytes: number;
}

interface Blob {
  readonly id: BlobId;
  readonly size: number;
}

export class Retention {
  /** Unix seconds of the last read, not yet in the file. */
  readonly #reads = new Map<CallId, number>();

  constructor(
    private readonly link: Link,
    private readonly payloads: Payloads,
    private readonly commit: (writes: readonly Write[]) => Promise<void>,
  ) {}

  wasRead(call: CallId): void {
    this.#reads.set(call, Date.now() / 1000);
  }

  /** Writes down what was read when. */
  async flush(): Promise<void> {
    const writes = [...this.#reads].map(([call, at]): Write => ['call.read', at, call]);
    this.#reads.clear();
    if (writes.length > 0) await this.commit(writes);
  }

  async expire(keep: Keep): Promise<Expired> {
    await this.flush();
    await this.#measureBlobs();
    const deleted: CallId[] = [];
    for await (const id of this.#endedBefore((Date.now() - keep.olderThanMs) / 1000))
      if (await this.#delete(id)) deleted.push(id);
    const emptied = await this.#fit(keep.budgetBytes);
    await this.#sweep(keep.blobs ?? []);
    return { deleted, emptied, bytes: await this.#bytes() };
  }

  async *#endedBefore(before: number): AsyncGenerator<CallId> {
    for (let n = 0; ;) {
      const rows = await this.link.read('retire.old', n, before, PAGE);
      for (const row of rows) yield String(row['id']) as CallId;
      const last = rows.at(-1);
      if (last === undefined) return;
      n = Number(last['n']);
    }
  }

  /** Calls with payloads, read longest ago first. */
  async *#filled(): AsyncGenerator<Candidate> {
    for (let behind: readonly [number, number] = [-1, 0]; ;) {
      const rows = await this.link.read('retire.full', ...behind, PAGE);
      for (const row of rows) yield { id: String(row['id']) as CallId, bytes: Number(row['bytes']) };
      const last = rows.at(-1);
      if (last === undefined) return;
      behind = [Number(last['at']), Number(last['n'])];
    }
  }

  async #fit(budget: number): Promise<readonly CallId[]> {
    const emptied: CallId[] = [];
    let bytes = await this.#bytes();
    if (bytes <= budget) return emptied;
    for await (const call of this.#filled()) {
      if (bytes <= budget) break;
      const blobs = await this.#blobsOf(call.id);
      const freed = blobs.reduce((sum, { size }) => sum + size, call.bytes);
      if (freed === 0 || (await this.#isNeeded(call.id))) continue;
      await this.#empty(call.id, blobs);
      emptied.push(call.id);
      bytes -= freed;
    }
    return emptied;
  }

  async #bytes(): Promise<number> {
    const [row] = await this.link.read('bytes');
    return Number(row?.['bytes'] ?? 0);
  }

  async #delete(call: CallId): Promise<boolean> {
    const blobs = await this.#blobsOf(call);
    if (await this.#isNeeded(call)) return false;
    await this.commit([
      ['delete.outcomes', call],
      ['delete.chunks', call],
      ['delete.attempts', call],
      ['delete.openings', call],
      ['delete.blobs', call],
      ['delete.nested', call],
      ['delete.call', call],
    ]);
    await this.#removeFiles(call, blobs);
    return true;
  }

  async #empty(call: CallId, blobs: readonly Blob[]): Promise<void> {
    await this.commit([
      ['empty.outcomes', call],
      ['empty.opening', call],
      ['delete.chunks', call],
      ['delete.blobs', call],
      ['empty.call', call],
    ]);
    await this.#removeFiles(call, blobs);
  }

  /** Asked again right before a call goes: one derived from it may have been opened meanwhile. */
  async #isNeeded(call: CallId): Promise<boolean> {
    return (await this.link.read('derived.open', call)).length > 0;
  }

  async #blobsOf(call: CallId): Promise<readonly Blob[]> {
    const rows = await this.link.read('blobs.of', call);
    return rows.map((row) => ({ id: String(row['id']) as BlobId, size: Number(row['size']) }));
  }

  async #removeFiles(call: CallId, blobs: readonly Blob[]): Promise<void> {
    await this.payloads.removeCall(call);
    for (const { id } of blobs) await this.payloads.remove(id);
  }

  /** Others write blobs, so their sizes are looked up once, here. */
  async #measureBlobs(): Promise<void> {
    const rows = await this.link.read('blobs.unsized');
    const writes: Write[] = [];
    for (const row of rows) {
      const id = String(row['id']);
      if (isBlobId(id)) writes.push(['blob.size', (await this.payloads.size(id)) ?? 0, id]);
    }
    if (writes.length > 0) await this.commit(writes);
  }

  async #sweep(wanted: readonly BlobId[]): Promise<void> {
    for (const blob of wanted) await this.payloads.touch(blob);
    for await (const idle of this.payloads.idle(ORPHAN_MS, PAGE)) {
      const owners = [...new Set(idle.values())];
      const rows = await this.link.read('known', JSON.stringify(owners));
      const known = new Set(rows.map((row) => String(row['id'])));
      for (const [name, owner] of idle) if (!known.has(owner)) await this.payloads.removeFile(name);
    }
  }
}
