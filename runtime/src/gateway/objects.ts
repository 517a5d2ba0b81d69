// Dicts and queues: which there are and whose, the ones in use in memory, and what is said about them. dicts.ts and queues.ts do
// what clients ask; this brings an object into memory, keeps answers, and lets go of what nobody uses or owns any more.

import type { BlobId, ClientId, ObjectId, ObjectKind, ObjectOpen, ObjectSummary } from '@farcall/kernel-bridge/wire';

import type { AnswerRow, EntryHead, Holder, ObjectOperation, ObjectRow, ObjectStore } from '../store/objects.js';
import type { Stored } from '../store/store.js';
import type { ClientSession } from './clients.js';
import type { Commits } from './commits.js';
import type { Limits } from './limits.js';
import { type Answer, Answers } from './object-answers.js';
import { HeldDict, nameOfKey } from './object-dict.js';
import { type Entry, ValueCache } from './object-entries.js';
import { ObjectNames } from './object-names.js';
import { UsedQueue } from './queue-waiters.js';
import { Refusal } from './refusal.js';

const CACHE_BYTES = 64 * 1024 * 1024;
/** What a client that is gone made for itself, or took and did not confirm, is kept for so long. */
const OWNER_LOST_MS = 60_000;
/** Its answers longer: a machine that slept says again what it had said. */
const ANSWERS_KEPT_MS = 24 * 3_600_000;
/** A blob that no entry names any more may still be on its way to a reader. */
const BLOB_LINGERS_MS = 60_000;
/** Objects that nobody used for so long leave the memory. */
const IDLE_MS = 10 * 60_000;
const SWEEP_MS = 1000;

export type Held = HeldDict | UsedQueue;
interface Kinds {
  readonly dict: HeldDict;
  readonly queue: UsedQueue;
}
export interface ObjectsOptions {
  readonly store: ObjectStore;
  readonly commits: Commits;
  readonly limits: Limits;
  /** Whether this client is connected. */
  readonly isHere: (client: ClientId) => boolean;
  readonly onError: (error: unknown) => void;
}
/** Whose message it is, and how its answer is addressed. */
export interface Asker {
  readonly client: ClientSession;
  readonly request: number;
  /** The client's own number for what it asks. */
  readonly op: number;
}

