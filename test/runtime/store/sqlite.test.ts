import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';

import type { FunctionId } from '@farcall/kernel-bridge/wire';

import { problemOf } from '../../../runtime/src/store/database.js';
import { StoreBusy, StoreClosed, StoreCorrupt, StoreFull, StoreTooNew } from '../../../runtime/src/store/errors.js';
import { MIGRATIONS } from '../../../runtime/src/store/schema.js';
import type { Room } from '../../../runtime/src/store/space.js';
import type { Operation } from '../../../runtime/src/store/store.js';
import {
  bytes,
  callId,
  callRow,
  chunkRow,
  containerRow,
  functionRow,
  outcomeRow,
  putCall,
  putChunk,
  putOutcomes,
  putState,
  range,
} from './builders.js';
import { conformance } from './conformance.js';
import { folder, openIn } from './folder.js';

for (const durability of ['process', 'power'] as const)
  conformance(`SqliteStore, durability ${durability}`, async () => openIn(await folder(), { durability }));

const LARGE = 10_000;

describe('opening', () => {
  test('a store that is opened again has its names and all its rows', async () => {
    const path = await folder();
    const first = await openIn(path);
    await first.append([
      { put: 'function', row: functionRow(), code: { bytes: bytes(9) } },
      { put: 'container', row: containerRow(1) },
    ]);
    await first.append([putCall(1), putChunk(1, 0, 2, LARGE), putOutcomes(1, 0, [1])]);
    await first[Symbol.asyncDispose]();
    await using second = await openIn(path);
    expect([second.id, second.epoch]).toEqual([first.id, first.epoch]);
    expect(await second.chunks(callId(1), 0, 2)).toEqual([chunkRow(1, 0, 2, LARGE)]);
    expect(await second.load()).toEqual({
      functions: [functionRow()],
      containers: [containerRow(1)],
      calls: [
        {
          row: callRow(1, { inputs: 2, seq: 1 }),
          hasChildren: false,
          settled: [{ first: 1, count: 1, status: 2 }],
          attempts: new Map(),
        },
      ],
    });
  });
  test('payloads go on behind those of an earlier life', async () => {
    const path = await folder();
    for (const first of [0, 2, 4]) {
      await using store = await openIn(path);
      if (first === 0) await store.append([putCall(1)]);
      await store.append([putChunk(1, first, 2, LARGE)]);
    }
    await using store = await openIn(path);
    expect(await store.chunks(callId(1), 0, 6)).toEqual([0, 2, 4].map((first) => chunkRow(1, first, 2, LARGE)));
  });
  test('another boot makes a new epoch, unless every commit was on the disk', async () => {
    const path = await folder();
    const first = await openIn(path, { durability: 'power' });
    await first[Symbol.asyncDispose]();
    const epochAfter = async (run: string, durability: 'process' | 'power'): Promise<string> => {
      const db = new DatabaseSync(join(path, 'store.db'));
      db.prepare(`INSERT OR REPLACE INTO meta VALUES ('run', ?)`).run(run);
      db.close();
      await using store = await openIn(path, { durability });
      expect(store.id).toBe(first.id);
      return store.epoch;
    };
    expect(await epochAfter('power another-boot', 'power')).toBe(first.epoch);
    const second = await epochAfter('process another-boot', 'power');
    expect(second).not.toBe(first.epoch);
    const third = await epochAfter('process another-boot', 'process');
    expect(third).not.toBe(second);
    expect(await epochAfter('power another-boot', 'process')).not.toBe(third);
  });
  test('two stores have different names', async () => {
    await using one = await openIn(await folder());
    await using other = await openIn(await folder());
    expect(one.id).not.toBe(other.id);
    expect(one.epoch).not.toBe(other.epoch);
  });
  test('a second opener is refused while the first one lives', async () => {
    const path = await folder();
    const first = await openIn(path);
    await expect(openIn(path)).rejects.toBeInstanceOf(StoreBusy);
    await first.append([putCall(1)]);
    await first[Symbol.asyncDispose]();
    await using second = await openIn(path);
    expect(await second.calls(5)).toHaveLength(1);
  });
  test('opening can be given up', async () => {
    const path = await folder();
    await expect(openIn(path, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    await using store = await openIn(path);
    expect(await store.calls(5)).toEqual([]);
  });
  test('closing twice is fine, and what was appended before is written', async () => {
    const path = await folder();
    const store = await openIn(path);
    const appended = store.append([putCall(1), putChunk(1, 0, 1, LARGE)]);
    await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
    await appended;
    await using again = await openIn(path);
    expect(await again.chunks(callId(1), 0, 1)).toEqual([chunkRow(1, 0, 1, LARGE)]);
  });
});

test('whose thread fails says so at once, and refuses from then on', async () => {
  const ended: Error[] = [];
  const store = await openIn(await folder(), { onEnded: (error) => ended.push(error) });
  await store.append([putCall(1)]);
  await store['link']['worker'].terminate();
  expect(ended.map(String)).toEqual(['StoreClosed: its thread ended']);
  await expect(store.append([putCall(2)])).rejects.toBeInstanceOf(StoreClosed);
  await expect(store.call(callId(1))).rejects.toBeInstanceOf(StoreClosed);
});

describe('damage', () => {
  async function filled(): Promise<string> {
    const path = await folder();
    await using store = await openIn(path);
    for (let number = 0; number < 50; number += 1) await store.append([putCall(number), putChunk(number, 0, 1, 3000)]);
    return path;
  }
  const damages: Record<string, (file: Buffer) => Buffer> = {
    'a file that is no database': () => Buffer.from('this was never a store'.repeat(500)),
    'a broken header': (file) => Buffer.concat([Buffer.alloc(64, 7), file.subarray(64)]),
    'broken pages': (file) => Buffer.concat([file.subarray(0, 8192), Buffer.alloc(16384, 0xaa), file.subarray(24576)]),
    'a lost end': (file) => file.subarray(0, 40_000),
  };
  for (const [name, damage] of Object.entries(damages))
    test(`${name} is set aside and reported, and nothing takes its place`, async () => {
      const path = await filled();
      const damaged = damage(await readFile(join(path, 'store.db')));
      await writeFile(join(path, 'store.db'), damaged);
      const error = await openIn(path).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StoreCorrupt);
      const aside = error instanceof StoreCorrupt ? (error.setAside ?? '') : '';
      expect(aside).toMatch(/store\.db\.corrupt-\d{8}T\d{6}Z$/);
      expect((await readFile(aside)).equals(damaged)).toBe(true);
      expect(await readdir(path)).not.toContain('store.db');
    });
});

describe('damage in a large file', () => {
  test('shows when it is loaded, and sets the file aside then', async () => {
    const path = await folder();
    {
      await using store = await openIn(path);
      for (let number = 0; number < 50; number += 1) await store.append([putCall(number)]);
    }
    const file = join(path, 'store.db');
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(70000000))');
    const page = Number(db.prepare(`SELECT rootpage FROM sqlite_master WHERE name = 'openings'`).get()?.['rootpage']);
    db.close();
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(4096, 0xaa), 0, 4096, (page - 1) * 4096);
    await handle.close();
    const store = await openIn(path);
    await expect(store.load()).rejects.toMatchObject({
      name: 'StoreCorrupt',
      setAside: expect.stringContaining('store.db.corrupt-') as string,
    });
    expect(await readdir(path)).not.toContain('store.db');
    await expect(store.append([putCall(1)])).rejects.toBeInstanceOf(StoreClosed);
    await store[Symbol.asyncDispose]();
  });
});

