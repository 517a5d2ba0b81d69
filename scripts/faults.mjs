// docs/faults.md from what the fault tests reported: one row a fault of the table below, however many tests it has. A test
// belongs to its fault by its name: test_fNN_….py, or in the simulation a title that begins with `FN: `.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { inRoot } from './tools.mjs';

const FAULTS = [
  [
    'the gateway is killed (`kill -9`) at random moments of a 10,000-input map, 20 rounds',
    'all results once, in order; no exception',
  ],
  ['killed between a commit and its acknowledgement', 'what is said again changes nothing'],
  ['killed when an outcome arrived, before its commit', 'the container says it again; nothing runs again'],
  ['`kill -9` a container that holds an input', 'it runs again, attempt 2, right result'],
  ['a container is stopped (SIGSTOP) for 60 s, then goes on', 're-run elsewhere after 20 s; never delivered twice'],
  ['container ↔ gateway cut for 10 s, and for 5 min (virtual)', '10 s: no re-run; 5 min: requeued, one outcome'],
  ['kernel ↔ gateway cut for 30 s in mid-map; the kernel restarted', 'iteration goes on; `from_id` has everything'],
  ['frames come twice and late, 20 % each; connections break', 'same results'],
  ['an input that ends its container every time, among 1,000', '999 succeed, one `PoisonInputError`'],
  ['a function whose import fails in the container', 'that traceback after ≤ 5 starts, no hang'],
  ['a container over its memory limit', '`OutOfMemoryError`; others untouched'],
  ['a timeout against C code that holds the GIL, and a grandchild', 'killed; nothing of its process group is left'],
  ['cancel of a 10,000-input map half way, twice', 'quiet within 2 s'],
  ['a client that stops reading 1 GB of results', 'gateway memory +< 64 MiB; others unaffected'],
  ['the disk runs full during a submit, and is freed', 'typed error; running work completes; store intact'],
  ['a copied store loses its unsynced tails', 'it opens; all that was acknowledged is there'],
  ['two gateways on one folder', 'the second refuses, and names the first'],
  ['the wall clock jumps an hour, both ways', 'no lease expires'],
  ['a start that never comes up', 'the reason is shown; retried with backoff'],
  ['the gateway restarts every 5 s for 2 min under 100 calls/s', 'nothing lost, nothing twice'],
];

/** Writes the table; `pytest` is a JUnit report, `vitest` a JSON one. */
export function writeFaults({ pytest, vitest }) {
  const ran = [...ofPytest(readFileSync(pytest, 'utf8')), ...ofVitest(JSON.parse(readFileSync(vitest, 'utf8')))];
  const rows = FAULTS.map(([fault, expected], at) => rowOf(at + 1, fault, expected, ran));
  const head = ['| # | fault | expected | result | seconds |', '|---|---|---|---|---|'];
  const said =
    'Written by `npm run faults`. Every fault is a test against real processes, in `test/faults/`; five minutes of F6 are virtual.';
  mkdirSync(inRoot('docs'), { recursive: true });
  writeFileSync(inRoot('docs/faults.md'), ['# Faults', '', said, '', ...head, ...rows, ''].join('\n'));
  console.log('   docs/faults.md is written');
}

function rowOf(number, fault, expected, ran) {
  const tests = ran.filter((test) => test.fault === number);
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0);
  return `| F${number} | ${fault} | ${expected} | ${resultOf(tests)} | ${seconds.toFixed(1)} |`;
}

function resultOf(tests) {
  const count = (result) => tests.filter((test) => test.result === result).length;
  const failed = tests.filter((test) => test.result === 'failed').map((test) => test.name.replaceAll('|', '\\|'));
  if (failed.length > 0) return `**failed**: ${failed.join(', ')}`;
  if (tests.length === 0) return 'no test ran';
  return [`${count('passed')} passed`, count('skipped') > 0 ? `${count('skipped')} skipped` : '']
    .filter(Boolean)
    .join(', ');
}

function ofPytest(xml) {
  const cases = xml.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs);
  return [...cases].flatMap(([, attributes, inside = '']) => {
    const of = (key) => new RegExp(`\\b${key}="([^"]*)"`).exec(attributes)?.[1] ?? '';
    const fault = Number(/\btest_f(\d+)_/.exec(of('classname'))?.[1] ?? 0);
    const bad = /<(failure|error)\b/.test(inside);
    const result = bad ? 'failed' : /<skipped\b/.test(inside) ? 'skipped' : 'passed';
    return fault === 0 ? [] : [{ fault, name: of('name'), result, seconds: Number(of('time')) }];
  });
}

function ofVitest({ testResults }) {
  return testResults
    .flatMap((file) => file.assertionResults)
    .flatMap(({ title, status, duration = 0 }) => {
      const fault = Number(/^F(\d+): /.exec(title)?.[1] ?? 0);
      const result = status === 'passed' || status === 'failed' ? status : 'skipped';
      return fault === 0 ? [] : [{ fault, name: title, result, seconds: duration / 1000 }];
    });
}
