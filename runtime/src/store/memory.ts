// A store that keeps everything in this process: for tests and the simulator. It answers exactly as SqliteStore does
// (one conformance suite runs over both), so it shows in few lines what a store promises.

import type { BlobId, CallId } from '@farcall/kernel-bridge/wire';

import { type AppOperation, type AppRow, isOfApps, obeyed } from './apps.js';
import { StoreClosed, StoreExpired } from './errors.js';
import { epochText, storeId } from './ids.js';
import { MemoryObjects } from './memory-objects.js';
import { isOfObjects } from './objects.js';
import { type AnyOutcomes, countsOf, firstPage, holdsAny, mark, runsOf, sizeOf } from './outcome-rows.js';
import { blobsOf, payloadBytes } from './operations.js';
import type { Payloads } from './payloads.js';
import { scaled, type ScalingRow } from './scaling.js';
import type {
  CallRow,
  Child,
  ChunkRow,
  ContainerRow,
  Expired,
  FunctionRow,
  Keep,
  NestedCall,
  Operation,
  Part,
  Restored,
  RestoredCall,
  SomeInputs,
  Store,
  StoredCall,
  Stored,
} from './store.js';
import { addTo, emptyTally } from './tally.js';

interface Held {
  readonly place: number;
  row: CallRow;
  shared: Stored;
  readonly chunks: ChunkRow[];
  readonly outcomes: AnyOutcomes[];
  readonly attempts: Map<number, number>;
  readonly tally: ReturnType<typeof emptyTally>;
  readonly blobs: Set<BlobId>;
  bytes: number;
  readAt: number;
  expired: boolean;
}
type Put<Kind> = Extract<Operation, { put: Kind }>;

const NOTHING = new Uint8Array(0);

export class MemoryStore implements Store {
  readonly id = storeId();
  readonly epoch = epochText();
  readonly objects: MemoryObjects;
  readonly #functions = new Map<string, { readonly row: FunctionRow; readonly code: Stored }>();
  readonly #apps = new Map<string, AppRow>();
  #scaling: readonly ScalingRow[] = [];
  readonly #calls = new Map<CallId, Held>();
  readonly #containers = new Map<string, ContainerRow>();
  #closed = false;
  #places = 0;

  /** `payloads`: where the blobs are that its calls own, if there are any. */
  constructor(readonly payloads?: Payloads) {
    this.objects = new MemoryObjects(payloads);
  }

