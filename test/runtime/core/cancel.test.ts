// Cancelling, and owners that go away.

import { describe, expect, test } from 'vitest';

import { bench, CALL, CLIENT, kinds, of } from './support.js';

const cancel = (scope: 'all' | 'queued', terminate = false) =>
  ({ type: 'call.cancelled', call: CALL, scope, terminate }) as const;

describe('cancelling', () => {
  test('everything that is not final is settled at once, and its container told', () => {
    const b = bench();
    b.opened(70);
    const container = b.up();
    const said = b.apply(cancel('all'));
    expect(kinds(said)).toEqual([
      'persist.settled',
      'persist.state',
      'lease.cancel',
      'accept.cancel',
      'publish',
      'end',
      'show',
    ]);
    expect(of(said, 'lease.cancel')).toEqual([{ do: 'lease.cancel', container, lease: 1, first: 0, graceMs: 1000 }]);
    expect(of(said, 'end')).toMatchObject([{ state: 'cancelled', count: 70, seq: 70 }]);
  });
  test('a call that a cancelled input made, and that was still on its way, is cancelled when it arrives', () => {
    const b = bench();
    b.opened(2);
    b.up();
    b.apply(cancel('all'));
    const nested = 'fc-nested' as typeof CALL;
    const said = b.open({ call: nested, parent: { call_id: CALL, index: 0 } });
    expect(of(said, 'accept.call')).toMatchObject([{ call: nested }]);
    expect(of(said, 'end')).toMatchObject([{ call: nested, state: 'cancelled', count: 0 }]);
    expect(of(b.inputs(0, 1, nested), 'refuse')).toMatchObject([{ code: 'call.closed' }]);
  });
  test('again is fine', () => {
    const b = bench();
    b.opened(70);
    b.apply(cancel('all'));
    expect(kinds(b.apply(cancel('all')))).toEqual(['accept.cancel']);
  });
  test('queued: what runs goes on', () => {
    const b = bench();
    b.opened(70);
    b.up();
    expect(of(b.apply(cancel('queued')), 'lease.cancel')).toEqual([]);
    expect(b.counts()).toEqual({ running: 4, cancelled: 66 });
    b.answer(b.last('assign'));
    expect(b.state()).toBe('cancelled');
  });
  test('a late outcome of a cancelled input is known already', () => {
    const b = bench();
    b.opened(1);
    b.up();
    b.apply(cancel('all'));
    expect(kinds(b.answer(b.last('assign')))).toEqual(['acknowledge']);
    expect(b.counts()).toEqual({ cancelled: 1 });
  });
  test('terminate kills the containers; what else they held runs elsewhere, free of charge', () => {
    const b = bench({ max_containers: 1 });
    b.opened(1);
    const container = b.up();
    b.answer(b.last('assign'), { seconds: 0.001 });
    const other = 'fc-other' as typeof CALL;
    b.opened(1, { call: other });
    b.opened(1, { call: 'fc-victim' as typeof CALL });
    b.apply({ type: 'call.cancelled', call: 'fc-victim' as typeof CALL, scope: 'all', terminate: true });
    expect(b.last('stop')).toEqual({ do: 'stop', container, how: 'kill' });
    b.exit(container, { reason: 'signal', lease: 2, index: 0 });
    expect(b.counts(other)).toEqual({ retrying: 1 });
    expect(b.counts('fc-victim' as typeof CALL)).toEqual({ cancelled: 1 });
  });
  test('a container gets nothing new while it drops a cancelled lease', () => {
    const b = bench({ max_containers: 1 });
    b.opened(70);
    b.up();
    const lease = b.last('assign');
    b.apply(cancel('all'));
    b.opened(1, { call: 'fc-next' as typeof CALL });
    expect(b.all('assign')).toHaveLength(1);
    b.answer(lease, { indexes: [] });
    expect(b.all('assign')).toHaveLength(2);
  });
});

describe('owners', () => {
  const open = (onOwnerLost: 'finish' | 'cancel', sealed = false) => {
    const b = bench();
    b.apply({ type: 'client.connected', client: CLIENT });
    b.open({ attached: true, onOwnerLost });
    b.inputs(0, 1);
    if (sealed) b.seal(1);
    b.apply({ type: 'client.lost', client: CLIENT });
    return b;
  };
  test('an open call of a client that is gone for a minute runs out and ends incomplete', () => {
    const b = open('finish');
    b.pass(59_900);
    expect(b.state()).toBe('open');
    b.pass(200);
    expect(b.state()).toBe('sealed');
    b.up();
    b.answer(b.last('assign'));
    expect(b.state()).toBe('incomplete');
  });
  test('or is cancelled', () => {
    const b = open('cancel');
    b.pass(60_000);
    expect(b.state()).toBe('cancelled');
  });
  test('a sealed call runs out and is done', () => {
    const b = open('finish', true);
    b.pass(61_000);
    b.up();
    b.answer(b.last('assign'));
    expect(b.state()).toBe('done');
  });
  test('a client that is back in time loses nothing', () => {
    const b = open('cancel');
    b.pass(50_000);
    b.apply({ type: 'client.connected', client: CLIENT });
    b.pass(60_000);
    expect(b.state()).toBe('open');
  });
  test('a detached call is not cancelled with its client', () => {
    const b = open('cancel', true);
    expect(of(b.apply({ type: 'call.detached', call: CALL }), 'persist.state')).toHaveLength(1);
    b.pass(61_000);
    expect(b.state()).toBe('sealed');
  });
});
