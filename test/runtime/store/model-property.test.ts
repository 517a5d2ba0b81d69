// Any sequence of what a gateway does to a store, with deaths and reopenings among it: every read agrees with a model that is a few
// arrays. Both stores; only the one on a disk is reopened.

import { cp } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MemoryStore } from '../../../runtime/src/store/memory.js';
import { Payloads } from '../../../runtime/src/store/payloads.js';
import type { ChunkRow, Operation, OutcomeRow, SettledRow, Store } from '../../../runtime/src/store/store.js';
import { callId, callRow, chunkRow, FAILURE, outcomeRow, putCall, range, settledRow } from './builders.js';
import { folder, openIn } from './folder.js';

const SUCCEEDED = 2;
const CANCELLED = 4;
const CALLS = 3;

/** What is known of one call. */
interface Known {
  inputs: number;
  seq: number;
  state: string;
  readonly chunks: ChunkRow[];
  readonly rows: (OutcomeRow | SettledRow)[];
  readonly statuses: Map<number, number>;
  readonly attempts: Map<number, number>;
}
interface Model {
  readonly calls: Map<number, Known>;
}
interface Real {
  store: Store;
  /** Ends it without a word and opens what is left; undefined where nothing would be. */
  readonly reopen: (() => Promise<Store>) | undefined;
}

/** One operation of a group, by numbers that the model turns into rows. */
interface Step {
  readonly what: 'call' | 'chunk' | 'outcomes' | 'settled' | 'attempt' | 'end';
  readonly call: number;
  readonly count: number;
  readonly each: number;
}

const steps = fc.array(
  fc.record({
    what: fc.constantFrom<Step['what'][]>(
      'call',
      'chunk',
      'chunk',
      'outcomes',
      'outcomes',
      'settled',
      'attempt',
      'end',
    ),
    call: fc.integer({ min: 1, max: CALLS }),
    count: fc.integer({ min: 1, max: 6 }),
    each: fc.constantFrom(0, 3, 50, 9_000),
  }),
  { minLength: 1, maxLength: 6 },
);

/** The operation, and what it changes; undefined where the gateway would not ask for it now. */
function planned(model: Model, { what, call, count, each }: Step): Operation | undefined {
  const known = model.calls.get(call);
  if (what === 'call') {
    if (known !== undefined) return putCall(call);
    const nothing = { chunks: [], rows: [], statuses: new Map(), attempts: new Map() };
    model.calls.set(call, { inputs: 0, seq: 0, state: 'open', ...nothing });
    return putCall(call);
  }
  if (known === undefined || known.state !== 'open') return undefined;
  if (what === 'chunk') return chunk(known, chunkRow(call, known.inputs, count, each));
  if (what === 'end') return ended(call, known);
  const left = range(0, known.inputs).filter((index) => !known.statuses.has(index));
  const first = left[0];
  if (first === undefined) return undefined;
  if (what === 'attempt') {
    known.attempts.set(first, count + 1);
    return { put: 'attempt', call_id: callId(call), index: first, attempt: count + 1 };
  }
  const indexes = what === 'outcomes' ? left.filter((_, at) => at % 2 === 0).slice(0, count) : runOf(left, count);
  const [status, row] =
    what === 'outcomes'
      ? ([SUCCEEDED, outcomeRow(call, known.seq, indexes)] as const)
      : ([CANCELLED, settledRow(call, known.seq, [[first, indexes.length]], { failure: FAILURE })] as const);
  known.rows.push(row);
  known.seq += indexes.length;
  for (const index of indexes) known.statuses.set(index, status);
  return what === 'outcomes' ? { put: 'outcomes', row: row as OutcomeRow } : { put: 'settled', row: row as SettledRow };
}

function chunk(known: Known, row: ChunkRow): Operation {
  known.chunks.push(row);
  known.inputs += row.count;
  return { put: 'chunk', row };
}

function ended(call: number, known: Known): Operation {
  const state = known.statuses.size === known.inputs ? 'done' : 'open';
  known.state = state;
  const { inputs, seq } = known;
  return {
    put: 'state',
    row: callRow(call, { state, inputs, seq, sealed: state === 'done', started_at: 1, ended_at: 2 }),
  };
}

/** Consecutive ones from the first on. */
function runOf(indexes: readonly number[], most: number): number[] {
  const first = indexes[0] ?? 0;
  return indexes.filter((index, at) => index === first + at).slice(0, most);
}

class Append implements fc.AsyncCommand<Model, Real> {
  constructor(private readonly group: readonly Step[]) {}
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    await real.store.append(this.group.flatMap((step) => planned(model, step) ?? []));
  }
  toString = (): string =>
    `append(${this.group.map(({ what, call, count }) => `${what} ${call}×${count}`).join(', ')})`;
}

