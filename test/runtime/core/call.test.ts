// Calls from opening to their end, as their clients see them.

import { describe, expect, test } from 'vitest';

import { bench, CALL, kinds, of } from './support.js';

describe('opening', () => {
  test('a call is persisted, then accepted', () => {
    expect(kinds(bench().open())).toEqual(['persist.call', 'accept.call', 'show']);
  });
  test('opening it again only accepts it again', () => {
    const b = bench();
    b.open();
    expect(kinds(b.open())).toEqual(['accept.call']);
  });
  test('a call of an unknown function is refused', () => {
    const b = bench();
    expect(b.open({ function: 'fv-other' as never })).toEqual([
      expect.objectContaining({ do: 'refuse', code: 'not.found' }),
    ]);
    expect(b.core.call(CALL)).toBeUndefined();
  });
  test('a call for a GPU that no host has is refused with what there is', () => {
    const b = bench({ gpu: ['A100'] });
    const [refusal] = of(b.open(), 'refuse');
    expect(refusal).toMatchObject({
      code: 'resource.impossible',
      message: 'app.f asks for the GPU A100; there is: none',
    });
  });
});

describe('inputs', () => {
  test('a chunk is persisted and acknowledged', () => {
    const b = bench();
    b.open();
    const said = b.inputs(0, 10);
    expect(of(said, 'persist.inputs')).toEqual([{ do: 'persist.inputs', call: CALL, first: 0, count: 10 }]);
    expect(of(said, 'accept.inputs')).toEqual([{ do: 'accept.inputs', call: CALL, through: 10 }]);
  });
  test('a chunk sent again is acknowledged and not stored', () => {
    const b = bench();
    b.open();
    b.inputs(0, 10);
    expect(b.inputs(0, 10)).toEqual([{ do: 'accept.inputs', call: CALL, through: 10 }]);
    expect(b.counts()).toEqual({ queued: 10 });
  });
  test('of an overlapping chunk only the new tail is stored', () => {
    const b = bench();
    b.open();
    b.inputs(0, 10);
    expect(of(b.inputs(5, 10), 'persist.inputs')).toEqual([{ do: 'persist.inputs', call: CALL, first: 10, count: 5 }]);
    expect(b.counts()).toEqual({ queued: 15 });
  });
  test('a gap is refused', () => {
    const b = bench();
    b.open();
    expect(b.inputs(5, 10)).toEqual([expect.objectContaining({ do: 'refuse', code: 'request.invalid' })]);
    expect(b.counts()).toEqual({});
  });
  test('a sealed call takes no more, but acknowledges what it has', () => {
    const b = bench();
    b.opened(10);
    expect(b.inputs(10, 1)).toEqual([expect.objectContaining({ do: 'refuse', code: 'call.closed' })]);
    expect(of(b.inputs(0, 10), 'accept.inputs')).toHaveLength(1);
  });
  test('a seal ahead of its inputs is accepted once they are all there', () => {
    const b = bench();
    b.open();
    expect(kinds(b.seal(20))).toEqual([]);
    expect(of(b.inputs(0, 10), 'accept.seal')).toEqual([]);
    expect(of(b.inputs(10, 10), 'accept.seal')).toEqual([{ do: 'accept.seal', call: CALL, count: 20 }]);
    expect(b.state()).toBe('sealed');
  });
  test('an empty call is done as soon as it is sealed', () => {
    const b = bench();
    b.open();
    expect(of(b.seal(0), 'end')).toEqual([{ do: 'end', call: CALL, state: 'done', count: 0, seq: 0 }]);
  });
});

describe('the road of one input', () => {
  test('a container is started, given the input, and its outcome ends the call', () => {
    const b = bench();
    b.opened(1);
    b.up();
    const assigned = b.last('assign');
    expect(assigned).toMatchObject({ call: CALL, first: 0, count: 1, attempt: 1 });
    const said = b.answer(assigned);
    expect(kinds(said)).toEqual(['persist.outcomes', 'persist.state', 'acknowledge', 'publish', 'end', 'show']);
    expect(of(said, 'end')).toEqual([{ do: 'end', call: CALL, state: 'done', count: 1, seq: 1 }]);
  });
  test('outcomes sent again are acknowledged and change nothing', () => {
    const b = bench();
    b.opened(1);
    b.up();
    b.answer(b.last('assign'));
    expect(kinds(b.answer(b.last('assign')))).toEqual(['acknowledge']);
  });
  test('outcomes of an unknown call are not acknowledged: the client will send the call again', () => {
    const b = bench();
    b.opened(1);
    b.up();
    expect(b.answer({ ...b.last('assign'), call: 'fc-other' as never })).toEqual([]);
  });
  test('a call is not done before it is sealed', () => {
    const b = bench();
    b.open();
    b.inputs(0, 1);
    b.up();
    b.answer(b.last('assign'));
    expect(b.state()).toBe('open');
    expect(of(b.seal(1), 'end')).toHaveLength(1);
  });
  test('the start is only asked for once', () => {
    const b = bench();
    b.opened(100);
    b.pass(1_000);
    expect(b.all('start')).toHaveLength(1);
  });
});

