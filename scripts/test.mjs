// `npm test` and its parts: check · ts · py · faults · security · wheel · e2e; `examples` by name only. Sets everything up,
// runs what is asked for (all of it when nothing is), adds the counts up, and ends with one line `N passed, N failed, …`.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { writeAttacks } from './attacks.mjs';
import { writeFaults } from './faults.mjs';
import { setup } from './setup.mjs';
import { capture, docsCommand, environment, gatewayNode, inRoot, PYTHON, run, STAMPS, tool } from './tools.mjs';

const PARTS = { check, ts, py, faults, security, wheel, e2e, examples };
const BY_NAME = ['examples'];
/** What a check ends with when its tool cannot be had. */
const NOT_HERE = 77;
/** Fault tests wait most of the time (for heartbeats, second tries, disks): within `npm test` these run beside them. */
const BESIDE_FAULTS = ['security', 'wheel'];
/** Tests with containers wait as well as compute: one process more than there are cores. */
const WORKERS = Math.min(8, Math.max(2, availableParallelism())) + 1;
const asked = process.argv.slice(2).filter((word) => word in PARTS);
const rest = process.argv.slice(2).filter((word) => !(word in PARTS));
const reports = join(STAMPS, 'reports');
const total = { passed: 0, failed: 0, skipped: 0 };

const parts = asked.length > 0 ? asked : Object.keys(PARTS).filter((part) => !BY_NAME.includes(part));
await setup({ browser: parts.includes('e2e') });
mkdirSync(reports, { recursive: true });
for (const lanes of plan(parts)) await Promise.all(lanes.map((lane) => inTurn(lane, lanes.length > 1)));
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);

/** The parts one after the other; a part may have another lane of parts beside it. */
function plan(names) {
  if (asked.length > 0) return names.map((name) => [[name]]);
  const alone = names.filter((name) => !BESIDE_FAULTS.includes(name));
  return alone.map((name) => (name === 'faults' ? [[name], BESIDE_FAULTS] : [[name]]));
}

/** What a part prints comes as it is printed, or in one piece at its end when another one runs beside. */
async function inTurn(lane, isBeside) {
  for (const part of lane) {
    const began = Date.now();
    const said = [`\n── ${part}`];
    if (!isBeside) console.log(said.pop());
    await PARTS[part](isBeside ? (...command) => heard(said, command) : run);
    said.push(`   ${part}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
    console.log(said.join('\n'));
  }
}

async function heard(said, command) {
  const { code, output } = await capture(...command);
  said.push(output.trimEnd());
  return code;
}

/** Formatting, lint, types, import rules, as many at a time as there are cores. Each is one test. */
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
    'promtool test rules': [process.execPath, inRoot('scripts/alerts.mjs')],
  };
  const left = Object.entries(checks);
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await checkOne(...next);
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, lane));
}

async function checkOne(name, [command, ...args]) {
  const { code, output } = await capture(command, args, { env: environment() });
  const [counted, word] = { 0: ['passed', 'ok  '], [NOT_HERE]: ['skipped', 'skip'] }[code] ?? ['failed', 'FAIL'];
  total[counted] += 1;
  console.log(`   ${word} ${name}`);
  if (counted !== 'passed') console.log(output.split('\n').slice(-60).join('\n'));
}

async function ts(execute) {
  await vitest(execute, 'ts', ['--project', 'node', '--project', 'browser']);
}

async function e2e(execute) {
  await vitest(execute, 'e2e', ['--project', 'e2e']);
}

async function py(execute) {
  await pytest(execute, 'py', ['test/python', 'test/bench', 'test/load', ...sideBySide()]);
}

/** Files stay whole; those that take long come first (test/conftest.py), so that none is waited for alone at the end. */
function sideBySide() {
  return ['-n', String(WORKERS), '--dist', 'loadfile', '--no-loadscope-reorder'];
}

/** The quick ones within `npm test`; asked for by name, all of them, and then the table of what they showed. */
async function faults(execute) {
  if (!asked.includes('faults')) return pytest(execute, 'faults', ['test/faults', '-m', 'not slow', ...sideBySide()]);
  await pytest(execute, 'faults', ['test/faults']);
  if (rest.length > 0) return; // a part of them has run
  await vitest(execute, 'faults', ['--project', 'node', 'test/simulation/cut.test.ts']);
  writeFaults({ pytest: join(reports, 'faults.xml'), vitest: join(reports, 'faults.json') });
}

/** As faults: the quick ones (those in TypeScript belong to `ts`); by name all of them, and the table of what they showed. */
async function security(execute) {
  if (!asked.includes('security')) return pytest(execute, 'security', ['test/security', '-m', 'not slow']);
  process.env.FARCALL_FUZZ ??= '1000000'; // frames for A9; within `npm test` there are fewer
  await pytest(execute, 'security', ['test/security']);
  if (rest.length > 0) return; // a part of them has run
  await vitest(execute, 'security', ['--project', 'node', 'test/security']);
  await vitest(execute, 'security-e2e', ['--project', 'e2e', 'test/e2e/hostile.test.ts']);
  const vitests = ['security', 'security-e2e'].map((name) => join(reports, `${name}.json`));
  writeAttacks({ pytest: join(reports, 'security.xml'), vitest: vitests.filter((path) => existsSync(path)) });
}

async function wheel(execute) {
  await pytest(execute, 'wheel', ['test/wheel']);
}

/** Notebooks that download much. */
async function examples(execute) {
  await pytest(execute, 'examples', ['test/examples']);
}

async function vitest(execute, name, args) {
  const report = join(reports, `${name}.json`);
  rmSync(report, { force: true });
  const base = [
    inRoot('node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const code = await execute(gatewayNode(), [...base, ...args, ...rest], { env: environment() });
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

async function pytest(execute, name, args) {
  const report = join(reports, `${name}.xml`);
  rmSync(report, { force: true });
  const code = await execute(PYTHON, ['-m', 'pytest', `--junit-xml=${report}`, ...args, ...rest], {
    env: environment(),
  });
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
