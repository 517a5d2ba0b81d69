// Budgets: who may run again, when, and who may not.

import { describe, expect, test } from 'vitest';

import { bench, CALL, of } from './support.js';

describe("the user's retries", () => {
  test('a failure is not an outcome while retries are left', () => {
    const b = bench({ max_retries: 1, initial_delay: 0 });
    b.opened(1);
    b.up();
    const said = b.answer(b.last('assign'), { statuses: [3] });
    expect(of(said, 'persist.outcomes')).toEqual([]);
    expect(of(said, 'persist.attempt')).toEqual([{ do: 'persist.attempt', call: CALL, index: 0, attempt: 2 }]);
    expect(of(said, 'assign')).toMatchObject([{ first: 0, attempt: 2 }]);
  });
  test('the last failure is the outcome', () => {
    const b = bench({ max_retries: 1, initial_delay: 0 });
    b.opened(1);
    b.up();
    b.answer(b.last('assign'), { statuses: [3] });
    b.answer(b.last('assign'), { statuses: [3] });
    expect(b.counts()).toEqual({ failed: 1 });
  });
  test('a retry waits for its delay, which grows up to max_delay', () => {
    const b = bench({ max_retries: 3, initial_delay: 1, backoff: 10, max_delay: 5 });
    b.opened(1);
    b.up();
    for (const delay of [1_000, 5_000, 5_000]) {
      b.answer(b.last('assign'), { statuses: [3] });
      expect(b.counts()).toEqual({ retrying: 1 });
      expect(of(b.pass(delay - 100), 'assign')).toEqual([]);
      expect(of(b.pass(200), 'assign')).toHaveLength(1);
    }
  });
  test('the policy of the function may forbid one (NO_RETRY)', () => {
    const b = bench({ max_retries: 3 });
    b.opened(1);
    b.up();
    b.answer(b.last('assign'), { statuses: [3 | 0x80] });
    expect(b.counts()).toEqual({ failed: 1 });
  });
  test('a timeout uses them as well', () => {
    const b = bench({ max_retries: 1, initial_delay: 0 });
    b.opened(1);
    const container = b.up();
    b.exit(container, { reason: 'timeout', lease: 1, index: 0 });
    expect(b.counts()).toEqual({ retrying: 1 });
    b.pass(100);
    b.up();
    b.answer(b.last('assign'), { statuses: [5] });
    expect(b.counts()).toEqual({ timed_out: 1 });
  });
  test('after a cancel of what is queued, a failure is final', () => {
    const b = bench({ max_retries: 3, initial_delay: 0 });
    b.opened(2);
    b.up();
    b.apply({ type: 'call.cancelled', call: CALL, scope: 'queued', terminate: false });
    b.answer(b.last('assign'), { statuses: [3] });
    expect(b.counts()).toEqual({ failed: 1, cancelled: 1 });
    expect(b.state()).toBe('cancelled');
  });
});

