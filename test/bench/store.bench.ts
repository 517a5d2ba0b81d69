// The store alone: inputs and outcomes recorded and read per second, latency of one append, restart with a million
// settled inputs. store.mjs beside it bundles and runs it; `STORE_FOLDER` puts the stores on another disk.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { openSqliteStore, type SqliteStore } from '../../runtime/src/store/sqlite.js';
import { bytes, callId, outcomeRow, putCall, putState, range, u32 } from '../runtime/store/builders.js';

const INPUTS = 1_000_000;
const EACH = 20;
const APPENDS = 2_000;
/** Groups on their way at once: what a client's credit allows. */
const WINDOW = 16;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function withStore(
  durability: 'process' | 'power',
  work: (store: SqliteStore, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(process.env['STORE_FOLDER'] ?? tmpdir(), 'farcall-store-bench-'));
  try {
    await using store = await open(folder, durability);
    await work(store, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function open(folder: string, durability: 'process' | 'power'): Promise<SqliteStore> {
  return openSqliteStore({
    folder,
    durability,
    threadUrl: pathToFileURL(process.env['STORE_THREAD'] ?? 'store-thread.mjs'),
  });
}

/** Inputs per second, each put and then settled, in rows of `chunk`. */
async function record(store: SqliteStore, call: number, chunk: number): Promise<number> {
  const lengths = u32(...range(0, chunk).map(() => EACH));
  const payload = bytes(chunk * EACH);
  await store.append([putCall(call)]);
  const started = performance.now();
  const under = new Set<Promise<void>>();
  for (let first = 0; first < INPUTS; first += chunk) {
    const seconds = new Uint8Array(new Float32Array(chunk).map(() => Math.random()).buffer);
    const outcomes = outcomeRow(call, first, range(first, chunk), { lengths, payload, seconds });
    const groups = [
      store.append([
        { put: 'chunk', row: { call_id: callId(call), first, count: chunk, lengths, blobs: [], payload } },
      ]),
      store.append([{ put: 'outcomes', row: outcomes }]),
    ];
    for (const group of groups) {
      under.add(group);
      void group.then(() => under.delete(group));
    }
    while (under.size > WINDOW) await Promise.race(under);
  }
  await Promise.all(under);
  return (INPUTS / (performance.now() - started)) * 1000;
}

/** Milliseconds of one append after the other, as `remote` makes them. */
async function latencies(store: SqliteStore): Promise<string> {
  const times: number[] = [];
  for (let at = 0; at < APPENDS; at += 1) {
    const started = performance.now();
    await store.append([putState(1, { inputs: at })]);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return `p50 ${(times[APPENDS * 0.5] ?? 0).toFixed(3)} ms, p99 ${(times[APPENDS * 0.99] ?? 0).toFixed(3)} ms`;
}

/** What a reader takes: every outcome by cursor in pages, then single ones by index. */
async function reading(store: SqliteStore, call: number): Promise<string> {
  const page = 4096;
  const began = performance.now();
  for (let seq = 0; seq < INPUTS; seq += page) await store.outcomes(callId(call), seq, page);
  const rate = Math.round((INPUTS / (performance.now() - began)) * 1000);
  const times: number[] = [];
  for (let at = 0; at < APPENDS; at += 1) {
    const started = performance.now();
    await store.outcomesOf(callId(call), (at * 7919) % INPUTS, 1);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return `${rate} outcomes/s by cursor; one by index p50 ${(times[APPENDS * 0.5] ?? 0).toFixed(3)} ms`;
}

/** Single-input calls per second: call, input, outcome and final state, `WINDOW` at a time. */
async function singles(store: SqliteStore): Promise<number> {
  const count = 10_000;
  const started = performance.now();
  const one = async (number: number): Promise<void> => {
    const row = { call_id: callId(number), first: 0, count: 1, lengths: u32(EACH), blobs: [], payload: bytes(EACH) };
    await store.append([putCall(number, { kind: 'remote', sealed: true, inputs: 1 }), { put: 'chunk', row }]);
    await store.append([
      { put: 'outcomes', row: outcomeRow(number, 0, [0]) },
      putState(number, { state: 'done', seq: 1, inputs: 1 }),
    ]);
  };
  for (let at = 0; at < count; at += WINDOW) await Promise.all(range(at, WINDOW).map((i) => one(1_000_000 + i)));
  return (count / (performance.now() - started)) * 1000;
}

async function restart(folder: string, durability: 'process' | 'power'): Promise<string> {
  const started = performance.now();
  await using store = await open(folder, durability);
  const opened = performance.now();
  const restored = await store.load();
  const settled = restored.calls.reduce(
    (sum, call) => sum + call.settled.reduce((inputs, run) => inputs + run.count, 0),
    0,
  );
  return `open ${(opened - started).toFixed(0)} ms, load ${(performance.now() - opened).toFixed(0)} ms for ${settled} settled inputs`;
}

for (const durability of ['process', 'power'] as const) {
  await withStore(durability, async (store) => {
    for (const [call, chunk] of [
      [1, 256],
      [2, 512],
      [3, 1024],
    ] as const)
      print(`${durability}: rows of ${chunk}: ${Math.round(await record(store, call, chunk))} inputs/s`);
    print(`${durability}: one append: ${await latencies(store)}`);
    print(`${durability}: reading: ${await reading(store, 3)}`);
    print(`${durability}: single calls: ${Math.round(await singles(store))}/s`);
  });
  const folder = await mkdtemp(join(process.env['STORE_FOLDER'] ?? tmpdir(), 'farcall-store-bench-'));
  const first = await open(folder, durability);
  await record(first, 1, 1024);
  await first[Symbol.asyncDispose]();
  print(`${durability}: restart: ${await restart(folder, durability)}`);
  await rm(folder, { recursive: true, force: true });
}
