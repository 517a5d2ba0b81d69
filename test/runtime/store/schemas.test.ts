// Stores of every released schema open and read as they did. A fixture is a store as its farcall left it: `<schema>.sql`,
// its payload files, and in `said.json` what it answered. After a new schema was released, write its fixture once with
// FARCALL_WRITE_SCHEMA=1 and this test; never change one.

import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

import { StoreTooNew } from '../../../runtime/src/store/errors.js';
import { MIGRATIONS } from '../../../runtime/src/store/schema.js';
import type { SqliteStore } from '../../../runtime/src/store/sqlite.js';
import {
  bytes,
  callId,
  containerRow,
  functionRow,
  putCall,
  putChunk,
  putOutcomes,
  putSettled,
  putState,
} from './builders.js';
import { folder, openIn } from './folder.js';

const FIXTURES = fileURLToPath(new URL('./schemas/', import.meta.url));
const LARGE = 2500;
const CALLS = [1, 2, 3];
const ENDED = putState(2, { state: 'done', inputs: 6, sealed: true, seq: 5, ended_at: 1000 });
const schemas = (await readdir(FIXTURES)).map(Number).sort((a, b) => a - b);

test('the first schema has a fixture, and none is of a schema that this farcall does not know', () => {
  expect(schemas[0]).toBe(1);
  expect(schemas.at(-1)).toBeLessThanOrEqual(MIGRATIONS.length);
});

describe.each(schemas)('a store of schema %i', (schema) => {
  test('opens, and its calls read as they did', async () => {
    await using store = await openIn(await unpacked(schema));
    expect(await answersOf(store)).toMatchObject(await said(schema));
  });
  test('takes new work, and still has the old when it is opened again', async () => {
    const path = await unpacked(schema);
    const first = await openIn(path);
    await first.append([putCall(9), putChunk(9, 0, 1, LARGE)]);
    await first[Symbol.asyncDispose]();
    await using second = await openIn(path);
    expect([second.id, second.epoch]).toEqual([first.id, first.epoch]);
    expect(await second.chunks(callId(9), 0, 1)).toHaveLength(1);
    expect((await second.calls(10)).map(({ row }) => row.call_id)).toEqual([9, 3, 2, 1].map(callId));
  });
  test('ends with the tables that a new store has', async () => {
    expect(await tablesOf(await unpacked(schema))).toEqual(await tablesOf(await folder()));
  });
  test('expires like any other', async () => {
    await using store = await openIn(await unpacked(schema));
    const { deleted } = await store.expire({ olderThanMs: 0, budgetBytes: Infinity });
    expect(deleted.toSorted()).toEqual([callId(2)]);
    expect(await store.call(callId(1))).toMatchObject({ row: { state: 'open' } });
  });
});

test('a store of schema 1 knows, once it is opened, which calls were opened by which', async () => {
  const path = await unpacked(1);
  const parent = (number: number): string => `json_object('call_id', '${callId(number)}', 'index', ${number})`;
  for (const [call, above] of [
    [2, 1],
    [3, 2],
  ] as const)
    change(
      join(path, 'store.db'),
      `UPDATE openings SET row = json_set(row, '$.parent', ${parent(above)})
        WHERE call = (SELECT n FROM calls WHERE id = '${callId(call)}')`,
    );
  await using store = await openIn(path);
  expect((await store.root(callId(3)))?.row.call_id).toBe(callId(1));
  expect(await store.children([{ call: callId(2), first: 2, count: 1 }], 0, 10)).toMatchObject([
    { call_id: callId(3), parent: { index: 2 } },
  ]);
  expect((await store.beneath(callId(1), 0, 10)).map(({ call_id }) => call_id)).toEqual([2, 3].map(callId));
});

test('a store of a later farcall is refused with a sentence that says what to do, and stays as it is', async () => {
  const path = await unpacked(1);
  const file = join(path, 'store.db');
  change(file, `UPDATE meta SET value = '${MIGRATIONS.length + 1}' WHERE key = 'schema'`);
  const error = await openIn(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreTooNew);
  expect(String(error)).toContain(`schema ${MIGRATIONS.length + 1}`);
  expect(String(error)).toContain('upgrade farcall, or use another home');
  change(file, `UPDATE meta SET value = '1' WHERE key = 'schema'`);
  await using store = await openIn(path);
  expect(await store.calls(10)).toHaveLength(CALLS.length);
});

