// The two builds: the gateway bundled to one file (and its store thread), and the prebuilt JupyterLab extension,
// both into the Python package. Skipped while their sources are unchanged.

import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { capture, fail, inRoot, once, STAMPS, VENV } from './tools.mjs';

const GATEWAY = inRoot('kernel-bridge/farcall/_gateway');
/** The gateway of the fault tests, with failpoints compiled in; never part of the wheel. */
const FAULTS = join(STAMPS, 'farcall-faults');
const LABEXTENSION = inRoot('kernel-bridge/farcall/labextension');

export async function build() {
  const lock = inRoot('package-lock.json');
  await once(
    'gateway',
    [inRoot('runtime/src'), inRoot('kernel-bridge/src'), lock],
    [join(GATEWAY, 'gateway.mjs')],
    () => buildGateway(),
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

/** For fault tests, which ask for it when they need it: the same gateway, with failpoints. Prints where it is. */
export async function buildFaults() {
  const sources = [inRoot('runtime/src'), inRoot('kernel-bridge/src'), inRoot('package-lock.json')];
  const program = join(FAULTS, 'gateway.mjs');
  await once('farcall-faults.stamp', sources, [program], () => buildGateway({ into: FAULTS, failpoints: true }));
  console.log(program);
}

export async function buildGateway({ into = GATEWAY, failpoints = false } = {}) {
  const { build: bundle } = await import('esbuild');
  const banner =
    "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";
  await bundle({
    entryPoints: { gateway: inRoot('runtime/src/main.ts'), 'store-thread': inRoot('runtime/src/store/thread.ts') },
    outdir: into,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    sourcemap: true,
    legalComments: 'linked',
    define: { 'globalThis.FAILPOINTS': String(failpoints) },
    minifySyntax: true,
    banner: { js: banner },
    logLevel: 'warning',
  });
}

/** esbuild joins our own TypeScript to lib/index.js (the types are checked by `npm run check`); the builder packs it. */
export async function buildExtension() {
  const { build: bundle } = await import('esbuild');
  await bundle({
    entryPoints: [inRoot('extension/index.ts')],
    outfile: inRoot('lib/index.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    packages: 'external',
    sourcemap: true,
    alias: { '@farcall/kernel-bridge/notebook': inRoot('kernel-bridge/src/notebook.ts') },
    logLevel: 'warning',
  });
  const builder = inRoot('node_modules/@jupyter/builder/lib/build-labextension.js');
  const core = inRoot('node_modules/@jupyterlab/core-meta/core.package.json');
  const { code, output } = await capture(process.execPath, [builder, '--core-package-file', core, '.']);
  if (code !== 0) fail(`The extension's build failed.\n${output}`);
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

if (process.argv[1]?.endsWith('build.mjs')) await (process.argv[2] === 'faults' ? buildFaults() : build());