  append(group: readonly Operation[]): Promise<void> {
    return this.#do(() => {
      this.#check(group);
      for (const operation of group) this.#put(operation);
    });
  }

  load(): Promise<Restored> {
    return this.#do(() => ({
      functions: [...this.#functions.values()].map(({ row }) => row),
      calls: [...this.#calls.values()]
        .filter(isOpen)
        .map((held) => ({ ...restored(held), hasChildren: this.#stored(held).hasChildren })),
      containers: [...this.#containers.values()],
    }));
  }

  apps(): Promise<readonly AppRow[]> {
    return this.#do(() => [...this.#apps.values()].sort((a, b) => (a.app < b.app ? -1 : 1)));
  }

  scaling(): Promise<readonly ScalingRow[]> {
    return this.#do(() => this.#scaling);
  }

  payload(of: 'function' | 'call', id: string): Promise<Stored | undefined> {
    return this.#do(() => {
      if (of === 'function') return this.#functions.get(id)?.code;
      const held = this.#calls.get(id as CallId);
      return held === undefined || held.expired ? undefined : held.shared;
    });
  }

  call(id: CallId): Promise<StoredCall | undefined> {
    return this.#do(() => {
      const held = this.#calls.get(id);
      return held === undefined ? undefined : this.#stored(held);
    });
  }

  calls(limit: number): Promise<readonly StoredCall[]> {
    return this.#do(() => {
      const newest = [...this.#calls.values()].reverse().slice(0, limit);
      return newest.map((held) => ({ ...this.#stored(held), row: withoutIndexes(held.row) }));
    });
  }

  chunks(call: CallId, first: number, count: number): Promise<readonly ChunkRow[]> {
    return this.#do(() => {
      const chunks = this.#read(call, 'whole')?.chunks ?? [];
      return chunks.filter((row) => row.first < first + count && row.first + row.count > first);
    });
  }

  outcomes(call: CallId, seq: number, count: number, part: Part = 'whole'): Promise<readonly AnyOutcomes[]> {
    const rows = this.#rows(call, part, (row) => row.seq < seq + count && row.seq + sizeOf(row) > seq);
    return rows.then((found) => firstPage(found, (row) => row.payload.length));
  }

  outcomesOf(call: CallId, first: number, count: number, part: Part = 'whole'): Promise<readonly AnyOutcomes[]> {
    return this.#rows(call, part, (row) => holdsAny(row, first, count));
  }

  async outcomesIn(of: readonly SomeInputs[]): Promise<readonly AnyOutcomes[]> {
    const rows = of.map(({ call, first, count }) => this.outcomesOf(call, first, count, 'tables'));
    return (await Promise.all(rows)).flat();
  }

  root(call: CallId): Promise<StoredCall | undefined> {
    return this.#do(() => {
      const held = this.#calls.get(call);
      return held === undefined ? undefined : this.#stored(this.#topmost(held));
    });
  }

  children(of: readonly SomeInputs[], after: number, limit: number): Promise<readonly Child[]> {
    return this.#do(() => {
      const nested = [...this.#calls.values()].map(nestedCall).filter((call) => call !== undefined);
      const known = of.map((asked) => (this.#calls.has(asked.call) ? asked : { ...asked, count: 0 }));
      const children = known.flatMap(({ call, first, count }, asked) =>
        nested
          .filter(({ parent }) => parent.call_id === call && parent.index >= first && parent.index < first + count)
          .filter(({ parent, place }) => asked > 0 || parent.index > first || place > after)
          .sort((a, b) => a.parent.index - b.parent.index || a.place - b.place)
          .map((child) => ({ ...child, asked })),
      );
      return children.slice(0, limit);
    });
  }

  beneath(root: CallId, after: number, limit: number): Promise<readonly NestedCall[]> {
    return this.#do(() => {
      const start = this.#calls.get(root);
      const top = start === undefined ? undefined : this.#topmost(start);
      const nested = [...this.#calls.values()]
        .filter((held) => held !== top && this.#topmost(held) === top)
        .map(nestedCall)
        .filter((call) => call !== undefined && call.place > after && this.#calls.has(call.parent.call_id));
      return nested.filter((call) => call !== undefined).slice(0, limit);
    });
  }

  async countBeneath(root: CallId): Promise<number> {
    return (await this.beneath(root, 0, Infinity)).length;
  }

  roots(calls: readonly CallId[]): Promise<readonly number[]> {
    return this.#do(() => {
      const held = calls.map((call) => this.#calls.get(call)).filter((found) => found !== undefined);
      return [...new Set(held.map((found) => this.#topmost(found).place))];
    });
  }

  async expire(keep: Keep): Promise<Expired> {
    const final = await this.#do(() =>
      [...this.#calls.values()].filter((held) => !isOpen(held) && !this.#isBase(held.row.call_id)),
    );
    const before = Date.now() - keep.olderThanMs;
    const old = final.filter((held) => held.row.ended_at * 1000 < before);
    for (const held of old) this.#calls.delete(held.row.call_id);
    const emptied = this.#fit(
      final.filter((held) => !old.includes(held) && !held.expired),
      keep.budgetBytes,
    );
    for (const { blobs } of [...old, ...emptied]) for (const blob of blobs) await this.payloads?.remove(blob);
    return { deleted: old.map(idOf), emptied: emptied.map(idOf), bytes: this.#bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.resolve();
  }

  async #do<T>(work: () => T): Promise<T> {
    if (this.#closed) throw new StoreClosed('the store is closed');
    return Promise.resolve(work());
  }

  get #bytes(): number {
    return [...this.#calls.values()].reduce((sum, held) => sum + held.bytes, 0);
  }

  #fit(calls: readonly Held[], budget: number): readonly Held[] {
    const emptied: Held[] = [];
    for (const held of calls.toSorted((a, b) => readAt(a) - readAt(b))) {
      if (this.#bytes <= budget) break;
      if (held.bytes === 0) continue;
      empty(held);
      emptied.push(held);
    }
    return emptied;
  }

  /** A group is written whole or not at all: what cannot be written is found before the first write. */
  #check(group: readonly Operation[]): void {
    this.objects.check(group.filter((operation) => isOfObjects(operation)));
    const opened = new Set(this.#calls.keys());
    for (const operation of group) {
      if (operation.put === 'call') opened.add(operation.row.call_id);
      if (operation.put !== 'chunk' && operation.put !== 'outcomes' && operation.put !== 'settled') continue;
      const held = this.#calls.get(operation.row.call_id);
      if (!opened.has(operation.row.call_id)) throw new Error(`no call ${operation.row.call_id}`);
      const twice =
        operation.put === 'chunk'
          ? held?.chunks.some((row) => row.first === operation.row.first)
          : held?.outcomes.some((row) => row.seq === operation.row.seq);
      if (twice === true) throw new Error(`${operation.put} of ${operation.row.call_id} is already stored`);
    }
  }

  #put(operation: Operation): void {
    if (isOfObjects(operation)) return this.objects.put(operation);
    if (isOfApps(operation)) return this.#putApp(operation);
    switch (operation.put) {
      case 'function':
        this.#functions.set(operation.row.function_id, operation);
        return;
      case 'container':
        if (operation.row.gone) this.#containers.delete(operation.row.container_id);
        else this.#containers.set(operation.row.container_id, operation.row);
        return;
      case 'call':
        this.#putCall(operation);
        return;
      default:
        this.#putInto(operation);
    }
  }

  #putApp(operation: AppOperation): void {
    const { app } = operation;
    if (operation.put === 'app.scaled') this.#scaling = scaled(this.#scaling, operation);
    else if (operation.put !== 'app.due') this.#scaling = this.#scaling.filter((row) => row.app !== app);
    const row = operation.put === 'app' ? operation.row : this.#apps.get(app);
    if (operation.put === 'app.gone') this.#apps.delete(app);
    else if (row !== undefined) this.#apps.set(app, operation.put === 'app.due' ? obeyed(row, operation) : row);
  }

  #putCall(operation: Put<'call'>): void {
    const { row, shared } = operation;
    const held = this.#calls.get(row.call_id);
    const { inputs = 0, seq = 0 } = held?.row ?? {};
    if (held !== undefined)
      Object.assign(held, {
        row: { ...held.row, inputs: Math.max(inputs, row.inputs), seq: Math.max(seq, row.seq) },
        shared,
      });
    else this.#calls.set(row.call_id, heldOf((this.#places += 1), row, shared));
    this.#account(row.call_id, operation);
  }

  #putInto(operation: Put<'state' | 'chunk' | 'outcomes' | 'settled' | 'attempt'>): void {
    const id = operation.put === 'attempt' ? operation.call_id : operation.row.call_id;
    const held = this.#calls.get(id);
    if (held === undefined) return;
    if (operation.put === 'attempt') held.attempts.set(operation.index, operation.attempt);
    else if (operation.put === 'state')
      held.row = { ...held.row, ...operation.row, seq: Math.max(held.row.seq, operation.row.seq) };
    else if (operation.put === 'chunk') addChunk(held, operation.row);
    else addOutcomes(held, operation.row);
    this.#account(id, operation);
  }

  #account(id: CallId, operation: Operation): void {
    const held = this.#calls.get(id);
    if (held === undefined) return;
    held.bytes += payloadBytes(operation);
    for (const blob of blobsOf(operation)) held.blobs.add(blob);
  }

  #rows(call: CallId, part: Part, wanted: (row: AnyOutcomes) => boolean): Promise<readonly AnyOutcomes[]> {
    return this.#do(() => {
      const rows = (this.#read(call, part)?.outcomes ?? []).filter(wanted);
      return part === 'whole' ? rows : rows.map((row) => ({ ...row, payload: NOTHING }));
    });
  }

  #read(call: CallId, part: Part): Held | undefined {
    const held = this.#calls.get(call);
    if (held === undefined || part === 'tables') return held;
    if (held.expired) throw new StoreExpired(call);
    held.readAt = Date.now();
    return held;
  }

  #stored(held: Held): StoredCall {
    const { row, tally, expired } = held;
    const hasChildren = [...this.#calls.values()].some(({ row: { parent } }) => parent?.call_id === row.call_id);
    return { row, counts: countsOf(row.inputs, tally), expired, hasChildren };
  }

  #topmost(held: Held): Held {
    const above = held.row.parent && this.#calls.get(held.row.parent.call_id);
    return above === undefined ? held : this.#topmost(above);
  }

  #isBase(id: CallId): boolean {
    return [...this.#calls.values()].some(
      (held) => held.row.base === id && (isOpen(held) || this.#isBase(held.row.call_id)),
    );
  }
}

