// Bundles an entry of ours into a temporary folder, for tests that start it as a thread or a process of its own.
// One bundle an entry and test file; the folder goes when the test process does.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";
const bundles = new Map<string, Promise<URL>>();

/** The bundle of `entry`, a path from the repository's root, as `<name>.mjs`. */
export function bundle(entry: string, name: string): Promise<URL> {
  const made = bundles.get(entry) ?? make(entry, name);
  bundles.set(entry, made);
  return made;
}

async function make(entry: string, name: string): Promise<URL> {
  const folder = mkdtempSync(join(tmpdir(), 'farcall-bundle-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    banner: { js: REQUIRE },
    alias: { '@farcall/kernel-bridge/wire': join(ROOT, 'kernel-bridge/src/wire/index.ts') },
    logLevel: 'warning',
  });
  return pathToFileURL(outfile);
}

/** The store's thread, for `openSqliteStore({ threadUrl })`. */
export function storeThread(): Promise<URL> {
  return bundle('runtime/src/store/thread.ts', 'store-thread');
}