class Reopen implements fc.AsyncCommand<Model, Real> {
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    if (real.reopen === undefined) return;
    real.store = await real.reopen();
    await everythingIsThere(model, real.store);
  }
  toString = (): string => 'reopen';
}

class Read implements fc.AsyncCommand<Model, Real> {
  constructor(
    private readonly call: number,
    private readonly first: number,
    private readonly count: number,
  ) {}
  check = ({ calls }: Readonly<Model>): boolean => calls.has(this.call);
  async run(model: Model, { store }: Real): Promise<void> {
    const { call, first, count } = this;
    const known = model.calls.get(call);
    const overlaps = (row: ChunkRow): boolean => row.first < first + count && row.first + row.count > first;
    same(await store.chunks(callId(call), first, count), known?.chunks.filter(overlaps));
    const later = (row: OutcomeRow | SettledRow): boolean => row.seq < first + count && row.seq + sizeOf(row) > first;
    same(await store.outcomes(callId(call), first, count), known?.rows.filter(later));
    const holds = (row: OutcomeRow | SettledRow): boolean =>
      indexesOf(row).some((index) => index >= first && index < first + count);
    same(await store.outcomesOf(callId(call), first, count), known?.rows.filter(holds));
  }
  toString = (): string => `read(${this.call}, ${this.first}, ${this.count})`;
}

function same(found: unknown, expected: unknown): void {
  // Far quicker than expect's own walk over payloads, which is only for telling what is wrong.
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}

function indexesOf(row: OutcomeRow | SettledRow): number[] {
  if ('ranges' in row) return row.ranges.flatMap(([first, count]) => range(first, count));
  return [...new Uint32Array(row.indexes.slice().buffer)];
}

function sizeOf(row: OutcomeRow | SettledRow): number {
  return indexesOf(row).length;
}

/** All that was ever acknowledged, as a restart reads it. */
async function everythingIsThere({ calls }: Model, store: Store): Promise<void> {
  const restored = await store.load();
  for (const [number, known] of calls) {
    const whole = await store.call(callId(number));
    expect(whole?.row).toMatchObject({ inputs: known.inputs, seq: known.seq, state: known.state });
    const count = (wanted: number): number => [...known.statuses.values()].filter((status) => status === wanted).length;
    expect(whole?.counts).toMatchObject({ succeeded: count(SUCCEEDED), cancelled: count(CANCELLED) });
    const open = restored.calls.find(({ row }) => row.call_id === callId(number));
    expect(open !== undefined).toBe(known.state === 'open');
    const settled = open?.settled.flatMap((run) => range(run.first, run.count).map((index) => [index, run.status]));
    if (open !== undefined) expect(new Map(settled as [number, number][])).toEqual(known.statuses);
    for (const [index, attempt] of known.attempts)
      if (open !== undefined && !known.statuses.has(index)) expect(open.attempts.get(index)).toBe(attempt);
  }
}

const commands = fc.commands(
  [
    steps.map((group) => new Append(group)),
    steps.map((group) => new Append(group)),
    fc.constant(new Reopen()),
    fc
      .tuple(fc.integer({ min: 1, max: CALLS }), fc.nat({ max: 30 }), fc.integer({ min: 1, max: 30 }))
      .map(([call, first, count]) => new Read(call, first, count)),
  ],
  { maxCommands: 20 },
);

async function holds(open: () => Promise<Real>, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(commands, async (run) => {
      const real = await open();
      const model: Model = { calls: new Map() };
      try {
        await fc.asyncModelRun(() => ({ model, real }), run);
        await everythingIsThere(model, real.store);
      } finally {
        await real.store[Symbol.asyncDispose]();
      }
    }),
    { numRuns },
  );
}

describe('a store is what was appended to it', () => {
  test('in memory', { timeout: 120_000 }, async () => {
    await holds(async () => ({ store: new MemoryStore(await Payloads.open(await folder())), reopen: undefined }), 60);
  });
  test('on a disk, dying and opened again in between', { timeout: 240_000 }, async () => {
    await holds(async () => {
      let path = await folder();
      const real: { store: Store; reopen: () => Promise<Store> } = {
        store: await openIn(path),
        reopen: async () => {
          // What lies on the disk now is all that a death would leave.
          const left = await folder();
          await cp(path, left, { recursive: true });
          await real.store[Symbol.asyncDispose]();
          path = left;
          return openIn(path);
        },
      };
      return real;
    }, 20);
  });
});
