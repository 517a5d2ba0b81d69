// What is fixed about each call when it opens: function, bindings, sources, shared payload, whose inputs it runs. States and
// counts are the core's. Calls that ended are read back from the store when someone asks for them.

import { type CallId, type CallSummary, type FunctionId, type Parent, storeOf } from '@farcall/kernel-bridge/wire';

import type { CallRow, Store, Stored } from '../store/store.js';
import { type Chunks, cutRows, joinPieces, type Piece } from './chunks.js';
import type { CoreView } from './core-view.js';
import { Refusal } from './refusal.js';
import { u32Of } from './tables.js';

export interface CallEntry {
  readonly id: CallId;
  readonly function: FunctionId;
  readonly kind: CallSummary['kind'];
  readonly on_failure: CallRow['on_failure'];
  readonly on_owner_lost: CallRow['on_owner_lost'];
  readonly client: string;
  readonly origin: string;
  readonly bindings: CallRow['bindings'];
  readonly sources: CallRow['sources'];
  readonly created_at: number;
  readonly parent?: Parent;
  readonly base?: CallId;
  /** Derived calls: index → index in `base`. */
  readonly indexes?: Uint32Array;
  /** Trace context for what its inputs do. */
  readonly traceparent?: string;
  /** Of a class: the method its inputs are for, as in `call.open`. */
  readonly method?: string;
  /** Whose it is; absent: the home's owner's. */
  readonly person?: string;
  /** Absent when it must be read from the store. */
  readonly shared?: Stored;
}

/** Ended calls kept at hand. */
const ENDED_KEPT = 256;
const PAST_KEPT = 50_000;

export class Calls {
  readonly #open = new Map<CallId, CallEntry>();
  readonly #ended = new Map<CallId, CallEntry>();
  readonly #opening = new Map<CallId, Promise<void>>();
  /** Ids of calls that ended, newest last, for resends that come late. */
  readonly #past = new Set<CallId>();
  /** Those at hand whose inputs opened calls. */
  readonly #parents = new Set<CallId>();

  constructor(
    private readonly store: Pick<Store, 'id' | 'call' | 'payload' | 'chunks'>,
    private readonly chunks: Chunks,
  ) {}

  put(entry: CallEntry): void {
    this.#open.set(entry.id, entry);
    if (entry.parent !== undefined) this.noteChild(entry.parent.call_id);
  }

  /** An input of this call opened another one. */
  noteChild(parent: CallId): void {
    if (this.get(parent) !== undefined) this.#parents.add(parent);
  }

  /** Whether inputs of a call at hand opened others. */
  hasChildren(id: CallId): boolean {
    return this.#parents.has(id);
  }

  /** A call that is not final, or was a moment ago. */
  get(id: CallId): CallEntry | undefined {
    return this.#open.get(id) ?? this.#ended.get(id);
  }

  /** A call that the core did not take. */
  forget(id: CallId): void {
    this.#open.delete(id);
  }

  /** Whether a call is here, or was. */
  isKnown(id: CallId): boolean {
    return this.get(id) !== undefined || this.isPast(id);
  }

  /** Whether a call that is not at hand was here before: a resend of it is no new call. */
  isPast(id: CallId): boolean {
    return this.#past.has(id);
  }

  past(ids: Iterable<CallId>): void {
    for (const id of ids) this.#past.add(id);
  }

  /** Not ended, or its end is not committed yet. */
  isOpen(id: CallId): boolean {
    return this.#open.has(id);
  }

  /** Those whose end is not committed yet. */
  open(): Iterable<CallEntry> {
    return this.#open.values();
  }