function heldOf(place: number, row: CallRow, shared: Stored): Held {
  return {
    place,
    row,
    shared,
    chunks: [],
    outcomes: [],
    attempts: new Map(),
    tally: emptyTally(),
    blobs: new Set(),
    bytes: 0,
    readAt: 0,
    expired: false,
  };
}

function addChunk(held: Held, row: ChunkRow): void {
  const after = held.chunks.findIndex((other) => other.first > row.first);
  held.chunks.splice(after === -1 ? held.chunks.length : after, 0, row);
  held.row = { ...held.row, inputs: Math.max(held.row.inputs, row.first + row.count) };
}

function addOutcomes(held: Held, row: AnyOutcomes): void {
  held.outcomes.push(row);
  addTo(held.tally, row);
  held.row = { ...held.row, seq: Math.max(held.row.seq, row.seq + sizeOf(row)) };
}

function empty(held: Held): void {
  held.expired = true;
  held.bytes = 0;
  held.chunks.length = 0;
  held.shared = { bytes: NOTHING };
  held.outcomes.forEach((row, at) => (held.outcomes[at] = { ...row, payload: NOTHING }));
}

function idOf(held: Held): CallId {
  return held.row.call_id;
}

function isOpen(held: Held): boolean {
  return held.row.state === 'open' || held.row.state === 'sealed';
}

function readAt(held: Held): number {
  return Math.max(held.readAt, held.row.ended_at * 1000);
}

function nestedCall({ row, tally, place }: Held): NestedCall | undefined {
  const { call_id, function_id, method, parent, state, inputs, created_at, started_at, ended_at } = row;
  if (parent === undefined) return undefined;
  const counts = countsOf(inputs, tally);
  const fixed = { place, call_id, function_id, ...(method === undefined ? {} : { method }), parent };
  return { ...fixed, state, inputs, counts, created_at, started_at, ended_at };
}

function withoutIndexes({ indexes: _, ...row }: CallRow): CallRow {
  return row;
}

function restored(held: Held): Omit<RestoredCall, 'hasChildren'> {
  const states = new Uint8Array(held.row.inputs);
  for (const row of held.outcomes) mark(states, row);
  return { row: held.row, settled: runsOf(states), attempts: new Map(held.attempts) };
}
