// What every store promises, over whichever is handed in. A sentence that fails here is a broken promise of store.ts.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { StoreClosed, StoreExpired } from '../../../runtime/src/store/errors.js';
import type { Payloads } from '../../../runtime/src/store/payloads.js';
import type { Store } from '../../../runtime/src/store/store.js';
import {
  blobId,
  bytes,
  callId,
  callRow,
  chunkRow,
  containerRow,
  FUNCTION,
  functionRow,
  NO_BYTES,
  outcomeRow,
  putCall,
  putChunk,
  putOutcomes,
  putSettled,
  putState,
  range,
  settledRow,
  u32,
} from './builders.js';
import { nesting } from './nesting.js';
import { keepingObjects } from './objects.js';

const DAY_MS = 24 * 3600 * 1000;
/** Above what a row holds itself, so that it lies in a file where a store has files. */
const LARGE = 10_000;

type StoreWithBlobs = Store & { readonly payloads?: Payloads | undefined };

export function conformance(name: string, open: () => Promise<StoreWithBlobs>): void {
  describe(`${name}: as every store`, () => {
    let store: StoreWithBlobs;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store[Symbol.asyncDispose]());
    const opened = (): StoreWithBlobs => store;

    appending(opened);
    readingInputs(opened);
    readingOutcomes(opened);
    listing(opened);
    restarting(opened);
    nesting(opened);
    expiring(opened);
    keepingObjects(opened);
  });
}

