// What the gateway after this one learns of leases.

import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { CallId, ContainerId } from '@farcall/kernel-bridge/wire';

import { LeaseJournal } from '../../../runtime/src/gateway/lease-journal.js';

const [A, B] = [`co-${'A'.repeat(26)}`, `co-${'B'.repeat(26)}`] as [ContainerId, ContainerId];
const lease = (number: number, first = 0, count = 10): Parameters<LeaseJournal['assigned']>[1] => ({
  lease: number,
  call: `fc-${'C'.repeat(32)}` as CallId,
  first,
  count,
  attempt: 1,
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farcall-'));
  path = join(folder, 'leases');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('it holds what was assigned, less what ended, was cut, or went with its container', () => {
  const journal = new LeaseJournal(path);
  for (const number of [1, 2, 3]) journal.assigned(A, lease(number, number * 10));
  journal.assigned(B, lease(1));
  journal.ended(A, 1);
  journal.cut(A, 2, 25);
  journal.cut(A, 3, 30);
  journal.gone(B);
  journal.close();
  const next = new LeaseJournal(path);
  expect(next.of(A)).toEqual([lease(2, 20, 5)]);
  expect(next.of(B)).toEqual([]);
  next.close();
});

test('it knows the last lease of a container, also when that has ended and the file was rewritten', () => {
  const journal = new LeaseJournal(path);
  for (const number of [7, 9]) journal.assigned(A, lease(number));
  for (const number of [7, 9]) journal.ended(A, number);
  journal.assigned(B, lease(3));
  journal.gone(B);
  journal.close();
  for (let life = 1; life <= 2; life += 1) {
    const next = new LeaseJournal(path);
    expect([next.newest(A), next.newest(B), next.of(A)]).toEqual([9, 0, []]);
    next.close();
  }
});

test('a line that was cut off by a kill is ignored', () => {
  const journal = new LeaseJournal(path);
  journal.assigned(A, lease(1));
  journal.close();
  appendFileSync(path, `+ ${A} 2 fc-`);
  const next = new LeaseJournal(path);
  expect(next.of(A)).toEqual([lease(1)]);
  next.keepOnly(new Set());
  next.close();
  expect(new LeaseJournal(path).of(A)).toEqual([]);
});

test('the file is rewritten with what still holds before it grows large', async () => {
  const journal = new LeaseJournal(path);
  for (let number = 1; number <= 200_000; number += 1) {
    journal.assigned(A, lease(number));
    if (number > 1) journal.ended(A, number - 1);
    if (number % 1000 === 0) await Promise.resolve();
  }
  journal.close();
  expect(statSync(path).size).toBeLessThan(9 * 1024 * 1024);
  expect(new LeaseJournal(path).of(A)).toEqual([lease(200_000)]);
});
