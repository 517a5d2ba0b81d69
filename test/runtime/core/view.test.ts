// What may be asked of the core.

import { expect, test } from 'vitest';

import { bench, CALL, F } from './support.js';

test('counts are disjoint and add up to the inputs', () => {
  const b = bench({ max_retries: 1, initial_delay: 100 });
  b.opened(70);
  b.up();
  b.answer(b.last('assign'), { statuses: [2, 3, 2 | 0, 3 | 0x80], seconds: 1 });
  expect(b.core.call(CALL)?.counts).toEqual({
    queued: 65,
    retrying: 1,
    running: 1,
    succeeded: 2,
    failed: 1,
    cancelled: 0,
    timed_out: 0,
  });
});

test('a cell shows the worst of its inputs', () => {
  const b = bench({ max_retries: 1, initial_delay: 100 });
  b.opened(70);
  b.up();
  b.answer(b.last('assign'), { statuses: [2, 3, 2, 3 | 0x80], seconds: 1 });
  expect(b.core.cells(CALL).cells).toBe(`sysfr${'q'.repeat(65)}`);
  expect(b.core.cells(CALL, 35)).toEqual({ cells: `yfr${'q'.repeat(32)}`, cell: 2 });
});

test('rows are paged by state', () => {
  const b = bench();
  b.opened(10);
  const container = b.up();
  b.answer(b.last('assign'), { statuses: [3], seconds: 1 });
  expect(b.core.rows(CALL, [0], 0, 3)).toMatchObject({ rows: [{ index: 2 }, { index: 3 }, { index: 4 }], next: 5 });
  expect(b.core.rows(CALL, [], 0, 2)).toEqual({
    rows: [
      { index: 0, state: 3, attempt: 1, container: '' },
      { index: 1, state: 1, attempt: 1, container },
    ],
    next: 2,
  });
  expect(b.core.rows(CALL, [4], 0, 3)).toEqual({ rows: [], next: -1 });
});

test('the rate is of the last 30 seconds', () => {
  const b = bench({ max_containers: 1 });
  b.opened(200);
  b.up();
  for (let second = 0; second < 10; second += 1) {
    b.answer(b.last('assign'), { seconds: 1 });
    b.pass(1_000);
  }
  const rate = b.core.call(CALL)?.rate ?? 0;
  expect(rate).toBeGreaterThan(0.8);
  expect(rate).toBeLessThan(1.8);
  b.pass(40_000);
  expect(b.core.call(CALL)?.rate).toBe(0);
});

test('containers and functions tell what they do', () => {
  const b = bench();
  b.opened(3);
  const container = b.up();
  expect(b.core.container(container)).toMatchObject({
    state: 'ready',
    name: 'app.f',
    hardware: '0.125 CPU',
    inputs: 0,
  });
  expect(b.core.functions()).toMatchObject([{ function: F, backlog: 2, running: 1, containers: 1, desired: 1 }]);
  expect(b.core.openCalls()).toEqual([CALL]);
  expect(b.core.isIdle()).toBe(false);
});