test.runIf(process.env['FARCALL_WRITE_SCHEMA'])('writes the fixture of the schema of today', async () => {
  const path = await folder();
  const store = await openIn(path);
  await fill(store);
  const answers = await answersOf(store);
  await store[Symbol.asyncDispose]();
  const target = join(FIXTURES, String(MIGRATIONS.length));
  await mkdir(target);
  await cp(join(path, 'payloads'), join(target, 'payloads'), { recursive: true });
  await writeFile(join(target, 'store.sql'), dump(join(path, 'store.db')));
  await writeFile(join(target, 'said.json'), `${JSON.stringify(answers, null, 1)}\n`);
});

/** An open call, an ended one that has what a call can have, and one that runs its inputs again. */
async function fill(store: SqliteStore): Promise<void> {
  await store.append([
    { put: 'function', row: functionRow(), code: { bytes: bytes(9) } },
    { put: 'container', row: containerRow(1) },
  ]);
  await store.append([putCall(1), putChunk(1, 0, 3, 10), putOutcomes(1, 0, [1])]);
  await store.append([{ put: 'attempt', call_id: callId(1), index: 0, attempt: 2 }]);
  await store.append([putCall(2), putChunk(2, 0, 2, LARGE), putChunk(2, 2, 4, 10)]);
  await store.append([putOutcomes(2, 0, [3, 1, 0]), putSettled(2, 3, [[4, 2]]), ENDED]);
  await store.append([putCall(3, { base: callId(1), indexes: new Uint8Array([2, 0, 0, 0]), inputs: 1, sealed: true })]);
}

/** All that a store answers, with bytes as text. */
async function answersOf(store: SqliteStore): Promise<object> {
  const calls = await Promise.all(
    CALLS.map(callId).map(async (id) => ({
      call: await store.call(id),
      shared: await store.payload('call', id),
      chunks: await store.chunks(id, 0, 10),
      outcomes: await store.outcomes(id, 0, 10),
    })),
  );
  const { functions, containers, calls: open } = await store.load();
  const code = await store.payload('function', functionRow().function_id);
  const restored = open.map(({ row, settled, attempts }) => ({ row, settled, attempts: [...attempts] }));
  const answers = { id: store.id, functions, containers, open: restored, code, calls };
  return JSON.parse(JSON.stringify(answers, (_, value: unknown) => asText(value))) as object;
}

function asText(value: unknown): unknown {
  return value instanceof Uint8Array ? `hex ${Buffer.from(value).toString('hex')}` : value;
}

async function said(schema: number): Promise<object> {
  return JSON.parse(await readFile(join(FIXTURES, String(schema), 'said.json'), 'utf8')) as object;
}

async function unpacked(schema: number): Promise<string> {
  const path = await folder();
  const fixture = join(FIXTURES, String(schema));
  await cp(join(fixture, 'payloads'), join(path, 'payloads'), { recursive: true });
  change(join(path, 'store.db'), await readFile(join(fixture, 'store.sql'), 'utf8'));
  return path;
}

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

/** Every table and index with its columns, whatever statement made it. */
async function tablesOf(path: string): Promise<unknown> {
  await (await openIn(path))[Symbol.asyncDispose]();
  const db = new DatabaseSync(join(path, 'store.db'));
  const names = db.prepare(`SELECT type, name, tbl_name FROM sqlite_master ORDER BY name`).all();
  const tables = names.map((row) => [row, db.prepare('SELECT * FROM pragma_table_xinfo(?)').all(String(row['name']))]);
  db.close();
  return tables;
}

/** The file as the statements that make it. */
function dump(file: string): string {
  const db = new DatabaseSync(file);
  const made = db.prepare(`SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid`).all();
  const rows = made
    .filter(({ type }) => type === 'table')
    .flatMap(({ name }) =>
      db
        .prepare(`SELECT * FROM ${String(name)}`)
        .all()
        .map((row) => `INSERT INTO ${String(name)} VALUES (${Object.values(row).map(literal).join(', ')});`),
    );
  db.close();
  return `${[...made.map(({ sql }) => `${String(sql)};`), ...rows].join('\n')}\n`;
}

function literal(value: SQLOutputValue): string {
  if (value === null) return 'NULL';
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`;
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}
