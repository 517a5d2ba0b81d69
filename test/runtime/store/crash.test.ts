// What is left after the process, or the power, went away in the middle of commits (faults F16, F17 and the store's
// part of F1).

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { cp, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { StoreBusy } from '../../../runtime/src/store/errors.js';
import type { Store } from '../../../runtime/src/store/store.js';
import { bundle, storeThread } from '../../support/bundle.js';
import { callId, chunkRow, outcomeRow, putCall, putChunk, putOutcomes } from './builders.js';
import { folder, openIn } from './folder.js';

const CALLS = [1, 2];

async function endless(path: string): Promise<ChildProcess> {
  const script = fileURLToPath(await bundle('test/runtime/store/endless.ts', 'endless'));
  return spawn(process.execPath, [script, path, (await storeThread()).href], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Kills the child after so many acknowledged groups. Returns the highest acknowledged index per call. */
async function killedAfter(child: ChildProcess, groups: number): Promise<Map<number, number>> {
  const acknowledged = new Map<number, number>();
  let seen = 0;
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const [call = 0, index = 0] = line.split(' ').map(Number);
    acknowledged.set(call, Math.max(index, acknowledged.get(call) ?? -1));
    seen += 1;
    if (seen === groups) child.kill('SIGKILL');
  }
  return acknowledged;
}

/**
 * Every group up to some point is there with both its halves and all its bytes, and none after it. Returns where it
 * ends.
 */
async function prefixOf(store: Store, call: number): Promise<number> {
  const end = (await store.call(callId(call)))?.row.seq ?? 0;
  const [chunks, outcomes] = await Promise.all([
    store.chunks(callId(call), 0, 1e9),
    store.outcomes(callId(call), 0, 1e9),
  ]);
  const indexes = Array.from({ length: end }, (_, index) => index);
  expect(
    isDeepStrictEqual(
      chunks,
      indexes.map((index) => chunkRow(call, index, 1, index % 3 === 0 ? 6000 : 20)),
    ),
  ).toBe(true);
  expect(
    isDeepStrictEqual(
      outcomes,
      indexes.map((index) => outcomeRow(call, index, [index])),
    ),
  ).toBe(true);
  return end;
}

test('kill -9 in the middle of commits loses nothing that was acknowledged, and tears no group', async () => {
  const path = await folder();
  const epochs = new Set<string>();
  for (const groups of [1, 40, 173, 300]) {
    const child = await endless(path);
    const acknowledged = await killedAfter(child, groups);
    await using store = await openIn(path);
    epochs.add(store.epoch);
    for (const call of CALLS) expect(await prefixOf(store, call)).toBeGreaterThan(acknowledged.get(call) ?? -1);
  }
  expect(epochs.size).toBe(1);
});

test('another process cannot open a store that is held', async () => {
  const path = await folder();
  const child = await endless(path);
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
  await expect(openIn(path)).rejects.toBeInstanceOf(StoreBusy);
  child.stdout.resume();
  child.kill('SIGKILL');
  await once(child, 'close');
  await using store = await openIn(path);
  expect((await store.calls(5)).length).toBeGreaterThan(0);
});

test('a copy whose log was cut anywhere opens, and holds all that was acknowledged by then', async () => {
  const path = await folder();
  /** The log's length when the group of this index was acknowledged: so much was on the disk by then. */
  const synced: number[] = [];
  await using store = await openIn(path, { durability: 'power' });
  await store.append([putCall(1)]);
  for (let index = 0; index < 40; index += 1) {
    await store.append([putChunk(1, index, 1, index % 3 === 0 ? 6000 : 20), putOutcomes(1, index, [index])]);
    synced.push(statSync(join(path, 'store.db-wal')).size);
  }
  const whole = synced.at(-1) ?? 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole }), async (length) => {
      const copy = await folder();
      await cp(path, copy, { recursive: true });
      await truncate(join(copy, 'store.db-wal'), length);
      await using cut = await openIn(copy, { durability: 'power' });
      expect(await prefixOf(cut, 1)).toBe(synced.filter((size) => size <= length).length);
    }),
    { numRuns: 15 },
  );
});
