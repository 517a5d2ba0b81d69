// A table in docs/ from what tests reported, one row a numbered case, however many tests it has. A test belongs to its case
// by its file's name (test_xNN_….py, test_xNN_….test.ts, xNN-….test.ts), or by a title that begins with `XNN: `.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { inRoot } from './tools.mjs';

/** Failed tests that a row names. */
const NAMED = 3;

/** `rows`: [case, expected] from number 1 on; `after`: what stands below the table, if anything; `pytest` is a JUnit report, the `vitest` ones are JSON. */
export function writeTable({ title, said, after, letter, what, rows, pytest, vitest }) {
  const ran = ofPytest(readFileSync(pytest, 'utf8'), letter);
  for (const path of vitest) ran.push(...ofVitest(JSON.parse(readFileSync(path, 'utf8')), letter));
  const lines = rows.map((row, at) => lineOf(`${letter}${at + 1}`, row, ran));
  const head = [`| # | ${what} | expected | result | seconds |`, '|---|---|---|---|---|'];
  const page = `docs/${title.toLowerCase()}.md`;
  mkdirSync(inRoot('docs'), { recursive: true });
  writeFileSync(
    inRoot(page),
    [`# ${title}`, '', said, '', ...head, ...lines, ...(after === undefined ? [] : ['', after]), ''].join('\n'),
  );
  console.log(`   ${page} is written`);
}

function lineOf(id, [told, expected], ran) {
  const tests = ran.filter((test) => test.id === id);
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0);
  return `| ${id} | ${told} | ${expected} | ${resultOf(tests)} | ${seconds.toFixed(1)} |`;
}

function resultOf(tests) {
  const count = (result) => tests.filter((test) => test.result === result).length;
  const failed = tests.filter((test) => test.result === 'failed').map((test) => test.name.replaceAll('|', '\\|'));
  if (failed.length > 0) return `**failed**: ${failed.slice(0, NAMED).join(', ')}${failed.length > NAMED ? ' …' : ''}`;
  if (tests.length === 0) return 'no test ran';
  const skipped = count('skipped');
  return `${count('passed')} passed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function ofPytest(xml, letter) {
  const cases = xml.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs);
  const named = new RegExp(`\\btest_${letter.toLowerCase()}(\\d+)_`);
  return [...cases].flatMap(([, attributes, inside = '']) => {
    const of = (key) => new RegExp(`\\b${key}="([^"]*)"`).exec(attributes)?.[1] ?? '';
    const found = named.exec(of('classname'));
    const bad = /<(failure|error)\b/.test(inside);
    const result = bad ? 'failed' : /<skipped\b/.test(inside) ? 'skipped' : 'passed';
    return found === null ? [] : [{ id: idOf(letter, found), name: of('name'), result, seconds: Number(of('time')) }];
  });
}

function ofVitest({ testResults }, letter) {
  const byFile = new RegExp(`/(?:test_)?${letter.toLowerCase()}(\\d+)[-_][^/]*$`);
  const byTitle = new RegExp(`^${letter}(\\d+): `);
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ title, status, duration = 0 }) => {
      const found = byFile.exec(name) ?? byTitle.exec(title);
      const result = status === 'passed' || status === 'failed' ? status : 'skipped';
      return found === null ? [] : [{ id: idOf(letter, found), name: title, result, seconds: duration / 1000 }];
    }),
  );
}

function idOf(letter, found) {
  return `${letter}${Number(found[1])}`;
}