describe('lost containers', () => {
  test('an input that was running is run again at once and uses no retry', () => {
    const b = bench({ max_retries: 0 });
    b.opened(1);
    b.exit(b.up(), { reason: 'signal', lease: 1, index: 0 });
    expect(b.counts()).toEqual({ retrying: 1 });
    b.up();
    expect(b.last('assign')).toMatchObject({ first: 0, attempt: 2 });
    b.answer(b.last('assign'));
    expect(b.counts()).toEqual({ succeeded: 1 });
  });
  test('an input that was running in three dead containers is poison, the others go on', () => {
    const b = bench();
    b.opened(70);
    let container = b.up();
    for (let death = 1; death <= 3; death += 1) {
      expect(b.last('assign')).toMatchObject({ container, first: 0, attempt: death });
      b.exit(container, { reason: 'signal', lease: 1, index: 0, detail: 'SIGSEGV' });
      if (death < 3) container = b.up();
    }
    expect(b.last('persist.settled')).toMatchObject({ ranges: [[0, 1]], attempts: [3], code: 'container.poison' });
    b.up();
    b.finish();
    expect(b.counts()).toEqual({ succeeded: 69, failed: 1 });
    expect(b.all('start').length).toBeLessThanOrEqual(10);
  });
  test('inputs that had not begun go back as if nothing had been, those before the one that ran get a new attempt', () => {
    const b = bench();
    b.opened(70);
    const container = b.up();
    expect(b.last('assign')).toMatchObject({ first: 0, count: 4 });
    b.exit(container, { reason: 'signal', lease: 1, index: 2 });
    expect([0, 1, 2, 3].map((index) => b.core.inputState(CALL, index)?.attempt)).toEqual([2, 2, 2, 1]);
    expect(b.all('persist.attempt')).toHaveLength(3);
  });
  test('the ninth loss of the same input is its failure', () => {
    const b = bench();
    b.opened(1);
    for (let loss = 0; loss < 9; loss += 1) b.exit(b.up(), { reason: 'exited', lease: 0 });
    expect(b.counts()).toEqual({ failed: 1 });
    expect(b.last('persist.settled')).toMatchObject({ code: 'container.lost' });
  });
  test('going over the memory limit is a failure of the function, with what the supervisor measured', () => {
    const b = bench();
    b.opened(1);
    b.exit(b.up(), { reason: 'memory', lease: 1, index: 0, detail: 'limit 100 MiB, peak 120 MiB' });
    expect(b.last('persist.settled')).toMatchObject({
      code: 'container.memory',
      message: 'limit 100 MiB, peak 120 MiB',
    });
  });
  test('a generator is not run again once it yielded something: it may have been read', () => {
    const b = bench({ is_generator: true, max_retries: 3 });
    b.opened(1);
    const container = b.up();
    b.apply({ type: 'items.arrived', call: CALL, index: 0 });
    b.exit(container, { reason: 'signal', lease: 1, index: 0 });
    expect(b.counts()).toEqual({ failed: 1 });
    expect(b.last('persist.settled')).toMatchObject({ code: 'container.lost' });
  });
  test('a generator that has not yielded anything runs again like any function', () => {
    const b = bench({ is_generator: true });
    b.opened(1);
    b.exit(b.up(), { reason: 'signal', lease: 1, index: 0 });
    b.up();
    expect(b.last('assign')).toMatchObject({ first: 0, attempt: 2 });
  });
});

describe('late outcomes', () => {
  const late = () => {
    const b = bench();
    b.opened(1);
    const container = b.up();
    const old = b.last('assign');
    b.apply({ type: 'container.disconnected', container });
    b.pass(60_000);
    b.up();
    return { b, old, container, newer: b.last('assign') };
  };
  test('a late success is adopted and the newer run cancelled', () => {
    const { b, old, newer } = late();
    expect(newer).toMatchObject({ attempt: 2 });
    const said = b.answer(old);
    expect(b.counts()).toEqual({ succeeded: 1 });
    expect(of(said, 'lease.cancel')).toMatchObject([{ container: newer.container, lease: newer.lease, first: 0 }]);
  });
  test('a late failure of an older attempt changes nothing', () => {
    const { b, old } = late();
    expect(b.answer(old, { statuses: [3] })).toEqual([expect.objectContaining({ do: 'acknowledge' })]);
    expect(b.counts()).toEqual({ running: 1 });
  });
  test('the newer outcome of an adopted input is known already', () => {
    const { b, old, newer } = late();
    b.answer(old);
    expect(of(b.answer(newer, { statuses: [3] }), 'persist.outcomes')).toEqual([]);
    expect(b.counts()).toEqual({ succeeded: 1 });
  });
  test('a failure sent again after its retry was queued is dropped, though its lease still lives', () => {
    const b = bench({ max_retries: 1, initial_delay: 5 });
    b.opened(70);
    b.up();
    const lease = b.last('assign');
    b.answer(lease, { indexes: [0, 1], statuses: [2, 3], ended: false });
    b.answer(lease, { indexes: [0, 1], statuses: [2, 3], ended: false });
    expect(b.core.inputState(CALL, 1)).toMatchObject({ state: 0, attempt: 2 });
  });
  test('only the outcomes that were taken are persisted, by their position', () => {
    const b = bench({ max_retries: 1, initial_delay: 5 });
    b.opened(70);
    b.up();
    const said = b.answer(b.last('assign'), { statuses: [2, 3, 2, 3] });
    expect(of(said, 'persist.outcomes')).toEqual([
      { do: 'persist.outcomes', call: CALL, seq: 0, taken: Uint32Array.from([0, 2]) },
    ]);
  });
});
