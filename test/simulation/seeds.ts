// Runs seeds on threads of their own, two at a time as the tests' machine has cores; perhaps of a core with a fault in it.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

import { build, type Plugin } from 'esbuild';

import type { Report, Share } from './main.js';
import type { Mutant } from './mutants.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'farcall-simulation-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let made = 0;

/** The simulation as one file. */
export async function bundleOf(mutant?: Mutant): Promise<URL> {
  made += 1;
  const outfile = join(folder, `simulation-${made}.mjs`);
  await build({
    entryPoints: [join(ROOT, 'test/simulation/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    alias: { '@farcall/kernel-bridge/wire': join(ROOT, 'kernel-bridge/src/wire/index.ts') },
    plugins: mutant === undefined ? [] : [mutating(mutant)],
    logLevel: 'warning',
  });
  return pathToFileURL(outfile);
}

/** The source of the core's file with the fault in it. */
export function mutated({ file, from, to }: Mutant): string {
  const source = readFileSync(join(ROOT, 'runtime/src/core', file), 'utf8');
  const parts = source.split(from);
  if (parts.length !== 2)
    throw new Error(`${JSON.stringify(from)} stands ${parts.length - 1} times in ${file}, not once`);
  return parts.join(to);
}

function mutating(mutant: Mutant): Plugin {
  const contents = mutated(mutant);
  const path = join(ROOT, 'runtime/src/core', mutant.file);
  return {
    name: 'mutant',
    setup: (building) =>
      building.onLoad({ filter: /\.ts$/ }, (asked) => (asked.path === path ? { contents, loader: 'ts' } : undefined)),
  };
}

export function runShare(bundle: URL, share: Share): Promise<Report> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(bundle, { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** Runs `count` seeds from `from` on, on two threads. */
export async function runSeeds(bundle: URL, from: number, count: number): Promise<readonly Report[]> {
  const to = from + count;
  return Promise.all([0, 1].map((at) => runShare(bundle, { from: from + at, to, step: 2 })));
}
