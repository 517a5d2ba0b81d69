// Makes a fresh clone ready: .venv with the pinned Python packages, npm packages, the builds, and Chromium if asked for.
// Every step is skipped while what it reads is unchanged.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { build } from './build.mjs';
import { fail, inRoot, once, PYTHON, run, VENV } from './tools.mjs';

export async function setup({ browser = false } = {}) {
  await Promise.all([
    once('python', [inRoot('requirements/dev.txt'), inRoot('pyproject.toml')], [PYTHON], installPython),
    once('npm', [inRoot('package-lock.json')], [inRoot('node_modules/.package-lock.json')], installNpm),
    browser ? needChromium() : undefined,
  ]);
  await Promise.all([build(), compilePython()]);
}

async function installPython() {
  if (!existsSync(PYTHON)) must(await run(python(), ['-m', 'venv', VENV]), 'python -m venv');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  must(await run(PYTHON, [...pip, '-r', inRoot('requirements/dev.txt')]), 'pip install -r requirements/dev.txt');
  must(await run(PYTHON, [...pip, '--no-deps', '-e', inRoot()]), 'pip install -e .');
}

/** Tests write no bytecode, and every container, kernel and supervisor imports the package: a third of a second each. */
async function compilePython() {
  const packages = ['_gateway', 'labextension'].map((name) => `/${name}/`).join('|');
  must(await run(PYTHON, ['-m', 'compileall', '-q', '-x', packages, inRoot('kernel-bridge/farcall')]), 'compileall');
}

async function installNpm() {
  must(await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']), 'npm ci');
}

/** The first Python ≥ 3.10 with venv. */
function python() {
  const probe = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
  const found = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'].find(
    (name) => spawnSync(name, ['-c', probe]).status === 0,
  );
  return found ?? fail('farcall needs Python ≥ 3.10 with venv (on Debian: apt-get install python3-venv).');
}

export function chromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return names.map((name) => spawnSync('which', [name]).stdout.toString().trim()).find((path) => path !== '');
}

async function needChromium() {
  if (chromium() !== undefined) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || spawnSync('which', ['apt-get']).status !== 0)
    fail('The end-to-end tests need Chromium on PATH (on Debian: sudo apt-get install chromium).');
  const quiet = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['update', '-qq'], quiet);
  must(
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu'], quiet),
    'apt-get install chromium',
  );
}

function must(code, what) {
  if (code !== 0) fail(`${what} failed with exit code ${code}.`);
}

if (process.argv[1]?.endsWith('setup.mjs')) await setup({ browser: process.argv.includes('--browser') });
