// Containers that run several inputs at once: how many they are given, how many containers there are, and who is charged
// when one of them ends.

import { describe, expect, test } from 'vitest';

import type { ContainerId, FunctionSpec } from '@farcall/kernel-bridge/wire';

import { bench, CALL, HOST, of, type Bench, type Do } from './support.js';

/** A call of many inputs of such a function, with a container that is up. */
function running(inputs: number, asked: Partial<FunctionSpec>): { b: Bench; container: ContainerId } {
  const b = bench({ max_containers: 1, ...asked });
  b.opened(inputs);
  return { b, container: b.up() };
}

const given = (b: Bench): number[] => b.all('assign').map(({ count }) => count);
const runningOf = (leases: readonly Do<'assign'>[]): (readonly [number, number])[] =>
  leases.map(({ lease, first }) => [lease, first] as const);

describe('a concurrent function', () => {
  test('gets one lease an input, as many as it may run', () => {
    const { b } = running(100, { max_concurrent: 5 });
    expect(given(b)).toEqual([1, 1, 1, 1, 1]);
  });
  test('gets the next one when one has ended, whatever the others do', () => {
    const { b } = running(100, { max_concurrent: 5 });
    const third = b.all('assign')[2] as Do<'assign'>;
    const next = of(b.answer(third), 'assign');
    expect(next.map(({ first, count }) => [first, count])).toEqual([[5, 1]]);
  });
  test('has as many containers as have the target in each, and they burst meanwhile', () => {
    const b = bench({ max_concurrent: 10, target_concurrent: 4 }, 16);
    b.opened(40);
    b.up();
    expect(given(b)).toHaveLength(10);
    b.pass(100);
    expect(b.core.explain('fv-f' as never).join('\n')).toContain('a container aims at 4 and takes up to 10 at once');
    expect(b.all('start')).toHaveLength(10);
  });
  test('spreads its inputs over the containers there are', () => {
    const b = bench({ max_concurrent: 10, min_containers: 2 }, 16);
    b.apply({ type: 'function.replaced', app: 'app', name: 'f', function: 'fv-f' as never });
    b.up(0);
    b.allUp();
    b.opened(6);
    const each = new Map<string, number>();
    for (const { container } of b.all('assign')) each.set(container, (each.get(container) ?? 0) + 1);
    expect([...each.values()]).toEqual([3, 3]);
  });
  test('keeps to max_inputs', () => {
    const { b } = running(100, { max_concurrent: 5, max_inputs: 3 });
    expect(given(b)).toHaveLength(3);
  });
  test('is cancelled input by input', () => {
    const b = bench({ max_concurrent: 5, max_containers: 1, is_async: true });
    b.opened(2);
    b.open({ call: 'fc-other' as never });
    b.inputs(0, 2, 'fc-other' as never);
    b.up();
    const said = b.apply({ type: 'call.cancelled', call: CALL, scope: 'all', terminate: false } as never);
    expect(of(said, 'lease.cancel')).toHaveLength(2);
    expect(b.counts('fc-other' as never)).toEqual({ running: 2 });
  });
  test('gives a plain function nothing while a thread of it is being cancelled', () => {
    const { b } = running(3, { max_concurrent: 5 });
    b.apply({ type: 'call.cancelled', call: CALL, scope: 'all', terminate: false } as never);
    const said = b.opened(3, { call: 'fc-other' as never });
    expect(of(said, 'assign')).toEqual([]);
  });
  test('is not robbed of inputs that have begun', () => {
    const b = bench({ max_concurrent: 10, min_containers: 2 }, 16);
    b.apply({ type: 'function.replaced', app: 'app', name: 'f', function: 'fv-f' as never });
    b.opened(10);
    b.up();
    expect(b.allUp()).toHaveLength(1);
    b.pass(20_000);
    expect(b.all('lease.revoke')).toEqual([]);
  });
});

