// Outcomes by index: what is read of a call's payloads for one page of them.

import { expect, test } from 'vitest';

import { type CallId, SUCCEEDED } from '@farcall/kernel-bridge/wire';

import { readPage } from '../../../runtime/src/gateway/outcome-pages.js';
import type { OutcomeRow, Store } from '../../../runtime/src/store/store.js';

const CALL = 'fc-NNV2P401M8022T3SA9TKSGDNZW4QC2H8' as CallId;

/** A store with one outcome a row, that tells how much was brought from it. */
class Shelf implements Pick<Store, 'outcomesOf'> {
  bytes = 0;

  constructor(private readonly sizes: readonly number[]) {}

  outcomesOf(call_id: CallId, first: number, count: number, part = 'whole'): Promise<readonly OutcomeRow[]> {
    const rows = this.sizes.slice(first, first + count).map((size, at) => rowOf(call_id, first + at, size));
    if (part === 'tables') return Promise.resolve(rows.map((row) => ({ ...row, payload: new Uint8Array(0) })));
    for (const { payload } of rows) this.bytes += payload.length;
    return Promise.resolve(rows);
  }
}

function rowOf(call_id: CallId, index: number, size: number): OutcomeRow {
  const one = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
  return {
    call_id,
    seq: index,
    count: 1,
    container_id: 'co-1',
    indexes: one(index),
    statuses: Uint8Array.of(SUCCEEDED),
    attempts: one(1),
    seconds: one(0),
    lengths: one(size),
    blobs: [],
    failures: [],
    spans: [],
    payload: new Uint8Array(size).fill(index % 256),
  };
}

async function readAll(shelf: Shelf, count: number): Promise<number[]> {
  const indexes: number[] = [];
  while (indexes.length < count) {
    const page = await readPage(shelf, CALL, indexes.length, count - indexes.length);
    expect(page.payload.length).toBeLessThan(1024 ** 2);
    indexes.push(...page.indexes);
  }
  return indexes;
}

test('a call of large values is read once, however much is asked for at a time', async () => {
  const shelf = new Shelf(Array.from({ length: 40 }, () => 250_000));
  expect(await readAll(shelf, 40)).toEqual(Array.from({ length: 40 }, (_, index) => index));
  expect(shelf.bytes).toBe(40 * 250_000);
});

test('large values behind small ones are not brought for nothing', async () => {
  const sizes = Array.from({ length: 300 }, (_, index) => (index < 100 ? 10 : 250_000));
  const shelf = new Shelf(sizes);
  expect((await readAll(shelf, 300)).length).toBe(300);
  expect(shelf.bytes).toBe(sizes.reduce<number>((sum, size) => sum + size, 0));
});

test('small values come by the thousand', async () => {
  const shelf = new Shelf(Array.from({ length: 10_000 }, () => 20));
  expect((await readPage(shelf, CALL, 0, 10_000)).indexes.length).toBe(4096);
});

test('a page of nothing is empty', async () => {
  expect((await readPage(new Shelf([]), CALL, 5, 100)).indexes.length).toBe(0);
});

test('one value is read, however large it is', async () => {
  expect((await readPage(new Shelf([1, 3_000_000]), CALL, 1, 1)).payload.length).toBe(3_000_000);
});