describe('policies', () => {
  const failing = (onFailure: 'continue' | 'stop_after' | 'stop_all') => {
    const b = bench();
    b.opened(70, { onFailure });
    b.up();
    const lease = b.last('assign');
    b.answer(lease, { statuses: [2, 3, 2, 2], seconds: 0.001 });
    return b;
  };
  test('continue: the others go on and the call ends done', () => {
    const b = failing('continue');
    b.finish();
    expect(b.counts()).toEqual({ succeeded: 69, failed: 1 });
    expect(b.state()).toBe('done');
  });
  test('stop_after: what comes after the failure is cancelled', () => {
    const b = failing('stop_after');
    expect(b.counts()).toEqual({ succeeded: 3, failed: 1, cancelled: 66 });
    expect(b.state()).toBe('failed');
    expect(b.last('persist.settled')).toMatchObject({
      seq: 4,
      ranges: [[4, 66]],
      attempts: [1],
      code: 'user.cancelled',
    });
    expect(b.last('end')).toMatchObject({ state: 'failed', seq: 70 });
  });
  test('stop_after: inputs before the failure finish', () => {
    const b = bench({ max_containers: 2 });
    b.opened(2, { onFailure: 'stop_after' });
    b.up();
    b.pass(100);
    b.allUp();
    const [first, second] = b.all('assign');
    if (first === undefined || second === undefined) throw new Error('two leases expected');
    b.answer(second, { statuses: [3] });
    expect(b.counts()).toEqual({ running: 1, failed: 1 });
    b.answer(first);
    expect(b.counts()).toEqual({ succeeded: 1, failed: 1 });
    expect(b.state()).toBe('failed');
  });
  test('stop_all: everything else is cancelled, running inputs too', () => {
    const b = bench({ max_containers: 2 });
    b.opened(3, { onFailure: 'stop_all' });
    b.up();
    b.pass(100);
    b.allUp();
    const [first, second] = b.all('assign');
    if (first === undefined || second === undefined) throw new Error('two leases expected');
    const said = b.answer(second, { statuses: [3] });
    expect(of(said, 'lease.cancel')).toEqual([
      { do: 'lease.cancel', container: first.container, lease: first.lease, first: 0, graceMs: 1000 },
    ]);
    expect(b.counts()).toEqual({ failed: 1, cancelled: 2 });
  });
  test('an open call that failed takes no more inputs and answers a seal with where it closed', () => {
    const b = bench();
    b.open({ onFailure: 'stop_after' });
    b.inputs(0, 1);
    b.up();
    b.answer(b.last('assign'), { statuses: [3] });
    expect(b.state()).toBe('failed');
    expect(of(b.inputs(1, 1), 'refuse')).toMatchObject([{ code: 'call.closed' }]);
    expect(b.seal(2)).toEqual([{ do: 'accept.seal', call: CALL, count: 1 }]);
  });
});

describe('derived calls', () => {
  const NEW = 'fc-new' as typeof CALL;
  test('an empty list of indexes means all that did not succeed', () => {
    const b = bench();
    b.opened(4);
    b.up();
    for (const statuses of [[2], [3], [2], [5]]) b.answer(b.last('assign'), { statuses });
    b.open({ call: NEW, base: { call: CALL, indexes: new Uint32Array() } });
    expect(b.core.call(NEW)).toMatchObject({ inputs: 2, sealed: true, base: CALL });
    expect(b.core.baseInput(NEW, 1)).toEqual({ call: CALL, index: 3 });
  });
  test('inputs are found through a chain of derived calls', () => {
    const b = bench();
    b.opened(5);
    b.open({ call: NEW, base: { call: CALL, indexes: Uint32Array.from([1, 3, 4]) } });
    const newest = 'fc-newest' as typeof CALL;
    b.open({ call: newest, base: { call: NEW, indexes: Uint32Array.from([2, 0]) } });
    expect([0, 1].map((index) => b.core.baseInput(newest, index).index)).toEqual([4, 1]);
  });
  test('nothing left to run is done at once', () => {
    const b = bench();
    b.opened(1);
    b.up();
    b.answer(b.last('assign'));
    expect(of(b.open({ call: NEW, base: { call: CALL, indexes: new Uint32Array() } }), 'end')).toHaveLength(1);
  });
  test('an index outside the base is refused', () => {
    const b = bench();
    b.opened(2);
    expect(of(b.open({ call: NEW, base: { call: CALL, indexes: Uint32Array.from([2]) } }), 'refuse')).toHaveLength(1);
  });
});
