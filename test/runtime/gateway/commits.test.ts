// Durable first, said afterwards: the order of groups and facts, with a store that the test holds.

import { beforeEach, expect, test } from 'vitest';

import type { CallId } from '@farcall/kernel-bridge/wire';

import { Commits } from '../../../runtime/src/gateway/commits.js';
import type { Operation } from '../../../runtime/src/store/store.js';

class Full extends Error {}

let groups: (readonly Operation[])[];
let outcomes: ((error?: Error) => void)[];
let said: string[];
let commits: Commits;

beforeEach(() => {
  groups = [];
  outcomes = [];
  said = [];
  commits = new Commits({
    store: {
      append: (group) =>
        new Promise((resolve, reject) => {
          groups.push(group);
          outcomes.push((error) => (error === undefined ? resolve() : reject(error)));
        }),
    },
    afterFacts: () => said.push('|'),
    onRefused: () => undefined,
    isFull: (error) => error instanceof Full,
    retryMs: 1,
  });
});

const attempt = (call: string, index: number): Operation => ({
  put: 'attempt',
  call_id: call as CallId,
  index,
  attempt: 2,
});
const chunk = (call: string): Operation => ({
  put: 'chunk',
  row: {
    call_id: call as CallId,
    first: 0,
    count: 0,
    lengths: new Uint8Array(0),
    blobs: [],
    payload: new Uint8Array(0),
  },
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await turn();
}

test('what comes while a group is written makes the next group, and facts wait for their own', async () => {
  commits.persist(attempt('a', 1));
  commits.fact('a', () => said.push('1'));
  await turn();
  commits.persist(attempt('a', 2));
  commits.persist(attempt('a', 3));
  commits.fact('a', () => said.push('2'));
  await turn();
  expect([groups.length, said]).toEqual([1, []]);
  outcomes[0]?.();
  await until(() => groups.length === 2);
  expect(said).toEqual(['1', '|']);
  expect(groups[1]).toHaveLength(2);
  outcomes[1]?.();
  await commits.idle();
  expect(said).toEqual(['1', '|', '2', '|']);
});

test('a fact with nothing before it is said without a commit', async () => {
  commits.fact('a', () => said.push('1'));
  await commits.idle();
  expect([groups.length, said]).toEqual([0, ['1', '|']]);
});

test('without room for new work, that work waits and what runs goes on', async () => {
  commits.persist(chunk('new'));
  commits.fact('new', () => said.push('accepted'));
  commits.persist(attempt('running', 1));
  commits.fact('running', () => said.push('published'));
  await turn();
  outcomes[0]?.(new Full());
  await until(() => groups.length >= 2);
  expect(groups[1]).toEqual([attempt('running', 1)]);
  outcomes[1]?.();
  await until(() => said.includes('published'));
  expect(commits.isFull).toBe(true);
  expect(said).not.toContain('accepted');
  // What follows from the new work waits with it.
  commits.persist(attempt('new', 5));
  commits.fact('new', () => said.push('later'));
  await until(() => groups.length >= 3);
  outcomes[2]?.(new Full());
  await until(() => groups.length >= 4);
  expect(groups[3]).toEqual([chunk('new'), attempt('new', 5)]);
  outcomes[3]?.();
  await until(() => said.includes('later'));
  expect(said.indexOf('accepted')).toBeLessThan(said.indexOf('later'));
  expect(commits.isFull).toBe(false);
});

test('another error of the store is tried again, whole', async () => {
  commits.persist(attempt('a', 1));
  commits.fact('a', () => said.push('1'));
  await turn();
  outcomes[0]?.(new Error('later'));
  await until(() => groups.length === 2);
  expect(said).toEqual([]);
  outcomes[1]?.();
  await commits.idle();
  expect(said).toEqual(['1', '|']);
});

test('what nobody waits for goes with what has to go, in its order', async () => {
  commits.persist(attempt('a', 1), 0, 'soon');
  commits.fact('a', () => said.push('1'), 'soon');
  await turn();
  expect(groups).toHaveLength(0);
  commits.persist(attempt('a', 2));
  await turn();
  expect(groups).toEqual([[attempt('a', 1), attempt('a', 2)]]);
  outcomes[0]?.();
  await until(() => said.length === 2);
  expect(said).toEqual(['1', '|']);
});

test('what nobody waits for goes by itself after a while, and at once when someone wants to be idle', async () => {
  commits.persist(attempt('a', 1), 0, 'soon');
  await until(() => groups.length === 1);
  outcomes[0]?.();
  await commits.idle();
  commits.persist(attempt('a', 2), 0, 'soon');
  const idle = commits.idle();
  await turn();
  expect(groups).toHaveLength(2);
  outcomes[1]?.();
  await idle;
});