function appending(store: () => Store): void {
  test('it has a name of six characters and an epoch', () => {
    expect(store().id).toMatch(/^[0-9A-HJKMNP-TV-Z]{6}$/);
    expect(store().epoch).not.toBe('');
  });
  test('a group is written whole or not at all', async () => {
    await store().append([putCall(1), putOutcomes(1, 0, [0])]);
    await expect(store().append([putCall(2), putChunk(1, 0, 4), putOutcomes(1, 0, [1])])).rejects.toThrow();
    expect(await store().call(callId(2))).toBeUndefined();
    expect(await store().chunks(callId(1), 0, 100)).toEqual([]);
  });
  test('inputs of a call that is not there are refused', async () => {
    await expect(store().append([putChunk(7, 0, 1)])).rejects.toThrow();
  });
  test('a group that is refused does not take its neighbours with it', async () => {
    await store().append([putCall(1)]);
    const all = await Promise.allSettled([
      store().append([putChunk(1, 0, 4)]),
      store().append([putChunk(9, 0, 4)]),
      store().append([putChunk(1, 4, 4, LARGE)]),
      store().append([putChunk(1, 8, 1)]),
    ]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect((await store().chunks(callId(1), 0, 9)).map(({ first }) => first)).toEqual([0, 4, 8]);
  });
  test('groups commit in the order of calls, however large their payloads', async () => {
    const order: number[] = [];
    await store().append([putCall(1)]);
    const sizes = [LARGE * 20, 1, LARGE, 1, 1];
    await Promise.all(
      sizes.map(async (each, i) => {
        await store().append([putChunk(1, i, 1, each)]);
        order.push(i);
      }),
    );
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });
  test('an empty group resolves', async () => {
    await store().append([]);
  });
  test('what was appended is there for a read that began after it', async () => {
    await store().append([putCall(1)]);
    for (const first of range(0, 20)) {
      await store().append([putChunk(1, first, 1)]);
      expect(await store().chunks(callId(1), first, 1)).toEqual([chunkRow(1, first, 1)]);
    }
  });
  test('putting a call again changes nothing that came since', async () => {
    await store().append([putCall(1), putChunk(1, 0, 4), putOutcomes(1, 0, [0, 1])]);
    await store().append([putCall(1)]);
    expect(await store().call(callId(1))).toMatchObject({
      row: { inputs: 4, seq: 2 },
      counts: { succeeded: 2, queued: 2 },
    });
  });
  test('a closed store refuses', async () => {
    await store()[Symbol.asyncDispose]();
    await expect(store().append([putCall(1)])).rejects.toBeInstanceOf(StoreClosed);
    await expect(store().call(callId(1))).rejects.toBeInstanceOf(StoreClosed);
  });
}

function readingInputs(store: () => Store): void {
  test('chunks come back as they went in, small or large', async () => {
    const rows = [chunkRow(1, 0, 4), chunkRow(1, 4, 300, 100), chunkRow(1, 304, 1, 0), chunkRow(1, 305, 2, LARGE)];
    await store().append([putCall(1), ...rows.map((row) => ({ put: 'chunk', row }) as const)]);
    expect(await store().chunks(callId(1), 0, 307)).toEqual(rows);
  });
  test('chunks are found by any range that overlaps them', async () => {
    await store().append([putCall(1), putChunk(1, 0, 10), putChunk(1, 10, 10), putChunk(1, 20, 10)]);
    const firsts = async (first: number, count: number): Promise<number[]> =>
      (await store().chunks(callId(1), first, count)).map((row) => row.first);
    expect(await firsts(0, 1)).toEqual([0]);
    expect(await firsts(9, 1)).toEqual([0]);
    expect(await firsts(9, 2)).toEqual([0, 10]);
    expect(await firsts(15, 100)).toEqual([10, 20]);
    expect(await firsts(30, 5)).toEqual([]);
  });
  test('an input in a blob keeps its name', async () => {
    const row = { ...chunkRow(1, 0, 1), lengths: u32(0xffffffff, 3), count: 2, blobs: [blobId(1)], payload: bytes(3) };
    await store().append([putCall(1), { put: 'chunk', row }]);
    expect(await store().chunks(callId(1), 0, 2)).toEqual([row]);
  });
  test('code and shared values come back, inline, large or as a blob', async () => {
    await store().append([
      { put: 'function', row: functionRow(), code: { bytes: bytes(LARGE) } },
      putCall(1, {}, { bytes: bytes(50) }),
      putCall(2, {}, { bytes: bytes(LARGE, 2) }),
      putCall(3, {}, { blob: blobId(5) }),
      putCall(4),
    ]);
    expect(await store().payload('function', FUNCTION)).toEqual({ bytes: bytes(LARGE) });
    expect(await store().payload('call', callId(1))).toEqual({ bytes: bytes(50) });
    expect(await store().payload('call', callId(2))).toEqual({ bytes: bytes(LARGE, 2) });
    expect(await store().payload('call', callId(3))).toEqual({ blob: blobId(5) });
    expect(await store().payload('call', callId(4))).toEqual({ bytes: NO_BYTES });
    expect(await store().payload('call', callId(9))).toBeUndefined();
    expect(await store().payload('function', 'fv-none')).toBeUndefined();
  });
}

function readingOutcomes(store: () => Store): void {
  test('outcomes come back as they went in', async () => {
    const failure = { index: 5, code: 'user.raised', kind: 'ValueError', message: 'no', where: 'a.py:3' } as const;
    const rows = [
      outcomeRow(1, 0, range(0, 64)),
      outcomeRow(1, 64, [70, 65, 68], {
        statuses: Uint8Array.of(2, 3, 5),
        attempts: u32(1, 2, 1),
        failures: [failure],
        spans: [[65, 1, 0, 12]],
      }),
      outcomeRow(1, 67, [64], { payload: bytes(LARGE), lengths: u32(LARGE) }),
      outcomeRow(1, 68, [66, 67], { lengths: u32(0xffffffff, 0), blobs: [blobId(3)], payload: NO_BYTES }),
      settledRow(1, 70, [
        [69, 1],
        [80, 20],
      ]),
    ];
    await store().append([
      putCall(1),
      putChunk(1, 0, 100),
      ...rows.map((row) =>
        'ranges' in row ? ({ put: 'settled', row } as const) : ({ put: 'outcomes', row } as const),
      ),
    ]);
    expect(await store().outcomes(callId(1), 0, 1000)).toEqual(rows);
    expect(await store().outcomesOf(callId(1), 0, 1000)).toEqual(rows);
  });
  test('by cursor: the rows that reach into it, in commit order', async () => {
    await store().append([
      putCall(1),
      putOutcomes(1, 0, [9, 8]),
      putOutcomes(1, 2, [7]),
      putSettled(1, 3, [
        [0, 3],
        [5, 2],
      ]),
      putOutcomes(1, 8, [3, 4]),
    ]);
    const seqs = async (seq: number, count: number): Promise<number[]> =>
      (await store().outcomes(callId(1), seq, count)).map((row) => row.seq);
    expect(await seqs(0, 100)).toEqual([0, 2, 3, 8]);
    expect(await seqs(1, 1)).toEqual([0]);
    expect(await seqs(1, 2)).toEqual([0, 2]);
    expect(await seqs(7, 1)).toEqual([3]);
    expect(await seqs(9, 50)).toEqual([8]);
    expect(await seqs(10, 50)).toEqual([]);
  });
  test('by cursor: no more at once than a page of payload', async () => {
    const big = (seq: number): ReturnType<typeof putOutcomes> =>
      putOutcomes(1, seq, [seq], { payload: new Uint8Array(3 * 1024 ** 2) });
    await store().append([
      putCall(1),
      big(0),
      big(1),
      big(2),
      putOutcomes(1, 3, [3], { payload: new Uint8Array(9 * 1024 ** 2) }),
      big(4),
    ]);
    const seqs = async (seq: number): Promise<number[]> =>
      (await store().outcomes(callId(1), seq, 100)).map((row) => row.seq);
    expect(await seqs(0)).toEqual([0, 1]);
    expect(await seqs(2)).toEqual([2]);
    expect(await seqs(3)).toEqual([3]);
    expect(await seqs(4)).toEqual([4]);
    expect(await store().outcomes(callId(1), 0, 100, 'tables')).toHaveLength(5);
  });
  test('by index: exactly the rows that hold one', async () => {
    await store().append([
      putCall(1),
      putOutcomes(1, 0, [0, 40]),
      putOutcomes(1, 2, [10, 11, 12]),
      putSettled(1, 5, [
        [20, 5],
        [50, 5],
      ]),
      putOutcomes(1, 15, [1]),
    ]);
    const seqs = async (first: number, count: number): Promise<number[]> =>
      (await store().outcomesOf(callId(1), first, count)).map((row) => row.seq);
    expect(await seqs(0, 1)).toEqual([0]);
    expect(await seqs(0, 2)).toEqual([0, 15]);
    expect(await seqs(11, 1)).toEqual([2]);
    expect(await seqs(13, 7)).toEqual([]);
    expect(await seqs(24, 1)).toEqual([5]);
    expect(await seqs(30, 15)).toEqual([0]);
    expect(await seqs(54, 1)).toEqual([5]);
  });
  test('tables come without payload bytes', async () => {
    await store().append([putCall(1), putOutcomes(1, 0, [0, 1]), putSettled(1, 2, [[2, 3]])]);
    const rows = [
      { ...outcomeRow(1, 0, [0, 1]), payload: NO_BYTES },
      { ...settledRow(1, 2, [[2, 3]]), payload: NO_BYTES },
    ];
    expect(await store().outcomes(callId(1), 0, 10, 'tables')).toEqual(rows);
    expect(await store().outcomesOf(callId(1), 0, 10, 'tables')).toEqual(rows);
  });
  test('a call that is not there has no rows', async () => {
    expect(await store().outcomes(callId(1), 0, 10)).toEqual([]);
    expect(await store().outcomesOf(callId(1), 0, 10)).toEqual([]);
    expect(await store().chunks(callId(1), 0, 10)).toEqual([]);
  });
}

function listing(store: () => Store): void {
  test('a call comes back with its row and counts', async () => {
    const row = callRow(1, {
      base: callId(9),
      indexes: u32(4, 2),
      parent: { call_id: callId(8), index: 3 },
      inputs: 2,
      sealed: true,
    });
    await store().append([{ put: 'call', row, shared: { bytes: NO_BYTES } }]);
    const counts = { queued: 2, retrying: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, timed_out: 0 };
    expect(await store().call(callId(1))).toEqual({ row, counts, expired: false, hasChildren: false });
    expect(await store().call(callId(2))).toBeUndefined();
  });
  test('counts follow the outcomes', async () => {
    await store().append([
      putCall(1),
      putChunk(1, 0, 100),
      putOutcomes(1, 0, [0, 1, 2, 3], { statuses: Uint8Array.of(2, 3, 2, 5) }),
    ]);
    await store().append([
      putSettled(1, 4, [
        [10, 5],
        [20, 1],
      ]),
    ]);
    const counts = { queued: 90, retrying: 0, running: 0, succeeded: 2, failed: 1, cancelled: 6, timed_out: 1 };
    expect(await store().call(callId(1))).toMatchObject({ counts, row: { inputs: 100, seq: 10 } });
  });
  test('a state replaces state, inputs, seal and times', async () => {
    const state = {
      state: 'done',
      inputs: 5,
      sealed: true,
      attached: false,
      seq: 5,
      started_at: 2000.5,
      ended_at: 2001.25,
    } as const;
    await store().append([putCall(1), putState(1, state)]);
    expect((await store().call(callId(1)))?.row).toEqual(callRow(1, state));
  });
  test('a list begins with the newest call and leaves out tables of indexes', async () => {
    await store().append([putCall(1), putCall(2, { base: callId(1), indexes: u32(0) }), putCall(3)]);
    expect((await store().calls(2)).map(({ row }) => row)).toEqual([callRow(3), callRow(2, { base: callId(1) })]);
    expect(await store().calls(50)).toHaveLength(3);
  });
}

function restarting(store: () => Store): void {
  test('a restart finds functions, living containers and calls that are not final', async () => {
    await store().append([
      { put: 'function', row: functionRow(), code: { bytes: bytes(10) } },
      putCall(1),
      putCall(2),
      putCall(3),
      { put: 'container', row: containerRow(1) },
      { put: 'container', row: containerRow(2) },
    ]);
    await store().append([
      putState(1, { state: 'done' }),
      putState(2, { state: 'sealed' }),
      { put: 'container', row: containerRow(1, { key_hash: 'ab' }) },
      { put: 'container', row: containerRow(2, { gone: true }) },
    ]);
    const { functions, calls, containers } = await store().load();
    expect(functions).toEqual([functionRow()]);
    expect(calls.map(({ row }) => row)).toEqual([callRow(2, { state: 'sealed' }), callRow(3)]);
    expect(containers).toEqual([containerRow(1, { key_hash: 'ab' })]);
  });
  test('settled inputs come back as stretches', async () => {
    await store().append([
      putCall(1),
      putChunk(1, 0, 50),
      putOutcomes(1, 0, [3, 2, 1, 7]),
      putSettled(1, 4, [
        [10, 5],
        [20, 2],
      ]),
    ]);
    await store().append([putOutcomes(1, 11, [8, 9], { statuses: Uint8Array.of(2, 3) })]);
    const [call] = (await store().load()).calls;
    expect(call?.row).toMatchObject({ inputs: 50, seq: 13 });
    expect(call?.settled).toEqual([
      { first: 1, count: 3, status: 2 },
      { first: 7, count: 2, status: 2 },
      { first: 9, count: 1, status: 3 },
      { first: 10, count: 5, status: 4 },
      { first: 20, count: 2, status: 4 },
    ]);
  });
  test('the last attempt of an input comes back', async () => {
    await store().append([putCall(1), putChunk(1, 0, 5), { put: 'attempt', call_id: callId(1), index: 3, attempt: 2 }]);
    await store().append([
      { put: 'attempt', call_id: callId(1), index: 3, attempt: 3 },
      { put: 'attempt', call_id: callId(1), index: 4, attempt: 2 },
    ]);
    expect((await store().load()).calls[0]?.attempts).toEqual(
      new Map([
        [3, 3],
        [4, 2],
      ]),
    );
  });
  test('a derived call comes back with its indexes', async () => {
    await store().append([
      putCall(1, { state: 'failed' }),
      putCall(2, { base: callId(1), indexes: u32(5, 9), inputs: 2, sealed: true, state: 'sealed' }),
    ]);
    expect((await store().load()).calls[0]?.row).toMatchObject({ base: callId(1), indexes: u32(5, 9), inputs: 2 });
  });
}

function expiring(store: () => StoreWithBlobs): void {
  const now = Date.now() / 1000;
  const ended = (number: number, secondsAgo: number): ReturnType<typeof putState> =>
    putState(number, { state: 'done', inputs: 4, seq: 4, ended_at: now - secondsAgo });
  const week = { olderThanMs: 7 * DAY_MS, budgetBytes: 1e9 };

  test('calls that ended long ago are deleted, open and recent ones stay', async () => {
    await store().append([
      putCall(1),
      putChunk(1, 0, 4, LARGE),
      putCall(2),
      putCall(3),
      ended(1, 8 * 86400),
      ended(2, 6 * 86400),
    ]);
    expect(await store().expire(week)).toMatchObject({ deleted: [callId(1)], emptied: [] });
    expect(await store().call(callId(1))).toBeUndefined();
    expect(await store().chunks(callId(1), 0, 4)).toEqual([]);
    expect((await store().calls(10)).map(({ row }) => row.call_id)).toEqual([callId(3), callId(2)]);
  });
  test('a call whose inputs an open call runs again stays, through every call in between', async () => {
    await store().append([
      putCall(1),
      putCall(2, { base: callId(1) }),
      putCall(3, { base: callId(2) }),
      ended(1, 1e6),
      ended(2, 1e6),
    ]);
    expect((await store().expire({ olderThanMs: 0, budgetBytes: 0 })).deleted).toEqual([]);
    await store().append([putState(3, { state: 'done', ended_at: now - 10 })]);
    expect((await store().expire(week)).deleted).toEqual([callId(1), callId(2)]);
  });
  test('payloads beyond the budget go, read longest ago first', async () => {
    for (const number of [1, 2, 3])
      await store().append([
        putCall(number),
        putChunk(number, 0, 4, LARGE),
        putOutcomes(number, 0, [0, 1, 2, 3]),
        ended(number, 100 - number),
      ]);
    await store().outcomes(callId(1), 0, 4);
    const found = await store().expire({ olderThanMs: 7 * DAY_MS, budgetBytes: 4 * LARGE + 100 });
    expect(found).toEqual({ deleted: [], emptied: [callId(2), callId(3)], bytes: 4 * LARGE + 20 });
    expect(await store().expire({ olderThanMs: 7 * DAY_MS, budgetBytes: 4 * LARGE + 100 })).toMatchObject({
      emptied: [],
    });
    expect(await store().chunks(callId(1), 0, 4)).toHaveLength(1);
  });
  test('thousands of calls go as a few do', async () => {
    const numbers = range(1, 1200);
    const ids = numbers.map(callId);
    await Promise.all(
      numbers.map((number) =>
        store().append([putCall(number), putChunk(number, 0, 4), ended(number, 8 * 86400 - number)]),
      ),
    );
    const { emptied } = await store().expire({ olderThanMs: 9 * DAY_MS, budgetBytes: 0 });
    expect(emptied).toEqual(ids);
    expect((await store().expire(week)).deleted).toEqual(ids);
    expect(await store().calls(10)).toEqual([]);
  });
  test('a call without its payloads says so, and keeps row, counts and tables', async () => {
    await store().append([
      putCall(1, {}, { bytes: bytes(9) }),
      putChunk(1, 0, 4),
      putOutcomes(1, 0, [0, 1, 2, 3]),
      ended(1, 10),
    ]);
    await store().expire({ olderThanMs: 7 * DAY_MS, budgetBytes: 0 });
    expect(await store().call(callId(1))).toMatchObject({ expired: true, counts: { succeeded: 4 } });
    expect(await store().payload('call', callId(1))).toBeUndefined();
    await expect(store().chunks(callId(1), 0, 1)).rejects.toBeInstanceOf(StoreExpired);
    await expect(store().outcomes(callId(1), 0, 1)).rejects.toBeInstanceOf(StoreExpired);
    await expect(store().outcomesOf(callId(1), 0, 1)).rejects.toBeInstanceOf(StoreExpired);
    expect(await store().outcomesOf(callId(1), 0, 1, 'tables')).toEqual([
      { ...outcomeRow(1, 0, [0, 1, 2, 3]), payload: NO_BYTES },
    ]);
  });
  test('the blobs of a call go with it, those of others stay', async () => {
    const write = (number: number): unknown => store().payloads?.write(blobId(number), blobOf(number));
    const blobOf = async function* (number: number): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(bytes(LARGE, number));
    };
    const inBlob = (number: number, blob: number) =>
      ({
        put: 'chunk',
        row: { ...chunkRow(number, 0, 1), lengths: u32(0xffffffff), blobs: [blobId(blob)], payload: NO_BYTES },
      }) as const;
    for (const number of [1, 2, 3, 4]) await write(number);
    await store().append([
      putCall(1, {}, { blob: blobId(1) }),
      inBlob(1, 2),
      ended(1, 1e6),
      putCall(2),
      inBlob(2, 3),
      ended(2, 10),
      putCall(3),
      inBlob(3, 4),
    ]);
    const exists = (): Promise<unknown> =>
      Promise.all([1, 2, 3, 4].map((number) => store().payloads?.exists(blobId(number))));
    expect(await store().expire(week)).toMatchObject({ deleted: [callId(1)], emptied: [] });
    expect(await exists()).toEqual([false, false, true, true]);
  });
  test('late words about a deleted call are not kept', async () => {
    await store().append([putCall(1), ended(1, 1e6)]);
    await store().expire(week);
    await store().append([ended(1, 0), { put: 'attempt', call_id: callId(1), index: 0, attempt: 2 }]);
    expect(await store().call(callId(1))).toBeUndefined();
  });
}
