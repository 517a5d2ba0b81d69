// Dicts and queues of the store that keeps everything in this process. It answers as SqliteObjects does.

import type { BlobId, ObjectId } from '@farcall/kernel-bridge/wire';

import type {
  AnswerRow,
  EntryHead,
  EntryRow,
  Holder,
  ObjectOperation,
  ObjectRow,
  ObjectStore,
  RestoredObjects,
  Total,
} from './objects.js';
import type { Payloads } from './payloads.js';

interface Held {
  readonly row: ObjectRow;
  readonly entries: Map<number, { readonly row: EntryRow; holder: Holder | undefined }>;
}

export class MemoryObjects implements ObjectStore {
  readonly #objects = new Map<ObjectId, Held>();
  readonly #answers = new Map<string, AnswerRow>();

  constructor(private readonly payloads?: Payloads) {}

  load(): Promise<RestoredObjects> {
    const objects = Array.from(this.#objects.values(), ({ row }) => row);
    return Promise.resolve({ objects, answers: [...this.#answers.values()] });
  }

  heads(object: ObjectId): Promise<readonly EntryHead[]> {
    const entries = [...(this.#objects.get(object)?.entries.values() ?? [])];
    const heads = entries.map(({ row: { value, ...head }, holder }) => ({
      ...head,
      ...('blob' in value ? { blob: value.blob } : {}),
      ...(holder === undefined ? {} : { holder }),
    }));
    return Promise.resolve(heads.sort((a, b) => a.n - b.n));
  }

  values(object: ObjectId, numbers: readonly number[]): Promise<readonly EntryRow[]> {
    const entries = this.#objects.get(object)?.entries;
    const wanted = [...new Set(numbers)].sort((a, b) => a - b);
    return Promise.resolve(wanted.flatMap((n) => entries?.get(n)?.row ?? []));
  }

  totals(): Promise<ReadonlyMap<ObjectId, Total>> {
    const totals = new Map<ObjectId, Total>();
    for (const [id, { entries }] of this.#objects) {
      if (entries.size === 0) continue;
      const all = [...entries.values()];
      const bytes = all.reduce((sum, { row }) => sum + row.size, 0);
      totals.set(id, { count: all.filter(({ holder }) => holder === undefined).length, bytes });
    }
    return Promise.resolve(totals);
  }

  async blobSize(blob: BlobId): Promise<number | undefined> {
    return this.payloads?.size(blob);
  }

  async removeBlob(blob: BlobId): Promise<void> {
    await this.payloads?.remove(blob);
  }

  /** What `put` would refuse, before anything of its group is written. */
  check(group: readonly ObjectOperation[]): void {
    const known = new Set(this.#objects.keys());
    for (const operation of group) {
      if (operation.put === 'object') known.add(operation.object);
      else if (operation.put === 'object.gone') known.delete(operation.object);
      else if (operation.put === 'entries' && operation.rows.length > 0 && !known.has(operation.object))
        throw new Error(`no object ${operation.object}`);
    }
  }

  put(operation: ObjectOperation): void {
    const { object } = operation;
    const entries = this.#objects.get(object)?.entries;
    switch (operation.put) {
      case 'object':
        if (entries === undefined) this.#objects.set(object, { row: operation.row, entries: new Map() });
        break;
      case 'object.gone':
        this.#objects.delete(object);
        break;
      case 'entries':
        for (const row of operation.rows) entries?.set(row.n, { row, holder: undefined });
        break;
      case 'entries.gone':
        for (const n of operation.numbers) entries?.delete(n);
        break;
      case 'entries.held':
        for (const n of operation.numbers) hold(entries?.get(n), operation.holder);
        break;
      case 'answer':
        this.#answers.set(`${operation.row.client} ${operation.row.op}`, operation.row);
        break;
      case 'answers.gone':
        for (const [key, { client, op }] of this.#answers)
          if (client === operation.client && op < operation.before) this.#answers.delete(key);
    }
  }
}

function hold(entry: { holder: Holder | undefined } | undefined, holder: Holder | undefined): void {
  if (entry !== undefined) entry.holder = holder;
}
