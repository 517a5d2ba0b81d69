// Which ranges go to which containers, and how work moves between them.

import { describe, expect, test } from 'vitest';

import type { CallId, FunctionSpec } from '@farcall/kernel-bridge/wire';

import { bench, CALL, F, HOST, of, type Bench } from './support.js';

/** A call of many inputs whose first outcomes took `seconds` each; the assignments after that. */
function measured(seconds: number, inputs = 100_000, asked: Partial<FunctionSpec> = {}) {
  const b = bench({ max_containers: 1, ...asked });
  b.opened(inputs);
  b.up();
  return { b, given: of(b.answer(b.last('assign'), { seconds }), 'assign') };
}

describe('ranges', () => {
  test('are small until something is measured', () => {
    const counts = [1, 63, 100, 10_000].map((inputs) => {
      const b = bench();
      b.opened(inputs);
      b.up();
      return b.last('assign').count;
    });
    expect(counts).toEqual([1, 1, 4, 8]);
  });
  test('are about 30 ms of work afterwards', () => {
    expect(measured(0.001).given[0]?.count).toBe(30);
    expect(measured(0.01).given[0]?.count).toBe(3);
    expect(measured(0.0001).given[0]?.count).toBe(300);
  });
  test('of a method that yields are one input each, and nothing waits behind one', () => {
    const b = bench({ max_containers: 1 });
    b.opened(100, { yields: true });
    b.up();
    const given = of(b.answer(b.last('assign'), { seconds: 0.0001 }), 'assign');
    expect(given.map(({ count }) => count)).toEqual([1]);
  });
  test('are at most 1,024 inputs, or 4,096 tiny ones', () => {
    expect(measured(0.000025).given[0]?.count).toBe(1_024);
    expect(measured(0.000001).given[0]?.count).toBe(4_096);
  });
  test('never hold more payload than fits a frame', () => {
    const b = bench({ max_containers: 1 });
    b.open();
    b.apply({ type: 'inputs.arrived', call: CALL, first: 0, count: 100, bytes: 100 * 100_000 });
    b.up();
    expect(of(b.answer(b.last('assign'), { seconds: 0.0001 }), 'assign')[0]?.count).toBe(5);
  });
  test('of short inputs lie ahead, long inputs wait for a free container', () => {
    expect(measured(0.0001).given).toHaveLength(3);
    expect(measured(0.01).given).toHaveLength(2);
    expect(measured(2).given).toHaveLength(1);
    expect(measured(2).given[0]?.count).toBe(1);
  });
  test('shrink near the end, so that all finish together', () => {
    const { b } = measured(0.001, 60);
    const counts = b.all('assign').map(({ count }) => count);
    expect(counts[1]).toBeGreaterThan(counts.at(-1) ?? 0);
  });
  test('of later attempts are single inputs', () => {
    const b = bench({ max_containers: 1, max_retries: 1, initial_delay: 0 });
    b.opened(70);
    b.up();
    const said = b.answer(b.last('assign'), { statuses: [3, 3, 3, 3], seconds: 0.0001 });
    expect(of(said, 'assign').slice(0, 3)).toMatchObject([
      { first: 0, count: 1, attempt: 2 },
      { first: 1, count: 1 },
      { first: 2, count: 1 },
    ]);
  });
  test('of generators are single inputs, one at a time', () => {
    expect(measured(0.0001, 1_000, { is_generator: true }).given).toMatchObject([{ count: 1 }]);
  });
});

describe('fairness', () => {
  test('calls of one function take turns', () => {
    const b = bench({ max_containers: 1 });
    const ids = ['fc-a', 'fc-b', 'fc-c'].map((id) => id as typeof CALL);
    for (const call of ids) b.opened(1_000, { call });
    b.up();
    for (let turn = 0; turn < 5; turn += 1) b.answer(b.last('assign'), { seconds: 1 });
    expect(b.all('assign').map(({ call }) => call)).toEqual([...ids, ...ids]);
  });
  test('the emptiest container is served first', () => {
    const b = bench({ min_containers: 2, max_containers: 2 });
    b.opened(1);
    b.up();
    const first = b.last('assign');
    b.answer(first, { seconds: 0.01 });
    b.pass(100);
    const second = b.up();
    b.opened(2, { call: 'fc-next' as typeof CALL });
    expect(
      new Set(
        b
          .all('assign')
          .slice(-2)
          .map(({ container }) => container),
      ),
    ).toEqual(new Set([first.container, second]));
  });
});