export class Objects {
  readonly values = new ValueCache(CACHE_BYTES);
  readonly answers = new Answers();
  readonly limits: Limits;
  readonly counts = { written: 0, read: 0, put: 0, taken: 0 };
  /** Called when a queue got items back, or lost some. */
  onChanged: (queue: UsedQueue, partition: string) => void = () => undefined;
  readonly #names = new ObjectNames();
  readonly #held = new Map<ObjectId, Held>();
  readonly #loading = new Map<ObjectId, Promise<void>>();
  /** Clients without a connection, by when they lost it. */
  readonly #lost = new Map<ClientId, number>();
  readonly #lingering = new Map<BlobId, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: ObjectsOptions) {
    this.limits = options.limits;
  }

  /** Takes up what the store holds. Nobody is connected yet. */
  async restore(): Promise<void> {
    const { objects, answers } = await this.options.store.load();
    for (const row of objects) this.#names.add(row);
    this.answers.restore(answers);
    const now = performance.now();
    for (const row of objects) if (row.name === '') this.#lost.set(row.client, now);
    for (const { client } of answers) this.#lost.set(client, now);
    this.#wake();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  // ── which there are

  get size(): number {
    return this.#names.size;
  }

  get waiting(): number {
    let count = 0;
    for (const held of this.#held.values()) if (held.kind === 'queue') count += held.waiters.count;
    return count;
  }

  /** The object that is meant; a new one if it may be made. Throws a Refusal. */
  open(message: ObjectOpen, client: ClientSession, person: string): ObjectRow {
    const found = this.#names.meant(message, person);
    if (found !== undefined) return found;
    const { object_id, kind, name, environment } = message;
    const row = { object_id, kind, person, environment, name, client: client.id, created_at: Date.now() / 1000 };
    this.#names.add(row);
    this.#held.set(object_id, emptyHeld(row));
    this.write({ put: 'object', object: object_id, row });
    return row;
  }

  get(id: ObjectId): ObjectRow | undefined {
    return this.#names.get(id);
  }

  named(kind: ObjectKind, environment: string): readonly ObjectRow[] {
    return this.#names.named(kind, environment);
  }

  /** With what is in it, as it is committed. */
  async summaries(rows: readonly ObjectRow[]): Promise<readonly ObjectSummary[]> {
    const totals = await this.options.store.totals();
    return rows.map((row) => summaryOf(row, totals.get(row.object_id) ?? { count: 0, bytes: 0 }));
  }

  /** Idempotent. Who waits at it is told. */
  async delete(row: ObjectRow): Promise<void> {
    const heads = await this.options.store.heads(row.object_id);
    const held = this.#held.get(row.object_id);
    if (!this.#names.remove(row)) return;
    this.#held.delete(row.object_id);
    if (held?.kind === 'queue') held.waiters.giveUpAll();
    this.#release(held === undefined ? [] : allOf(held));
    this.write({ put: 'object.gone', object: row.object_id });
    for (const { blob } of heads) if (blob !== undefined) this.#linger(blob);
  }

  // ── one of them, in memory

  /** Runs `work` on the object: at once when it is in memory. `work` may throw a Refusal. */
  using<Kind extends ObjectKind>(
    row: ObjectRow,
    kind: Kind,
    work: (held: Kinds[Kind]) => void | Promise<void>,
  ): void | Promise<void> {
    if (row.kind !== kind) throw new Refusal('request.invalid', `${row.object_id} is a ${row.kind}, not a ${kind}`);
    const held = this.#held.get(row.object_id);
    if (held === undefined) return this.#load(row).then(() => this.using(row, kind, work));
    held.usedAt = performance.now();
    return work(held as Kinds[Kind]);
  }

  /** The values of entries that are not in a blob, in order; undefined for what is gone by now. */
  async valuesOf(id: ObjectId, entries: readonly Entry[]): Promise<readonly (Uint8Array | undefined)[]> {
    const missing = entries.filter(({ bytes, blob }) => bytes === undefined && blob === undefined).map(({ n }) => n);
    const rows = missing.length === 0 ? [] : await this.options.store.values(id, missing);
    const stored = new Map(rows.map(({ n, value }) => [n, 'bytes' in value ? value.bytes : undefined]));
    return entries.map(({ n, bytes }) => bytes ?? stored.get(n));
  }

  /** Their keys and values as the store has them. */
  rowsOf(id: ObjectId, numbers: readonly number[]): ReturnType<ObjectStore['values']> {
    return this.options.store.values(id, numbers);
  }

  // ── what is written and said

  write(operation: ObjectOperation, bytes = 0): void {
    this.options.commits.persist(operation, bytes);
  }

  /** Says something about an object once all that was written is committed. */
  say(id: ObjectId, say: () => void): void {
    this.options.commits.fact(id, say);
  }

  /** Does a change, unless it was answered: then it is answered as before. */
  once(
    id: ObjectId,
    asker: Asker,
    tell: (asker: Asker, answer: Answer) => void,
    work: () => void | Promise<void>,
  ): void | Promise<void> {
    const before = this.answers.to(asker.client.id, asker.op);
    if (before === undefined) return work();
    return this.say(id, () => tell(asker, before));
  }

  /** An answer that has to be read from the store first. */
  late(answer: Promise<void>, { client, request }: Omit<Asker, 'op'>): void {
    answer.catch((error: unknown) => {
      this.options.onError(error);
      client.fail('request.invalid', 'the gateway could not read it; its log says why', { request });
    });
  }

  mustHaveRoom(): void {
    if (this.options.commits.isFull)
      throw new Refusal('resource.exhausted', 'the disk of the gateway is nearly full; what runs goes on');
  }

  /** Keeps the answer to a change with the change itself, and forgets those that the client has. */
  answered(id: ObjectId, { client, op }: Asker, answer: Answer): void {
    const row: AnswerRow = { client: client.id, op, at: Date.now() / 1000, ...answer };
    this.answers.keep(row);
    this.write({ put: 'answer', object: id, row });
  }

  /** Everything below `before` has reached the client. */
  had(id: ObjectId, client: ClientId, before: number): void {
    const gone = this.answers.had(client, before);
    if (gone.length > 0) this.#dropAnswers(id, gone, before);
  }

  /** Entries that nobody can ask for any more. `except`: blobs that something else names. */
  gone(entries: readonly Entry[], except?: BlobId): void {
    this.#release(entries);
    for (const { blob } of entries) if (blob !== undefined && blob !== except) this.#linger(blob);
  }

  /** Bytes of the values in blobs, in order. Throws a Refusal for one that is not here. */
  async sizesOf(blobs: readonly BlobId[]): Promise<readonly number[]> {
    return Promise.all(
      blobs.map(async (blob) => {
        const size = await this.options.store.blobSize(blob);
        if (size === undefined) throw new Refusal('not.found', `blob ${blob} was not written`);
        this.#lingering.delete(blob);
        return size;
      }),
    );
  }

  // ── clients

  clientConnected(client: ClientId): void {
    this.#lost.delete(client);
  }

  /** Its connection is gone; it asks again by another. */
  dropWaiters(client: ClientSession): void {
    for (const held of this.#held.values()) if (held.kind === 'queue') held.waiters.drop(client);
  }

  /** `isGone`: it was in a container that ended, so it will not come back. */
  clientLost(client: ClientId, isGone: boolean): void {
    this.#lost.set(client, isGone ? -Infinity : performance.now());
    this.#wake();
  }

  async #load(row: ObjectRow): Promise<void> {
    const id = row.object_id;
    const loading = this.#loading.get(id) ?? this.#read(row).finally(() => this.#loading.delete(id));
    this.#loading.set(id, loading);
    await loading;
    if (!this.#names.has(id)) throw new Refusal('not.found', `${row.kind} ${row.name || id} was deleted`);
  }

  async #read(row: ObjectRow): Promise<void> {
    const heads = await this.options.store.heads(row.object_id);
    if (!this.#names.has(row.object_id) || this.#held.has(row.object_id)) return;
    const held = emptyHeld(row);
    this.#held.set(row.object_id, held);
    if (held.kind === 'queue') this.#fillQueue(held, heads);
    else this.#fillDict(held, heads);
  }

  #fillQueue(queue: UsedQueue, heads: readonly EntryHead[]): void {
    for (const head of heads) {
      const partition = Buffer.from(head.key).toString();
      const until = head.until === 0 ? Infinity : head.until;
      if (head.holder === undefined) queue.put(partition, [entryOf(head, partition)], until);
      else queue.restoreHold(head.holder, partition, [entryOf(head, partition)], until);
    }
    for (const { holder } of queue.holds()) this.#watchOver(holder.client);
  }

  /** Of two entries of one key the later one counts: the earlier was on its way out. */
  #fillDict(dict: HeldDict, heads: readonly EntryHead[]): void {
    for (const head of heads) {
      const before = dict.set(entryOf(head, nameOfKey(head.key)));
      if (before !== undefined) this.write({ put: 'entries.gone', object: dict.row.object_id, numbers: [before.n] });
    }
  }

  /** Something is kept for a client of an earlier life of the gateway. */
  #watchOver(client: ClientId): void {
    if (this.options.isHere(client) || this.#lost.has(client)) return;
    this.#lost.set(client, performance.now());
    this.#wake();
  }

  #release(entries: readonly Entry[]): void {
    for (const entry of entries) this.values.drop(entry);
  }

  #linger(blob: BlobId): void {
    this.#lingering.set(blob, performance.now());
    this.#wake();
  }

  #dropAnswers(id: ObjectId, gone: readonly AnswerRow[], before: number): void {
    const client = gone[0]?.client;
    if (client === undefined) return;
    this.write({ put: 'answers.gone', object: id, client, before });
    for (const { value } of gone) if (isBlob(value)) this.#linger(value.blob);
  }

  // ── what time brings about

  #wake(): void {
    this.#timer ??= setInterval(() => this.#sweep(performance.now()), SWEEP_MS).unref();
  }

  #sweep(now: number): void {
    for (const [client, since] of this.#lost) if (now - since >= OWNER_LOST_MS) this.#leave(client, now - since);
    for (const [blob, since] of this.#lingering) if (now - since >= BLOB_LINGERS_MS) this.#removeBlob(blob);
    for (const held of this.#held.values()) {
      if (held.kind === 'queue') this.expire(held);
      if (now - held.usedAt > IDLE_MS) this.#unload(held);
    }
    if (this.#lost.size > 0 || this.#lingering.size > 0 || this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Partitions whose time is over. */
  expire(queue: UsedQueue, partition?: string): void {
    const gone = queue.expire(Date.now() / 1000, partition);
    if (gone.length === 0) return;
    this.write({ put: 'entries.gone', object: queue.row.object_id, numbers: gone.map(({ n }) => n) });
    this.gone(gone);
    for (const name of new Set(gone.map(({ key }) => key))) this.onChanged(queue, name);
  }

  #leave(client: ClientId, forMs: number): void {
    for (const held of this.#held.values()) if (held.kind === 'queue') this.#releaseHolds(held, client);
    for (const row of this.#names.ephemeralOf(client)) void this.delete(row).catch(this.options.onError);
    if (forMs < ANSWERS_KEPT_MS) return;
    this.#lost.delete(client);
    this.#dropAnswers('' as ObjectId, this.answers.forget(client), Number.MAX_SAFE_INTEGER);
  }

  #releaseHolds(queue: UsedQueue, client: ClientId): void {
    for (const { holder } of [...queue.holds()]) if (holder.client === client) this.release(queue, holder);
  }

  /** Items that their holder will not have go back to their places. */
  release(queue: UsedQueue, holder: Holder): void {
    const hold = queue.release(holder);
    if (hold === undefined) return;
    const numbers = hold.entries.map(({ n }) => n);
    this.write({ put: 'entries.held', object: queue.row.object_id, numbers, holder: undefined });
    this.onChanged(queue, hold.partition);
  }

  #removeBlob(blob: BlobId): void {
    this.#lingering.delete(blob);
    this.options.store.removeBlob(blob).catch(this.options.onError);
  }

  #unload(held: Held): void {
    if (held.kind === 'queue' && (held.waiters.count > 0 || [...held.holds()].length > 0)) return;
    const all = allOf(held);
    if (all.some(({ committed }) => !committed)) return;
    this.#held.delete(held.row.object_id);
    this.#release(all);
  }
}

export function summaryOf(row: ObjectRow, total: { readonly count: number; readonly bytes: number }): ObjectSummary {
  const { object_id, kind, name, environment, person, created_at } = row;
  return { object_id, kind, name, environment, person, created_at, ...total };
}

/** Numbers of a new life begin above those of any earlier one: whoever reads on from one misses nothing. */
function emptyHeld(row: ObjectRow): Held {
  const next = Date.now() * 1000;
  if (row.kind === 'dict') return new HeldDict(row, next);
  return new UsedQueue(row, next);
}

function entryOf({ n, size, blob }: EntryHead, key: string): Entry {
  return { n, key, size, blob, bytes: undefined, committed: true };
}

function allOf(held: Held): readonly Entry[] {
  return held.kind === 'dict' ? [...held.after(-1)] : held.all();
}

function isBlob(value: Stored | undefined): value is { readonly blob: BlobId } {
  return value !== undefined && 'blob' in value;
}

export function tellDone({ client, request }: Omit<Asker, 'op'>, { count }: Answer): void {
  client.send({ type: 'object.done', request, count });
}
