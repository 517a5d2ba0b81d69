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
const STORE_THREAD = 'runtime/src/store/thread.ts';
const bundles = new Map<string, Promise<URL>>();

/** The bundle of `entry`, a path from the repository's root, as `<name>.mjs`. */
export function bundle(entry: string, name: string): Promise<URL> {
  return once(name, { [name]: entry });
}

/** The store's thread, for `openSqliteStore({ threadUrl })`. */
export function storeThread(): Promise<URL> {
  return bundle(STORE_THREAD, 'store-thread');
}

/** The gateway's program, with the store's thread beside it. Its path. */
export async function gatewayProgram(): Promise<string> {
  return fileURLToPath(await once('gateway', { gateway: 'runtime/src/main.ts', 'store-thread': STORE_THREAD }));
}

/** The bundles of `entries`, made once; the URL of the one called `name`. */
function once(name: string, entries: Readonly<Record<string, string>>): Promise<URL> {
  const key = JSON.stringify(entries);
  const made = bundles.get(key) ?? make(entries).then((folder) => pathToFileURL(join(folder, `${name}.mjs`)));
  bundles.set(key, made);
  return made;
}

async function make(entries: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'farcall-bundle-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, join(ROOT, entry)])),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    banner: { js: REQUIRE },
    alias: { '@farcall/kernel-bridge/wire': join(ROOT, 'kernel-bridge/src/wire/index.ts') },
    logLevel: 'warning',
  });
  return folder;
}
