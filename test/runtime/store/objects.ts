// What every store promises about dicts and queues, over whichever is handed in. Part of conformance.ts.

import { expect, test } from 'vitest';

import type { ClientId, ObjectId } from '@farcall/kernel-bridge/wire';

import type { AnswerRow, EntryRow, Holder, ObjectRow } from '../../../runtime/src/store/objects.js';
import type { Operation, Store } from '../../../runtime/src/store/store.js';
import { blobId, bytes } from './builders.js';

export const CLIENT = `cl-${'0'.repeat(26)}` as ClientId;
const HOLDER: Holder = { client: CLIENT, op: 7 };

export function objectId(number: number, kind: 'di' | 'qu' = 'di'): ObjectId {
  return `${kind}-${String(number).padStart(26, '0')}` as ObjectId;
}

function objectRow(number: number, changes: Partial<ObjectRow> = {}): ObjectRow {
  const object_id = objectId(number);
  const made = { person: '', environment: '', name: `d${number}`, client: CLIENT, created_at: number };
  return { object_id, kind: 'dict', ...made, ...changes };
}

function putObject(number: number, changes: Partial<ObjectRow> = {}): Operation {
  return { put: 'object', object: objectId(number), row: objectRow(number, changes) };
}

function entry(n: number, size = 3, until = 0): EntryRow {
  return { n, key: bytes(4, n), size, until, value: { bytes: bytes(size, n) } };
}

function putEntries(number: number, rows: readonly EntryRow[]): Operation {
  return { put: 'entries', object: objectId(number), rows };
}

function headOf({ n, key, size, until }: EntryRow): object {
  return { n, key, size, until };
}

export function keepingObjects(store: () => Store): void {
  test('objects and answers come back as they went in', async () => {
    const row: AnswerRow = { client: CLIENT, op: 3, at: 5, count: 1, value: { bytes: bytes(6) } };
    const bare: AnswerRow = { client: CLIENT, op: 4, at: 6, count: 0 };
    await store().append([putObject(1), putObject(2, { name: '', person: 'ada' })]);
    await store().append([
      { put: 'answer', object: objectId(1), row },
      { put: 'answer', object: objectId(1), row: bare },
    ]);
    const { objects, answers } = await store().objects.load();
    expect(objects).toEqual([objectRow(1), objectRow(2, { name: '', person: 'ada' })]);
    expect(answers).toEqual([row, bare]);
    await store().append([{ put: 'answers.gone', object: objectId(1), client: CLIENT, before: 4 }]);
    expect((await store().objects.load()).answers).toEqual([bare]);
  });
  test('entries are listed by number, and read with their values', async () => {
    const large = entry(3, 200_000);
    const inBlob: EntryRow = { ...entry(4, 0), size: 999, value: { blob: blobId(1) } };
    await store().append([putObject(1), putEntries(1, [entry(2), large, inBlob])]);
    await store().append([putEntries(1, [entry(1, 0, 12.5)])]);
    const rows = [entry(1, 0, 12.5), entry(2), large, inBlob];
    const heads = rows.map((row) => ({ ...headOf(row), ...(row === inBlob ? { blob: blobId(1) } : {}) }));
    expect(await store().objects.heads(objectId(1))).toEqual(heads);
    expect(await store().objects.values(objectId(1), [4, 1, 3, 77, 2])).toEqual(rows);
    expect(await store().objects.heads(objectId(9))).toEqual([]);
  });
  test('an entry that is put again takes the place of the earlier one, and nobody holds it', async () => {
    await store().append([putObject(1), putEntries(1, [entry(1), entry(2)])]);
    await store().append([{ put: 'entries.held', object: objectId(1), numbers: [1], holder: HOLDER }]);
    await store().append([putEntries(1, [entry(1, 9)])]);
    expect(await store().objects.heads(objectId(1))).toEqual([headOf(entry(1, 9)), headOf(entry(2))]);
  });
  test('what is held says by whom, and counts its bytes but not itself', async () => {
    await store().append([putObject(1), putEntries(1, [entry(1), entry(2), entry(3)]), putObject(2)]);
    await store().append([{ put: 'entries.held', object: objectId(1), numbers: [1, 3], holder: HOLDER }]);
    const heads = await store().objects.heads(objectId(1));
    expect(heads.map(({ holder }) => holder)).toEqual([HOLDER, undefined, HOLDER]);
    expect(await store().objects.totals()).toEqual(new Map([[objectId(1), { count: 1, bytes: 9 }]]));
    await store().append([{ put: 'entries.held', object: objectId(1), numbers: [3], holder: undefined }]);
    expect((await store().objects.totals()).get(objectId(1))).toEqual({ count: 2, bytes: 9 });
  });
  test('entries go one by one, and an object goes with all of them', async () => {
    await store().append([putObject(1), putEntries(1, [entry(1), entry(2)]), putObject(2), putEntries(2, [entry(1)])]);
    await store().append([{ put: 'entries.gone', object: objectId(1), numbers: [1, 5] }]);
    expect(await store().objects.heads(objectId(1))).toEqual([headOf(entry(2))]);
    await store().append([{ put: 'object.gone', object: objectId(1) }]);
    await store().append([{ put: 'object.gone', object: objectId(1) }]);
    expect(await store().objects.heads(objectId(1))).toEqual([]);
    expect((await store().objects.load()).objects).toEqual([objectRow(2)]);
    expect(await store().objects.heads(objectId(2))).toHaveLength(1);
  });
  test('entries of an object that is not there are refused, with their group', async () => {
    await store().append([putObject(1)]);
    await expect(store().append([putObject(3), putEntries(2, [entry(1)])])).rejects.toThrow();
    expect((await store().objects.load()).objects).toHaveLength(1);
  });
  test('retention of calls takes nothing of objects', async () => {
    await store().append([putObject(1), putEntries(1, [entry(1, 5000)])]);
    const { bytes: left } = await store().expire({ olderThanMs: 0, budgetBytes: 0 });
    expect(left).toBe(0);
    expect(await store().objects.heads(objectId(1))).toHaveLength(1);
  });
}