describe('when a container ends', () => {
  test('under one input, that one is charged as ever', () => {
    const { b, container } = running(1, { max_concurrent: 5 });
    for (let at = 0; at < 3; at += 1) {
      const lease = b.last('assign');
      b.exit(at === 0 ? container : lease.container, { running: runningOf([lease]) });
      if (at < 2) {
        b.pass(10_000);
        b.up();
      }
    }
    expect(b.all('persist.settled').map(({ code }) => code)).toEqual(['container.poison']);
  });
  test('under several, all run again, twice beside each other and then alone', () => {
    const { b } = running(4, { max_concurrent: 4 });
    for (let at = 0; at < 2; at += 1) {
      const leases = b.all('assign').slice(-4);
      expect(new Set(leases.map(({ container }) => container)).size).toBe(1);
      b.exit(b.last('assign').container, { running: runningOf(leases) });
      b.pass(10_000);
      b.up();
    }
    const alone = b.all('assign').slice(8);
    expect(alone).toHaveLength(1);
    const then = of(b.answer(b.last('assign')), 'assign');
    expect(then).toHaveLength(1);
  });
  test('for one that was late, that one has timed out and the others run again', () => {
    const { b, container } = running(3, { max_concurrent: 3 });
    const leases = b.all('assign');
    const [late] = leases as [Do<'assign'>];
    b.exit(container, { reason: 'timeout', lease: late.lease, index: late.first, running: runningOf(leases) });
    expect(b.counts()).toEqual({ timed_out: 1, retrying: 2 });
  });
  test('for one that was cancelled, the others run again and lose no retry', () => {
    const b = bench({ max_concurrent: 3, max_containers: 1 });
    b.opened(2);
    b.opened(1, { call: 'fc-other' as never });
    const container = b.up();
    b.apply({ type: 'call.cancelled', call: 'fc-other' as never, scope: 'all', terminate: false } as never);
    const leases = b.all('assign');
    const other = leases.find(({ call }) => call !== CALL) as Do<'assign'>;
    b.exit(container, { reason: 'cancelled', lease: other.lease, index: other.first, running: runningOf(leases) });
    b.pass(10_000);
    b.up();
    b.finish();
    expect(b.counts()).toEqual({ succeeded: 2 });
    expect(b.counts('fc-other' as never)).toEqual({ cancelled: 1 });
  });
  test('with its host, nothing is lost', () => {
    const { b } = running(3, { max_concurrent: 3 });
    b.apply({ type: 'host.lost', host: HOST });
    expect(b.counts()).toEqual({ retrying: 3 });
  });
});

describe('while inputs wait for calls of their own', () => {
  test('a container all of whose inputs wait does not count, but may be given more', () => {
    const b = bench({ max_concurrent: 3, max_containers: 1 });
    b.opened(1);
    const container = b.up();
    b.apply({ type: 'container.waiting', container, waiting: true });
    expect(b.core.functions()[0]?.containers).toBe(0);
    const said = b.opened(1, { call: 'fc-other' as never });
    expect(of(said, 'assign').map((lease) => lease.container)).toEqual([container]);
    expect(of(said, 'start')).toEqual([]);
  });
  test('one that is full of waiting inputs makes room for another', () => {
    const b = bench({ max_concurrent: 2, max_containers: 1 });
    b.opened(2);
    const container = b.up();
    b.apply({ type: 'container.waiting', container, waiting: true });
    expect(of(b.opened(1, { call: 'fc-other' as never }), 'start')).toHaveLength(1);
  });
  test('one that stands still gives back what it has not seen', () => {
    const b = bench({ max_concurrent: 3, max_containers: 1 });
    b.opened(3);
    const container = b.up();
    const said = b.apply({ type: 'container.waiting', container, waiting: true, newest: 1 });
    expect(b.counts()).toEqual({ running: 1, queued: 2 });
    expect(of(said, 'leases.revoked')).toEqual([{ do: 'leases.revoked', container, through: 3 }]);
    expect(of(said, 'assign')).toEqual([]);
  });
});

describe('a batched function', () => {
  test('gets what one batch takes, in one range of a call', () => {
    expect(given(running(100, { max_batch: 16, batch_wait: 0.1 }).b)).toEqual([16]);
  });
  test('gets inputs of several calls as long as its batch waits', () => {
    const { b } = running(1, { max_batch: 3, batch_wait: 0.1 });
    const calls = ['fc-b', 'fc-c', 'fc-d'].map((call) => of(b.opened(1, { call: call as never }), 'assign').length);
    expect(calls).toEqual([1, 1, 0]);
  });
  test('gets nothing more once its batch runs', () => {
    const { b } = running(1, { max_batch: 3, batch_wait: 0.1 });
    b.now += 150;
    expect(of(b.opened(1, { call: 'fc-b' as never }), 'assign')).toEqual([]);
    expect(of(b.answer(b.all('assign')[0] as Do<'assign'>), 'assign')).toHaveLength(1);
  });
  test('fills one batch before it begins the next', () => {
    const b = bench({ max_batch: 3, batch_wait: 10, min_containers: 2 }, 16);
    b.apply({ type: 'function.replaced', app: 'app', name: 'f', function: 'fv-f' as never });
    b.up(0);
    b.allUp();
    for (const call of ['fc-b', 'fc-c', 'fc-d', 'fc-e']) b.opened(1, { call: call as never });
    const [first] = b.all('assign');
    expect(b.all('assign').filter(({ container }) => container === first?.container)).toHaveLength(3);
  });
  test('that is late is late for all', () => {
    const { b, container } = running(3, { max_batch: 3 });
    const { lease } = b.last('assign');
    b.exit(container, {
      reason: 'timeout',
      lease,
      index: 0,
      running: [0, 1, 2].map((index) => [lease, index] as const),
    });
    expect(b.counts()).toEqual({ timed_out: 3 });
  });
  test('has a container for every batch', () => {
    const b = bench({ max_batch: 10, batch_wait: 0.1 }, 16);
    b.opened(50);
    b.up();
    b.pass(100);
    expect(b.all('start')).toHaveLength(5);
    expect(b.core.explain('fv-f' as never).join('\n')).toContain('in batches of 10');
  });
});
