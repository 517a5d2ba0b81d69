// What clients do to dicts. A change is in memory at once, for whoever asks next; nothing is said of it before it is committed.

import { type BlobId, IN_BLOB } from '@farcall/kernel-bridge/wire';

import type { Stored } from '../store/store.js';
import type { Answer } from './object-answers.js';
import { type HeldDict, nameOfKey } from './object-dict.js';
import { costOf, type Entry } from './object-entries.js';
import { type Asker, type Objects, tellDone } from './objects.js';
import { Refusal } from './refusal.js';
import { bytesOf, joined, kept, NOTHING } from './tables.js';

/** Of an answer, so that it fits a frame. */
const PAGE_BYTES = 640 * 1024;
const PAGE_ENTRIES = 4096;

/** Something that came with a message: a key and its value. */
export interface Pair {
  readonly key: Uint8Array;
  readonly size: number;
  readonly value: Uint8Array | undefined;
  readonly blob: BlobId | undefined;
}

export class Dicts {
  constructor(private readonly objects: Objects) {}

  put(dict: HeldDict, asker: Asker, pairs: readonly Pair[], skip: boolean): void | Promise<void> {
    return this.objects.once(dict.row.object_id, asker, tellDone, () => this.#put(dict, asker, pairs, skip));
  }

  #put(dict: HeldDict, asker: Asker, pairs: readonly Pair[], skip: boolean): void {
    const taken = skip ? pairs.filter(({ key }) => dict.get(nameOfKey(key)) === undefined) : pairs;
    this.#mustFit(dict, taken);
    const entries = taken.map((pair) => this.#set(dict, pair));
    const id = dict.row.object_id;
    const rows = taken.map(({ key, size, value, blob }, at) => ({
      n: entries[at]?.n ?? 0,
      key: kept(key),
      size,
      until: 0,
      value: blob === undefined ? { bytes: entries[at]?.bytes ?? value ?? NOTHING } : { blob },
    }));
    if (rows.length > 0) this.objects.write({ put: 'entries', object: id, rows }, sum(rows));
    this.objects.answered(id, asker, { count: rows.length });
    this.objects.counts.written += rows.length;
    this.objects.say(id, () => {
      this.objects.values.committed(entries);
      tellDone(asker, { count: rows.length });
    });
  }

  get(dict: HeldDict, { client, request }: Omit<Asker, 'op'>, key: Uint8Array, what: 'value' | 'presence'): void {
    const entry = dict.get(nameOfKey(key));
    this.objects.counts.read += 1;
    this.objects.say(dict.row.object_id, () => {
      if (entry === undefined || what === 'presence')
        client.send({ type: 'dict.value', request, found: entry !== undefined });
      else this.#send(dict, { client, request }, entry);
    });
  }

  /** Its value is read before anything of it goes: what is said to be gone is gone. */
  async pop(dict: HeldDict, asker: Asker, key: Uint8Array): Promise<void> {
    const id = dict.row.object_id;
    const name = nameOfKey(key);
    let entry: Entry | undefined;
    let bytes: Uint8Array | undefined;
    do {
      entry = dict.get(name);
      bytes = entry?.bytes;
      if (entry !== undefined && entry.blob === undefined && bytes === undefined)
        [bytes] = await this.objects.valuesOf(id, [entry]);
    } while (dict.get(name) !== entry);
    return this.objects.once(id, asker, tellValue, () => this.#pop(dict, asker, entry, bytes));
  }

  clear(dict: HeldDict, asker: Asker): void {
    const gone = dict.clear();
    const id = dict.row.object_id;
    if (gone.length > 0) this.objects.write({ put: 'entries.gone', object: id, numbers: gone.map(({ n }) => n) });
    this.objects.answered(id, asker, { count: gone.length });
    this.objects.say(id, () => {
      this.objects.gone(gone);
      tellDone(asker, { count: gone.length });
    });
  }

  /** A page of entries above `after`, as they are committed. */
  read(dict: HeldDict, { client, request }: Omit<Asker, 'op'>, after: number, what: 'keys' | 'values' | 'items'): void {
    const page: Entry[] = [];
    let left = PAGE_BYTES;
    let hasMore = false;
    for (const entry of dict.after(after)) {
      left -= (what === 'keys' ? 0 : costOf(entry)) + entry.key.length + 4;
      hasMore = page.length > 0 && (left < 0 || page.length >= PAGE_ENTRIES);
      if (hasMore) break;
      page.push(entry);
    }
    const next = hasMore ? (page.at(-1)?.n ?? -1) : -1;
    this.objects.say(dict.row.object_id, () => this.#sendPage(dict, { client, request }, page, { what, next }));
  }

  #mustFit(dict: HeldDict, pairs: readonly Pair[]): void {
    const { entries, object } = this.objects.limits;
    const fresh = new Set(pairs.map(({ key }) => nameOfKey(key)).filter((name) => dict.get(name) === undefined));
    if (dict.count + fresh.size > entries)
      throw new Refusal('resource.exhausted', `a dict takes ${entries} entries, this one has ${dict.count}`);
    if (dict.bytes + sum(pairs) > object)
      throw new Refusal('resource.exhausted', `a dict takes ${object} bytes, this one has ${dict.bytes}`);
  }

  #set(dict: HeldDict, { key, size, value, blob }: Pair): Entry {
    const name = nameOfKey(key);
    const bytes = blob === undefined ? kept(value ?? NOTHING) : undefined;
    const entry: Entry = { n: dict.numberFor(name), key: name, size, blob, bytes, committed: false };
    const before = dict.set(entry);
    this.objects.values.hold(entry);
    if (before !== undefined) this.objects.gone([before], blob);
    return entry;
  }

  #pop(dict: HeldDict, asker: Asker, entry: Entry | undefined, bytes: Uint8Array | undefined): void {
    const id = dict.row.object_id;
    if (entry !== undefined) {
      dict.remove(entry);
      this.objects.values.drop(entry);
      this.objects.write({ put: 'entries.gone', object: id, numbers: [entry.n] });
    }
    const answer = entry === undefined ? { count: 0 } : { count: 1, value: valueOf(entry, bytes) };
    this.objects.answered(id, asker, answer);
    this.objects.say(id, () => tellValue(asker, answer));
  }

