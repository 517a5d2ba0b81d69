// The gateway's log: what a line may hold, how large the files get, and that every event is documented.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { newToken } from '../../../runtime/src/gateway/authenticate.js';
import { openLog } from '../../../runtime/src/gateway/log.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farcall-log-'));
  path = join(folder, 'gateway.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (): string => readFileSync(path, 'utf8');
const last = (): Record<string, unknown> =>
  JSON.parse(text().trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;

test('an event is one line of JSON with its time, level, name and fields, in a file of the user alone', () => {
  openLog(path).info({ call: 'fc-1' }, 'call.opened');
  expect(last()).toMatchObject({ level: 'info', msg: 'call.opened', call: 'fc-1', pid: process.pid });
  expect(String(last()['time'])).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('what a terminal would act on is escaped and comes back whole', () => {
  const evil = 'a\nb\r\u001b]52;c;aGk=\u0007\u009b31m\u2028\u202e\u2066\u007f\u0000';
  openLog(path).warn({ user: { detail: evil }, err: new Error(evil) }, 'container.exited');
  expect(text().trimEnd()).toMatch(/^[\u0020-\u007e\u00a0-\u2027\u202f-\uffff]*$/);
  expect(text().split('\n')).toHaveLength(2);
  expect(last()).toMatchObject({ user: { detail: evil }, err: { message: evil } });
});

test('long texts are cut and say how long they were, and depth has an end', () => {
  const deep: Record<string, unknown> = {};
  deep['again'] = deep;
  openLog(path).error(
    { user: { detail: 'x'.repeat(10_000_000) }, err: new Error('y'.repeat(100_000)), deep },
    'gateway',
  );
  expect(text().length).toBeLessThan(20_000);
  expect(String((last()['user'] as { detail: string }).detail)).toMatch(/^x{2000}… \(10000000 characters\)$/);
});

test('tokens do not get in, whatever they come in', () => {
  const token = newToken();
  const log = openLog(path);
  log.warn({ err: new Error(`the request had Authorization: Bearer ${token}`), url: `/x?token=${token}` }, 'door');
  log.warn({ token, key: 'short', headers: { authorization: 'Basic abc' }, user: { detail: token } }, 'door');
  log.warn({}, `said ${token}`);
  expect(text()).not.toContain(token);
  expect(text()).not.toMatch(/short|Basic abc/);
  expect(text()).toContain('[token]');
});

test.each([
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['silent', []],
] as const)('at level %s it holds %j', (level, expected) => {
  const log = openLog(path, { level });
  for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each]({}, each);
  const told = text()
    .split('\n')
    .filter((line) => line !== '');
  expect(told.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected);
});

describe('a log of at most 10,000 bytes a file', () => {
  test('keeps the newest lines in four files, none larger', () => {
    const log = openLog(path, { mostBytes: 10_000 });
    for (let number = 0; number < 2000; number += 1) log.info({ number }, 'call.opened');
    const files = readdirSync(folder).sort();
    expect(files).toEqual(['gateway.log', 'gateway.log.1', 'gateway.log.2', 'gateway.log.3']);
    const numbers = files.toReversed().flatMap((name) => {
      const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(10_000);
      return lines.map((line) => (JSON.parse(line) as { number: number }).number);
    });
    expect(numbers).toEqual(numbers.map((_, at) => 2000 - numbers.length + at));
  });
  test('counts what was in the file before', () => {
    writeFileSync(path, `${'x'.repeat(9_990)}\n`);
    openLog(path, { mostBytes: 10_000 }).info({}, 'listening');
    expect(text().split('\n')).toHaveLength(2);
    expect(statSync(`${path}.1`).size).toBe(9_991);
  });
});

test('a log that cannot be written ends nothing', () => {
  const log = openLog('/dev/full');
  expect(() => log.error({}, 'store')).not.toThrow();
});

test('every event that is logged anywhere is in the table of docs/operations.md, and no other', () => {
  const sources = readdirSync(join(ROOT, 'runtime/src'), { recursive: true, encoding: 'utf8' });
  const all = sources
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(ROOT, 'runtime/src', name), 'utf8'))
    .join('\n');
  const named = [...all.matchAll(/\blog\.(?:debug|info|warn|error)\((?:[^;]*?),\s*'([a-z.]+)',?\s*\)/g)].map(
    ([, event]) => event ?? '',
  );
  const told = [...readFileSync(join(ROOT, 'runtime/src/operations/telling.ts'), 'utf8').matchAll(/case '([a-z.]+)'/g)];
  const logged = new Set([...named, ...told.map(([, event]) => event ?? '')]);
  const docs = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const table = docs.slice(docs.indexOf('## The log'));
  const documented = [...table.matchAll(/^\| `([a-z.]+)` \|/gm)].map(([, event]) => event);
  expect(documented.toSorted()).toEqual([...logged].sort());
});