describe('work moves', () => {
  const stuck = (): { b: Bench; first: ReturnType<Bench['last']> & { do: 'assign' } } => {
    const b = bench({ max_containers: 2 });
    b.opened(70);
    b.up();
    const first = b.last('assign');
    b.pass(100);
    b.allUp();
    return { b, first };
  };
  test('what waits behind a first input that is slow is asked back when others idle', () => {
    const { b, first } = stuck();
    while (b.counts()['queued'] !== undefined) b.answer(b.last('assign'), { seconds: 10 });
    b.answer(b.last('assign'), { seconds: 10 });
    expect(b.last('lease.revoke')).toEqual({
      do: 'lease.revoke',
      container: first.container,
      lease: first.lease,
      first: 2,
    });
  });
  test('what the supervisor gives back runs elsewhere under the same attempt', () => {
    const { b, first } = stuck();
    while (b.counts()['queued'] !== undefined) b.answer(b.last('assign'), { seconds: 10 });
    b.answer(b.last('assign'), { seconds: 10 });
    const said = b.apply({ type: 'lease.revoked', container: first.container, lease: first.lease, first: 3 });
    expect(of(said, 'assign')).toMatchObject([{ first: 3, count: 1, attempt: 1 }]);
    expect(said.map((command) => command.do)).not.toContain('persist.attempt');
  });
  test('nothing to give back is an answer too', () => {
    const { b, first } = stuck();
    const before = b.counts();
    b.apply({ type: 'lease.revoked', container: first.container, lease: first.lease, first: 0xffffffff });
    expect(b.counts()).toEqual(before);
  });
  test('inputs that a container skipped when it ended its lease go back to the queue', () => {
    const b = bench({ max_containers: 1 });
    b.opened(70);
    b.up();
    const said = b.answer(b.last('assign'), { indexes: [0, 1], seconds: 1, ended: true });
    expect(of(said, 'assign')).toMatchObject([{ first: 2, count: 1, attempt: 1 }]);
  });
});

describe('an input that takes much longer than those before it', () => {
  const next = 'fc-next' as CallId;
  /** Two calls of a function whose inputs took 5 ms each: the first runs, the other lies behind it in the same container. */
  const stuck = (asked: Partial<FunctionSpec> = {}) => {
    const b = bench(asked);
    b.opened(1, { call: 'fc-before' as CallId });
    b.up();
    b.answer(b.last('assign'), { seconds: 0.005, ended: true });
    b.opened(1);
    b.opened(1, { call: next });
    return { b, slow: b.all('assign').at(-2), behind: b.last('assign') };
  };
  test('keeps nobody waiting behind it', () => {
    const { b, slow, behind } = stuck();
    expect(slow?.container).toBe(behind.container);
    b.pass(2_000);
    expect(b.all('start')).toHaveLength(2);
    expect(b.core.explain(F).join()).toContain('2 inputs that take much longer than those before');
    const other = b.up();
    expect(b.last('lease.revoke')).toMatchObject({ container: slow?.container, lease: behind.lease });
    b.apply({ type: 'lease.revoked', container: behind.container, lease: behind.lease, first: 0 });
    expect(b.last('assign')).toMatchObject({ container: other, call: next });
  });
  test('is given nothing more to lie behind it', () => {
    const { b, behind } = stuck({ max_containers: 1 });
    b.pass(2_000);
    b.opened(1, { call: 'fc-third' as CallId });
    expect(b.last('assign')).toEqual(behind);
  });
  test('does not make others count as slow while they go on', () => {
    const { b, behind } = stuck();
    b.pass(2_000);
    b.up();
    b.apply({ type: 'lease.revoked', container: behind.container, lease: behind.lease, first: 0 });
    b.answer(b.last('assign'), { seconds: 0.005, ended: true });
    b.opened(20, { call: 'fc-many' as CallId });
    b.pass(500);
    expect(b.all('start')).toHaveLength(2);
  });
  test('holds up none that run several at once, unless it is full', () => {
    const b = bench({ max_concurrent: 2 });
    b.opened(1, { call: 'fc-before' as CallId });
    b.up();
    b.answer(b.last('assign'), { seconds: 0.005, ended: true });
    b.opened(3);
    b.pass(1_000);
    expect(b.all('start')).toHaveLength(1);
    b.pass(2_000);
    expect(b.all('start')).toHaveLength(2);
  });
});

test('a million inputs of a call cost a few assignments each, not a million', () => {
  const { b } = measured(0.000001, 1_000_000);
  b.finish(0.000001);
  expect(b.counts()).toEqual({ succeeded: 1_000_000 });
  expect(b.all('assign').length).toBeLessThan(400);
  expect(b.core.hosts()[0]?.host).toBe(HOST);
});
