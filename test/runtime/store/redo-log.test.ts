// The redo log by itself: what a crash leaves of it, and what it must not bring back.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { RedoLog } from '../../../runtime/src/store/redo-log.js';
import type { Write } from '../../../runtime/src/store/writes.js';
import { folder } from './folder.js';

const STORE = 'abc123';
let file = '';
beforeEach(async () => {
  file = join(await folder(), 'log');
});

const write = (text: string): Write[] => [
  ['attempt', 1, 2.5, text],
  ['container.gone', text],
];
const numbers = (applied: number, store = STORE): number[] =>
  RedoLog.missing(file, store, applied).map(({ number }) => number);

describe('what was written down', () => {
  test('is found again, exactly what the store file lacks', () => {
    const log = new RedoLog(file, STORE, 40);
    expect(['a', 'b', 'c'].map((text) => log.append(write(text)))).toEqual([41, 42, 43]);
    expect(numbers(40)).toEqual([41, 42, 43]);
    expect(numbers(42)).toEqual([43]);
    expect(numbers(43)).toEqual([]);
    expect(RedoLog.missing(file, STORE, 42)[0]?.writes).toEqual(write('c'));
  });

  test('comes back with its bytes, its nulls and its large numbers', () => {
    const log = new RedoLog(file, STORE, 0);
    const writes: Write[] = [['attempt', null, 2 ** 40, new Uint8Array([0, 255])]];
    log.append(writes);
    const [, none, large, bytes] = RedoLog.missing(file, STORE, 0)[0]?.writes[0] ?? [];
    expect([none, large]).toEqual([null, 2 ** 40]);
    expect(new Uint8Array(bytes as Uint8Array)).toEqual(new Uint8Array([0, 255]));
  });

  test('of another store does not count', () => {
    new RedoLog(file, STORE, 0).append(write('a'));
    expect(numbers(0, 'xyz789')).toEqual([]);
  });

  test('with a gap before it does not count', () => {
    const log = new RedoLog(file, STORE, 7);
    log.append(write('a'));
    expect(numbers(5)).toEqual([]);
  });
});

describe('after everything was applied', () => {
  test('it is written again from its start, and old records behind the new ones stay dead', () => {
    const log = new RedoLog(file, STORE, 0);
    for (const text of ['a', 'b', 'c']) log.append(write(text.repeat(50)));
    log.applied(3);
    log.append(write('d'));
    expect(numbers(3)).toEqual([4]);
    expect(numbers(0)).toEqual([]);
  });

  test('closing leaves it empty', () => {
    const log = new RedoLog(file, STORE, 0);
    log.applied(log.append(write('a')));
    log.close();
    expect(readFileSync(file).length).toBe(0);
  });
});

test('a record that is torn, at any byte, ends what is found', () => {
  const log = new RedoLog(file, STORE, 0);
  log.append(write('a'));
  const one = readFileSync(file).length;
  log.append(write('b'));
  const whole = readFileSync(file);
  for (let cut = one; cut < whole.length; cut += 1) {
    writeFileSync(file, whole.subarray(0, cut));
    expect(numbers(0)).toEqual([1]);
    const damaged = Buffer.from(whole);
    damaged[cut] = (damaged[cut] ?? 0) ^ 0x55;
    writeFileSync(file, damaged);
    expect(numbers(0)).toEqual([1]);
  }
});
