// Many seeds at once, on as many threads as there are cores; the first that breaks the promise ends it all. `npm run simulate`
// runs it by hand, the simulation's tests run it as a thread of theirs. Its own bundle is what its threads run.
//   --seeds N   how many (2000)   --from N   the first (1)   --seed N   one alone, with a trace of every event and command

import { availableParallelism } from 'node:os';
import { parentPort, Worker, workerData } from 'node:worker_threads';

import { World } from './world.js';

export interface Share {
  readonly from: number;
  readonly to: number;
  /** Every so many-th seed of them. */
  readonly step: number;
}
/** What a thread says when it is through, or broken. */
export interface Report {
  readonly ran: number;
  readonly broken?: { readonly seed: number; readonly how: string };
}

/** Runs one seed; the sentence of what broke, or nothing. */
function fault(seed: number, trace?: (line: string) => void): string {
  try {
    new World(seed, trace).run();
    return '';
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

function runShare({ from, to, step }: Share): Report {
  let ran = 0;
  for (let seed = from; seed < to; seed += step) {
    const how = fault(seed);
    ran += 1;
    if (how !== '') return { ran, broken: { seed, how } };
  }
  return { ran };
}

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const value = Number(process.argv[at + 1]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name} wants a whole number, not ${process.argv[at + 1] ?? 'nothing'}.\n`);
  return process.exit(2);
}

function replay(seed: number): number {
  const how = fault(seed, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write(`${how === '' ? `seed ${seed} keeps the promise` : how}\n`);
  return how === '' ? 0 : 1;
}

async function runMany(from: number, to: number): Promise<number> {
  const began = performance.now();
  const step = availableParallelism();
  const threads = Array.from({ length: step }, (_, at) => ({ from: from + at, to, step }) satisfies Share);
  const reports = await Promise.all(threads.map(onThread));
  const ran = reports.reduce((sum, report) => sum + report.ran, 0);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${ran} seeds in ${seconds} s\n`);
  const broken = reports.flatMap((report) => report.broken ?? []).sort((a, b) => a.seed - b.seed);
  for (const { seed, how } of broken)
    process.stdout.write(`seed ${seed}: ${how}\nreplay it with a trace: npm run simulate -- --seed ${seed}\n`);
  return broken.length === 0 ? 0 : 1;
}

function onThread(share: Share): Promise<Report> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

if (parentPort !== null) parentPort.postMessage(runShare(workerData as Share));
else {
  const one = option('seed', 0);
  const from = option('from', 1);
  process.exitCode = one > 0 ? replay(one) : await runMany(from, from + option('seeds', 2_000));
}