describe('schema', () => {
  function made(path: string, steps: number): void {
    const db = new DatabaseSync(join(path, 'store.db'));
    for (const step of MIGRATIONS.slice(0, steps)) db.exec(step);
    db.exec(`INSERT INTO meta VALUES ('schema', '${steps}'), ('id', 'AAAAAA'), ('epoch', 'E')`);
    db.close();
  }
  test.each(MIGRATIONS.map((_, at) => at + 1))('a store of schema %i is brought up to date', async (steps) => {
    const path = await folder();
    made(path, steps);
    const store = await openIn(path);
    expect([store.id, store.epoch]).toEqual(['AAAAAA', 'E']);
    await store.append([putCall(1), putChunk(1, 0, 1), putOutcomes(1, 0, [0])]);
    await store[Symbol.asyncDispose]();
    const db = new DatabaseSync(join(path, 'store.db'));
    expect(db.prepare(`SELECT value FROM meta WHERE key = 'schema'`).get()).toMatchObject({
      value: String(MIGRATIONS.length),
    });
    db.close();
  });
  test('a store of a later farcall is refused and left alone', async () => {
    const path = await folder();
    made(path, MIGRATIONS.length);
    const db = new DatabaseSync(join(path, 'store.db'));
    db.exec(`UPDATE meta SET value = '999' WHERE key = 'schema'`);
    db.close();
    await expect(openIn(path)).rejects.toBeInstanceOf(StoreTooNew);
    expect(await readdir(path)).toContain('store.db');
  });
});