  /** Whose calls of this function are open. */
  peopleOf(function_: FunctionId): ReadonlySet<string> {
    const people = new Set<string>();
    for (const entry of this.#open.values()) if (entry.function === function_) people.add(entry.person ?? '');
    return people;
  }

  get openCount(): number {
    return this.#open.size;
  }

  ended(id: CallId): void {
    const entry = this.#open.get(id);
    if (entry === undefined) return;
    this.#open.delete(id);
    this.#remember(entry);
    this.#past.add(id);
    if (this.#past.size <= PAST_KEPT) return;
    const [oldest] = this.#past;
    if (oldest !== undefined) this.#past.delete(oldest);
  }

  /** A call whose opening waits for the store: whoever asks for it meanwhile waits as well. */
  async openingOf(id: CallId, open: () => Promise<void>): Promise<void> {
    const opening = open();
    this.#opening.set(id, opening);
    try {
      await opening;
    } finally {
      this.#opening.delete(id);
    }
  }

  /** Any call of this store; throws a Refusal for others. */
  async find(id: CallId): Promise<CallEntry> {
    await this.#opening.get(id)?.catch(() => undefined);
    const here = this.get(id);
    if (here !== undefined) return here;
    this.mustBeOurs(id);
    const found = await this.store.call(id);
    if (found === undefined)
      throw new Refusal(
        'not.found',
        `there is no call ${id} here (ended calls are kept for some days, as its --keep-days says)`,
      );
    const entry = entryOf(found.row);
    this.#remember(entry);
    return entry;
  }

  mustBeOurs(id: CallId): void {
    if (storeOf(id) !== this.store.id)
      throw new Refusal(
        'call.foreign',
        `${id} belongs to another gateway (store ${storeOf(id)}; this one is ${this.store.id})`,
      );
  }

  async shared(entry: CallEntry): Promise<Stored> {
    const stored = entry.shared ?? (await this.store.payload('call', entry.id));
    if (stored === undefined) throw new Refusal('output.expired', `what the inputs of ${entry.id} share is gone`);
    return stored;
  }

  /** Inputs [first, first + count) of a call: at once when they are in memory, else from the store. */
  inputs(entry: CallEntry, first: number, count: number): Piece | Promise<Piece> {
    if (entry.base !== undefined && entry.indexes !== undefined)
      return this.#derived(entry.base, entry.indexes.subarray(first, first + count));
    return this.chunks.cut(entry.id, first, count) ?? this.#stored(entry.id, first, count);
  }

  async #stored(call: CallId, first: number, count: number): Promise<Piece> {
    const piece = cutRows(await this.store.chunks(call, first, count), first, count);
    // It may have been committed and evicted, or arrived, while the store was asked.
    const found = piece ?? this.chunks.cut(call, first, count);
    if (found === undefined)
      throw new Refusal('output.expired', `inputs ${first} to ${first + count - 1} of ${call} are gone`);
    return found;
  }

  async #derived(base: CallId, indexes: Uint32Array): Promise<Piece> {
    const entry = await this.find(base);
    const pieces: Piece[] = [];
    let at = 0;
    while (at < indexes.length) {
      const from = indexes[at] ?? 0;
      let count = 1;
      while (at + count < indexes.length && indexes[at + count] === from + count) count += 1;
      pieces.push(await this.inputs(entry, from, count));
      at += count;
    }
    return joinPieces(pieces);
  }

  #remember(entry: CallEntry): void {
    this.#ended.set(entry.id, entry);
    if (this.#ended.size <= ENDED_KEPT) return;
    const [oldest] = this.#ended.keys();
    if (oldest === undefined) return;
    this.#ended.delete(oldest);
    this.#parents.delete(oldest);
  }
}

/**
 * The call ended so long ago, or before this gateway began, that the core has no more of it: what is said of it again changes
 * nothing any more.
 */
export function hasEnded({ core, calls }: { readonly core: CoreView; readonly calls: Calls }, id: CallId): boolean {
  return core.call(id) === undefined && calls.isKnown(id);
}

export function entryOf(row: CallRow): CallEntry {
  const { call_id, function_id, kind, on_failure, on_owner_lost, client, origin, bindings, sources, created_at } = row;
  return {
    id: call_id,
    function: function_id,
    kind,
    on_failure,
    on_owner_lost,
    client,
    origin,
    bindings,
    sources,
    created_at,
    ...(row.parent === undefined ? {} : { parent: row.parent }),
    ...(row.base === undefined ? {} : { base: row.base }),
    ...(row.traceparent === undefined ? {} : { traceparent: row.traceparent }),
    ...methodOf(row),
    ...(row.person === undefined ? {} : { person: row.person }),
    ...(row.indexes === undefined ? {} : { indexes: u32Of(row.indexes) }),
  };
}

/** What a call of a method has beside what every call has; for messages, entries and rows alike. */
export function methodOf({ method }: Pick<CallEntry, 'method'>): Pick<CallEntry, 'method'> {
  return method === undefined ? {} : { method };
}

/** Whether a call of this method yields values. */
export function isYielding(method: string | undefined): boolean {
  return method?.endsWith('*') === true;
}
