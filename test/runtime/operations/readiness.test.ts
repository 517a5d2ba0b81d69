// When /readyz says no, and why.

import { afterEach, expect, test, vi } from 'vitest';

import { type Asked, Readiness } from '../../../runtime/src/operations/readiness.js';
import { folder, openIn } from '../store/folder.js';

const FINE: Asked = {
  probe: () => Promise.resolve(),
  isFull: () => false,
  hasSupervisor: () => true,
  isDraining: () => false,
};
const reasons = (changes: Partial<Asked>): Promise<readonly string[]> =>
  new Readiness({ ...FINE, ...changes }).reasons();

afterEach(() => vi.useRealTimers());

test('nothing is wrong', async () => {
  expect(await reasons({})).toEqual([]);
});

test.each([
  [{ isDraining: () => true }, 'the gateway is draining'],
  [{ isFull: () => true }, 'the disk is nearly full: new work is refused, what runs goes on'],
  [{ hasSupervisor: () => false }, 'no supervisor is connected: nothing can run'],
])('each reason is a line', async (changes, said) => {
  expect(await reasons(changes)).toEqual([said]);
});

test('a store that takes writes is fine, and one that does not says why', async () => {
  const store = await openIn(await folder());
  const probe = (): Promise<void> => store.probe();
  expect(await reasons({ probe })).toEqual([]);
  await store[Symbol.asyncDispose]();
  expect(await reasons({ probe })).toEqual(['the store does not take writes: the store is closed']);
});

test('a store that never answers is given five seconds', async () => {
  vi.useFakeTimers();
  const asked = reasons({ probe: () => new Promise(() => undefined) });
  await vi.advanceTimersByTimeAsync(5000);
  expect(await asked).toEqual(['the store does not take writes: no commit within 5 s']);
});

test('asking often writes at most once a second', async () => {
  vi.useFakeTimers();
  const probe = vi.fn(() => Promise.resolve());
  const readiness = new Readiness({ ...FINE, probe });
  for (let time = 0; time < 50; time += 1) await readiness.reasons();
  expect(probe).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1001);
  await readiness.reasons();
  expect(probe).toHaveBeenCalledTimes(2);
});
