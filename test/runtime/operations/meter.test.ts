// What is counted of events and their commands, beyond what a run of the whole shows.

import { expect, test } from 'vitest';

import { CANCELLED, type CallId, type ContainerId, FAILED, NO_RETRY, SUCCEEDED } from '@farcall/kernel-bridge/wire';

import type { Happening } from '../../../runtime/src/core/events.js';
import { Buckets } from '../../../runtime/src/operations/buckets.js';
import { Meter } from '../../../runtime/src/operations/meter.js';

const CALL = 'fc-1' as CallId;
const ONE = 'co-1' as ContainerId;
const TICK: Happening = { type: 'tick' };

function arrived(statuses: readonly number[], more: { lease?: number; ended?: boolean } = {}): Happening {
  const count = statuses.length;
  const tables = {
    indexes: new Uint32Array(count),
    statuses: Uint8Array.from(statuses),
    seconds: new Float32Array(count),
  };
  return {
    type: 'outcomes.arrived',
    container: ONE,
    seq: 1,
    lease: 1,
    call: CALL,
    attempt: 1,
    ended: false,
    ...tables,
    ...more,
  };
}

test('of a batch only the outcomes that were taken count, whether or not a retry was forbidden', () => {
  const meter = new Meter();
  meter.saw(
    arrived([SUCCEEDED, FAILED, FAILED | NO_RETRY]),
    [{ do: 'persist.outcomes', call: CALL, seq: 0, taken: Uint32Array.of(0, 2) }],
    {},
  );
  meter.saw(arrived([SUCCEEDED]), [], {});
  expect(Object.fromEntries(meter.settled())).toEqual({ succeeded: 1, failed: 1, cancelled: 0, timed_out: 0 });
});

test('outcomes that no container made count by the stretch', () => {
  const meter = new Meter();
  const stretches = {
    ranges: [
      [0, 999_000],
      [5_000_000, 1000],
    ] as const,
    attempts: [1, 1],
  };
  meter.saw(
    TICK,
    [
      {
        do: 'persist.settled',
        call: CALL,
        seq: 0,
        status: CANCELLED,
        code: 'user.cancelled',
        message: '',
        ...stretches,
      },
    ],
    {},
  );
  expect(Object.fromEntries(meter.settled())['cancelled']).toBe(1_000_000);
});

test('a lease is measured once, from its assignment to its end, and not when its container died', () => {
  const meter = new Meter();
  const assign = (lease: number): void =>
    meter.saw(TICK, [{ do: 'assign', container: ONE, lease, call: CALL, first: 0, count: 1, attempt: 1 }], {});
  for (const lease of [1, 2, 3]) assign(lease);
  meter.saw(arrived([SUCCEEDED], { lease: 1 }), [], {});
  for (let time = 0; time < 2; time += 1) meter.saw(arrived([], { lease: 1, ended: true }), [], {});
  expect(meter.leaseSeconds.total).toBe(1);
  meter.saw(
    { type: 'container.exited', container: ONE, reason: 'signal', code: 9, lease: 2, index: 0, detail: '' },
    [],
    {},
  );
  meter.saw(arrived([], { lease: 2, ended: true }), [], {});
  expect(meter.leaseSeconds.total).toBe(1);
});

test('every way to end is counted from the start, when none has come about', () => {
  const meter = new Meter();
  meter.saw(
    { type: 'container.exited', container: ONE, reason: 'signal', code: 9, lease: 0, index: 0, detail: '' },
    [],
    {},
  );
  const counted = { exited: 0, signal: 1, timeout: 0, cancelled: 0, memory: 0, stopped: 0, start: 0 };
  expect(Object.fromEntries(meter.containersExited)).toEqual(counted);
});

test('a value lies in the first bucket whose bound it does not pass', () => {
  const buckets = new Buckets([1, 10, 100]);
  for (const value of [0, 1, 1.5, 10, 100, 101, 1e9]) buckets.add(value);
  expect([...buckets.counts]).toEqual([2, 2, 1, 2]);
  expect([buckets.total, buckets.sum]).toEqual([7, 0 + 1 + 1.5 + 10 + 100 + 101 + 1e9]);
});