  /** Sends a value that may have to be read first. One that went meanwhile is not there. */
  #send(dict: HeldDict, { client, request }: Omit<Asker, 'op'>, entry: Entry): void {
    const asker = { client, request };
    if (entry.blob !== undefined || entry.bytes !== undefined)
      return tellValue(asker, { count: 1, value: valueOf(entry, entry.bytes) });
    const read = this.objects.valuesOf(dict.row.object_id, [entry]).then(([value]) => {
      tellValue(asker, value === undefined ? { count: 0 } : { count: 1, value: { bytes: value } });
    });
    return this.objects.late(read, asker);
  }

  #sendPage(
    dict: HeldDict,
    { client, request }: Omit<Asker, 'op'>,
    page: readonly Entry[],
    { what, next }: { readonly what: 'keys' | 'values' | 'items'; readonly next: number },
  ): void {
    const read = this.objects
      .rowsOf(
        dict.row.object_id,
        page.map(({ n }) => n),
      )
      .then((rows) => {
        const keys = what === 'values' ? [] : rows.map(({ key }) => key);
        const values = what === 'keys' ? [] : rows.map(({ value }) => value);
        const bytes = values.map((value) => ('blob' in value ? NOTHING : value.bytes));
        const blobs = values.flatMap((value) => ('blob' in value ? [value.blob] : []));
        const lengths = Uint32Array.from(values, (value) => ('blob' in value ? IN_BLOB : value.bytes.length));
        client.send(
          {
            type: 'dict.page',
            request,
            keys: bytesOf(Uint32Array.from(keys, ({ length }) => length)),
            lengths: bytesOf(lengths),
            ...(blobs.length === 0 ? {} : { blobs }),
            next,
          },
          joined([...keys, ...bytes]),
        );
      });
    this.objects.late(read, { client, request });
  }
}

function sum(rows: readonly { readonly size: number }[]): number {
  return rows.reduce((total, { size }) => total + size, 0);
}

function valueOf({ blob }: Entry, bytes: Uint8Array | undefined): Stored {
  return blob === undefined ? { bytes: bytes ?? NOTHING } : { blob };
}

export function tellValue({ client, request }: Omit<Asker, 'op'>, { count, value }: Answer): void {
  const blob = value !== undefined && 'blob' in value ? { blob: value.blob } : {};
  const bytes = value !== undefined && 'bytes' in value ? value.bytes : undefined;
  client.send({ type: 'dict.value', request, found: count > 0, ...blob }, bytes);
}