describe('a full disk', () => {
  const [MIB, GIB] = [1024 ** 2, 1024 ** 3];
  function largeFunction(number: number): Operation {
    const row = functionRow(`fv-${String(number).padStart(32, '0')}` as FunctionId);
    return { put: 'function', row, code: { bytes: bytes(4 * MIB) } };
  }
  /** What a file of this process may have at most; with the store's thread, which is in it. */
  function limitFiles(most: number | 'unlimited'): void {
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${most}:unlimited`]);
  }
  test('nearly full: new work is refused, running work is recorded, and room that was made is noticed', async () => {
    let free = 100 * GIB;
    await using store = await openIn(await folder(), { measure: () => Promise.resolve({ free, total: 200 * GIB }) });
    await store.append([putCall(1), putChunk(1, 0, 2)]);
    free = 0.5 * GIB;
    await using other = await openIn(await folder(), { measure: () => Promise.resolve({ free, total: 200 * GIB }) });
    await expect(other.append([putCall(1)])).rejects.toBeInstanceOf(StoreFull);
    await other.append([{ put: 'container', row: containerRow(1) }, putState(1)]);
    await store.append([putOutcomes(1, 0, [0, 1]), putState(1, { state: 'done', inputs: 2, seq: 2 })]);
    free = 2 * GIB;
    await other.append([putCall(1)]);
    expect(await other.calls(5)).toHaveLength(1);
  });
  test('nothing is written of what there is no room for, however often it is offered', async () => {
    const path = await folder();
    await using store = await openIn(path, { measure: () => Promise.resolve({ free: 0, total: 200 * GIB }) });
    for (let times = 0; times < 3; times += 1)
      await expect(store.append([putCall(1), putChunk(1, 0, 2, LARGE)])).rejects.toBeInstanceOf(StoreFull);
    expect(await readdir(join(path, 'payloads'))).toEqual([]);
  });
  test('what comes while the room is measured waits behind what asked for it', async () => {
    const measure = async (): Promise<Room> => {
      await setImmediate();
      return { free: 100 * GIB, total: 200 * GIB };
    };
    await using store = await openIn(await folder(), { measure });
    await Promise.all([store.append([putCall(1)]), store.append([putState(1, { state: 'done' })])]);
    expect((await store.call(callId(1)))?.row.state).toBe('done');
  });
  test.skipIf(!existsSync('/usr/bin/prlimit'))(
    'a log that the file has no room for stays as it is, and is moved once there is room',
    async () => {
      const path = await folder();
      const sizeOfFile = async (): Promise<number> => (await stat(join(path, 'store.db'))).size;
      const first = await openIn(path);
      for (const number of range(0, 3)) await first.append([largeFunction(number)]);
      await first[Symbol.asyncDispose]();
      const before = await sizeOfFile();

      await using store = await openIn(path);
      limitFiles(20 * MIB);
      try {
        for (const number of range(3, 4)) await store.append([largeFunction(number)]); // 16 MiB: time to move the log
        await expect.poll(sizeOfFile).toBeGreaterThan(before);
        await store.append([putCall(1)]);
        expect(await store.calls(5)).toHaveLength(1);
      } finally {
        limitFiles('unlimited');
      }
      for (const number of range(7, 4)) await store.append([largeFunction(number)]);
      await expect.poll(sizeOfFile).toBeGreaterThan(11 * 4 * MIB);
    },
  );
  test('a small disk keeps a twentieth free, not a GiB', async () => {
    let free = 0.3 * GIB;
    await using store = await openIn(await folder(), { measure: () => Promise.resolve({ free, total: 4 * GIB }) });
    await store.append([putCall(1)]);
    free = 0.1 * GIB;
    await using other = await openIn(await folder(), { measure: () => Promise.resolve({ free, total: 4 * GIB }) });
    await expect(other.append([putCall(1)])).rejects.toBeInstanceOf(StoreFull);
  });
  test.skipIf(!existsSync('/dev/full'))(
    'no room for a payload: that group is refused, whole, and later ones go on',
    async () => {
      const path = await folder();
      await using store = await openIn(path);
      await symlink('/dev/full', join(path, 'payloads', `${callId(1)}.inputs`));
      await store.append([putCall(1), putCall(2)]);
      const refused = store.append([putChunk(2, 0, 1), putChunk(1, 0, 1, LARGE)]);
      const later = store.append([putChunk(2, 1, 1, LARGE)]);
      await expect(refused).rejects.toBeInstanceOf(StoreFull);
      await later;
      expect((await store.chunks(callId(2), 0, 2)).map((row) => row.first)).toEqual([1]);
    },
  );
  test("SQLite's own word for it is understood", () => {
    const db = new DatabaseSync(':memory:');
    db.exec('PRAGMA max_page_count = 2; CREATE TABLE t (x)');
    let problem: unknown;
    try {
      db.exec('INSERT INTO t VALUES (zeroblob(100000))');
    } catch (error) {
      problem = problemOf(error);
    }
    db.close();
    expect(problem).toMatchObject({ kind: 'full' });
  });
});

describe('retention', () => {
  test('the files of a deleted call are deleted', async () => {
    const path = await folder();
    await using store = await openIn(path);
    for (const number of [1, 2])
      await store.append([
        putCall(number),
        putChunk(number, 0, 1, LARGE),
        { put: 'outcomes', row: outcomeRow(number, 0, [0], { payload: bytes(LARGE) }) },
      ]);
    await store.append([putState(1, { state: 'done', ended_at: 1 })]);
    await store.expire({ olderThanMs: 1000, budgetBytes: 1e9 });
    expect((await readdir(join(path, 'payloads'))).sort()).toEqual([`${callId(2)}.inputs`, `${callId(2)}.outcomes`]);
  });
});
