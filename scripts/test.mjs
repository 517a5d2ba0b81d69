// `npm test` and its parts: check · ts · py · faults · security · wheel · e2e; `examples` by name only. Sets everything up,
// runs what is asked for (all of it when nothing is), adds the counts up, and ends with one line `N passed, N failed, …`.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { writeAttacks } from './attacks.mjs';
import { writeFaults } from './faults.mjs';
import { setup } from './setup.mjs';
import { capture, docsCommand, environment, gatewayNode, inRoot, PYTHON, run, STAMPS, tool } from './tools.mjs';

const PARTS = { check, ts, py, faults, security, wheel, e2e, examples };
const BY_NAME = ['examples'];
const asked = process.argv.slice(2).filter((word) => word in PARTS);
const rest = process.argv.slice(2).filter((word) => !(word in PARTS));
const reports = join(STAMPS, 'reports');
const total = { passed: 0, failed: 0, skipped: 0 };

const parts = asked.length > 0 ? asked : Object.keys(PARTS).filter((part) => !BY_NAME.includes(part));
await setup({ browser: parts.includes('e2e') });
mkdirSync(reports, { recursive: true });
for (const part of parts) {
  const began = Date.now();
  console.log(`\n── ${part}`);
  await PARTS[part]();
  console.log(`   ${part}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);

/** Formatting, lint, types, import rules. Each is one test. */
async function check() {
  const node = (script, ...args) => [process.execPath, inRoot('node_modules', script), ...args];
  const sources = ['runtime/src', 'kernel-bridge/src', 'extension', 'test', 'scripts', 'style'];
  const checks = {
    'prettier --check': node('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', ...sources),
    'ruff format --check': [tool('ruff'), 'format', '--check', '--quiet', 'kernel-bridge', 'test'],
    eslint: node(
      'eslint/bin/eslint.js',
      '--max-warnings',
      '0',
      'runtime/src',
      'kernel-bridge/src',
      'extension',
      'test',
    ),
    'ruff check': [tool('ruff'), 'check', '--quiet', 'kernel-bridge', 'test'],
    'tsc runtime': node('typescript/bin/tsc', '-p', 'runtime/tsconfig.json', '--noEmit'),
    'tsc extension': node('typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'),
    'mypy --strict': [PYTHON, '-m', 'mypy'],
    'import rules': node(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err',
      'runtime/src',
      'kernel-bridge/src',
      'extension',
    ),
    'mkdocs build --strict': docsCommand('build'),
  };
  for (const [name, [command, ...args]] of Object.entries(checks)) {
    const { code, output } = await capture(command, args, { env: environment() });
    total[code === 0 ? 'passed' : 'failed'] += 1;
    console.log(`   ${code === 0 ? 'ok  ' : 'FAIL'} ${name}`);
    if (code !== 0) console.log(output.split('\n').slice(-60).join('\n'));
  }
}

async function ts() {
  await vitest('ts', ['--project', 'node', '--project', 'browser']);
}

async function e2e() {
  await vitest('e2e', ['--project', 'e2e']);
}

async function py() {
  await pytest('py', ['test/python', 'test/bench', 'test/load', '-n', '2', '--dist', 'loadfile']);
}

/** The quick ones within `npm test`; asked for by name, all of them, and then the table of what they showed. */
async function faults() {
  if (!asked.includes('faults'))
    return pytest('faults', ['test/faults', '-m', 'not slow', '-n', '2', '--dist', 'loadfile']);
  await pytest('faults', ['test/faults']);
  if (rest.length > 0) return; // a part of them has run
  await vitest('faults', ['--project', 'node', 'test/simulation/cut.test.ts']);
  writeFaults({ pytest: join(reports, 'faults.xml'), vitest: join(reports, 'faults.json') });
}

/** As faults: the quick ones (those in TypeScript belong to `ts`); by name all of them, and the table of what they showed. */
async function security() {
  if (!asked.includes('security')) return pytest('security', ['test/security', '-m', 'not slow']);
  process.env.FARCALL_FUZZ ??= '1000000'; // frames for A9; within `npm test` there are fewer
  await pytest('security', ['test/security']);
  if (rest.length > 0) return; // a part of them has run
  await vitest('security', ['--project', 'node', 'test/security']);
  await vitest('security-e2e', ['--project', 'e2e', 'test/e2e/hostile.test.ts']);
  const vitests = ['security', 'security-e2e'].map((name) => join(reports, `${name}.json`));
  writeAttacks({ pytest: join(reports, 'security.xml'), vitest: vitests.filter((path) => existsSync(path)) });
}

async function wheel() {
  await pytest('wheel', ['test/wheel']);
}

/** Notebooks that download much. */
async function examples() {
  await pytest('examples', ['test/examples']);
}

async function vitest(name, args) {
  const report = join(reports, `${name}.json`);
  rmSync(report, { force: true });
  const base = [
    inRoot('node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const code = await run(gatewayNode(), [...base, ...args, ...rest], { env: environment() });
  const found = readReport(report, (text) => {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success } = JSON.parse(text);
    return {
      passed: numPassedTests,
      failed: numFailedTests + (success || numFailedTests > 0 ? 0 : 1),
      skipped: numPendingTests + numTodoTests,
    };
  });
  add(found, code);
}

async function pytest(name, args) {
  const report = join(reports, `${name}.xml`);
  rmSync(report, { force: true });
  const code = await run(PYTHON, ['-m', 'pytest', `--junit-xml=${report}`, ...args, ...rest], { env: environment() });
  const found = readReport(report, (text) => {
    const of = (key) => Number(new RegExp(`<testsuite [^>]*\\b${key}="(\\d+)"`).exec(text)?.[1] ?? 0);
    const failed = of('failures') + of('errors');
    return { passed: of('tests') - failed - of('skipped'), failed, skipped: of('skipped') };
  });
  add(found, code);
}

function readReport(path, parse) {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

/** A runner that ends badly without a failed test (it crashed, or found none) counts as one failure. */
function add(found, code) {
  total.passed += found.passed;
  total.failed += found.failed + (code !== 0 && found.failed === 0 ? 1 : 0);
  total.skipped += found.skipped;
}
