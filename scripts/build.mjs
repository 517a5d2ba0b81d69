// The two builds: the gateway bundled to one file (and its store thread), and the prebuilt JupyterLab extension,
// both into the Python package. Skipped while their sources are unchanged.

import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { fail, inRoot, once, run, VENV } from './tools.mjs';

const GATEWAY = inRoot('kernel-bridge/farcall/_gateway');
const LABEXTENSION = inRoot('kernel-bridge/farcall/labextension');

export async function build() {
  const lock = inRoot('package-lock.json');
  await once(
    'gateway',
    [inRoot('runtime/src'), inRoot('kernel-bridge/src'), lock],
    [join(GATEWAY, 'gateway.mjs')],
    buildGateway,
  );
  const extension = ['extension', 'style', 'schema', 'kernel-bridge/src/notebook.ts', 'package.json', 'tsconfig.json'];
  await once(
    'labextension',
    [...extension.map((path) => inRoot(path)), lock],
    [join(LABEXTENSION, 'package.json')],
    buildExtension,
  );
  linkExtension();
}

export async function buildGateway() {
  const { build: bundle } = await import('esbuild');
  const banner =
    "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";
  await bundle({
    entryPoints: { gateway: inRoot('runtime/src/main.ts'), 'store-thread': inRoot('runtime/src/store/thread.ts') },
    outdir: GATEWAY,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    sourcemap: true,
    legalComments: 'linked',
    banner: { js: banner },
    logLevel: 'warning',
  });
}

export async function buildExtension() {
  await must(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
  const core = 'node_modules/@jupyterlab/core-meta/core.package.json';
  await must(['node_modules/@jupyter/builder/lib/build-labextension.js', '--core-package-file', core, '.']);
}

/** Development: JupyterLab in .venv sees the built extension without an install. */
function linkExtension() {
  const link = join(VENV, 'share/jupyter/labextensions/farcall');
  if (!existsSync(VENV)) return;
  mkdirSync(dirname(link), { recursive: true });
  if (existsSync(link) && lstatSync(link).isSymbolicLink()) return;
  rmSync(link, { recursive: true, force: true });
  symlinkSync(LABEXTENSION, link);
}

async function must(args) {
  const code = await run(
    process.execPath,
    args.map((path) => (path.startsWith('node_modules') ? inRoot(path) : path)),
  );
  if (code !== 0) fail(`${args[0]} failed with exit code ${code}.`);
}

if (process.argv[1]?.endsWith('build.mjs')) await build();
