// After a restart of the gateway: what the store, the journal and the containers say makes the core whole again.

import { describe, expect, test } from 'vitest';

import type { CallId, ContainerId } from '@farcall/kernel-bridge/wire';

import type { CallOpening, Happening, RestoredLease } from '../../../runtime/src/core/events.js';
import { Bench, CALL, CLIENT, F, of } from './support.js';

const A = 'co-01HF7YAT310000000000000001' as ContainerId;
const opening: CallOpening = {
  call: CALL,
  function: F,
  kind: 'map',
  onFailure: 'continue',
  onOwnerLost: 'finish',
  attached: false,
  client: CLIENT,
  origin: '',
};

function restored(asked: Partial<Extract<Happening, { type: 'call.restored' }>> = {}, leases?: RestoredLease[]): Bench {
  const b = new Bench();
  b.put();
  b.apply({
    type: 'call.restored',
    opening,
    inputs: 10,
    sealed: true,
    state: 'sealed',
    settled: [{ first: 0, count: 4, status: 2 }],
    seq: 4,
    createdAt: 1,
    startedAt: 2,
    endedAt: 0,
    attempts: new Map(),
    ...asked,
  });
  if (leases !== undefined) b.apply({ type: 'container.restored', container: A, function: F, leases });
  b.host(2, [], leases === undefined ? [] : [A]);
  return b;
}

function back(b: Bench, held: [number, number][]): void {
  b.apply({ type: 'container.connected', container: A, held });
  b.apply({ type: 'container.ready', container: A });
}

describe('calls', () => {
  test('go on where they were', () => {
    const b = restored();
    expect(b.core.call(CALL)).toMatchObject({ state: 'sealed', inputs: 10, seq: 4, createdAt: 1, startedAt: 2 });
    expect(b.counts()).toEqual({ succeeded: 4, queued: 6 });
    b.up();
    b.finish();
    expect(b.last('end')).toMatchObject({ state: 'done', count: 10, seq: 10 });
  });
  test('know which attempt is next', () => {
    const b = restored({ attempts: new Map([[4, 3]]) });
    b.up();
    expect(b.all('assign')[0]).toMatchObject({ first: 4, count: 1, attempt: 3 });
  });
  test('whose policy had struck end failed', () => {
    const b = restored({
      opening: { ...opening, onFailure: 'stop_after' },
      settled: [
        { first: 2, count: 1, status: 3 },
        { first: 3, count: 7, status: 4 },
      ],
    });
    expect(b.counts()).toMatchObject({ queued: 2, failed: 1, cancelled: 7 });
    b.up();
    b.finish();
    expect(b.state()).toBe('failed');
  });
  test('that were complete end at once', () => {
    expect(of(restored({ settled: [{ first: 0, count: 10, status: 2 }], seq: 10 }).said, 'end')).toMatchObject([
      { state: 'done', seq: 10 },
    ]);
  });
  test('that had ended can be derived from', () => {
    const b = restored({
      state: 'done',
      settled: [
        { first: 0, count: 9, status: 2 },
        { first: 9, count: 1, status: 3 },
      ],
    });
    const derived = 'fc-derived' as CallId;
    b.open({ call: derived, base: { call: CALL, indexes: new Uint32Array() } });
    expect(b.core.baseInput(derived, 0)).toEqual({ call: CALL, index: 9 });
  });
  test('of a client that does not come back within a minute seal', () => {
    const b = restored({ sealed: false, state: 'open' });
    b.pass(61_000);
    expect(b.state()).toBe('sealed');
  });
});

describe('containers', () => {
  const lease: RestoredLease = { lease: 7, call: CALL, first: 4, count: 3, attempt: 1 };
  test('keep what they hold; nothing is given to others before they have spoken', () => {
    const b = restored({}, [lease]);
    b.pass(5_000);
    expect(b.all('assign')).toEqual([]);
    expect(b.counts()).toEqual({ succeeded: 4, running: 3, queued: 3 });
    back(b, [[7, 5]]);
    b.answer({ do: 'assign', container: A, ...lease });
    expect(b.counts()).toMatchObject({ succeeded: 7 });
    b.pass(1_000);
    expect(b.all('assign').every(({ first }) => first >= 7)).toBe(true);
  });
  test('get lease numbers that they have not seen', () => {
    const b = restored({}, [lease]);
    back(b, [[7, 4]]);
    b.answer({ do: 'assign', container: A, ...lease });
    b.pass(1_000);
    expect(b.last('assign').lease).toBeGreaterThan(1_000);
    expect(b.last('assign').lease).toBeLessThan(2 ** 31);
  });

  test('get lease numbers that they have not seen, also when the clock was set back', () => {
    const b = restored({}, [lease]);
    b.apply({ type: 'container.restored', container: A, function: F, leases: [lease], newest: 2 ** 31 });
    back(b, [[7, 4]]);
    b.answer({ do: 'assign', container: A, ...lease });
    b.pass(1_000);
    expect(b.last('assign').lease).toBeGreaterThan(2 ** 31);
  });
  test('that do not come back within 20 s are lost', () => {
    const b = restored({}, [lease]);
    b.pass(20_100);
    expect(b.last('stop')).toEqual({ do: 'stop', container: A, how: 'kill' });
    b.up();
    b.finish();
    expect(b.state()).toBe('done');
  });
  test('an outcome that was not committed counts when it comes again, and the input does not run again', () => {
    const b = restored({}, []);
    back(b, []);
    b.now += 100;
    b.answer({ do: 'assign', container: A, ...lease });
    expect(b.counts()).toMatchObject({ succeeded: 7 });
    b.pass(1_000);
    expect(b.all('assign').every(({ first }) => first >= 7)).toBe(true);
  });
  test('that had been told to leave before the restart, and end, are no failed starts', () => {
    const b = restored();
    const leaving = Array.from({ length: 6 }, (_, at) => `co-01HF7YAT31000000000000001${at}` as ContainerId);
    for (const container of leaving) b.apply({ type: 'container.restored', container, function: F, leases: [] });
    b.host(2, [], leaving);
    for (const container of leaving) {
      b.apply({ type: 'container.connected', container, held: [] });
      b.exit(container, { code: 0, detail: '' });
    }
    b.up();
    b.finish();
    expect(b.counts()).toEqual({ succeeded: 10 });
  });
  test('new calls do not wait for them', () => {
    const b = restored({}, []);
    b.opened(1, { call: 'fc-new' as CallId });
    b.up();
    expect(b.last('assign')).toMatchObject({ call: 'fc-new' });
  });
  test('but there are never more than max_containers, those that come back included', () => {
    const b = new Bench();
    b.put({ max_containers: 1 });
    b.apply({ type: 'container.restored', container: A, function: F, leases: [] });
    b.host(2, [], [A]);
    b.opened(1);
    expect(b.all('start')).toEqual([]);
    expect(b.core.call(CALL)?.waiting).toContain('come back from before the restart, and max_containers is 1');
    back(b, []);
    b.pass(1_000);
    expect(b.all('start')).toEqual([]);
    expect(b.last('assign')).toMatchObject({ container: A });
  });
});
