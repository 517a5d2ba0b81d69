// `node test/bench/store.mjs` (Node ≥ 22.13): bundles store.bench.ts and the store's thread, runs the one with the other.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'farcall-bench-'));
const makeRequire =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";
await build({
  entryPoints: { bench: join(root, 'test/bench/store.bench.ts'), thread: join(root, 'runtime/src/store/thread.ts') },
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  banner: { js: makeRequire },
  alias: { '@farcall/kernel-bridge/wire': join(root, 'kernel-bridge/src/wire/index.ts') },
});
const thread = join(folder, 'thread.mjs');
const { status } = spawnSync(process.execPath, [join(folder, 'bench.mjs')], {
  stdio: 'inherit',
  env: { ...process.env, STORE_THREAD: thread },
});
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);
