// How long inputs took and when containers worked, folded from stored outcomes.

import { describe, expect, test } from 'vitest';

import { type CallId, FAILED, SUCCEEDED } from '@farcall/kernel-bridge/wire';

import {
  durationBin,
  type Folded,
  LANE_BINS,
  MOST_LANES,
  readTiming,
  Timing,
} from '../../../runtime/src/gateway/timing.js';
import type { OutcomeRow, Store } from '../../../runtime/src/store/store.js';

const CALL = 'fc-NNV2P401M8022T3SA9TKSGDNZW4QC2H8' as CallId;
const SPAN = { from: 1000, to: 1120 };

interface Batch {
  readonly seq?: number;
  readonly container?: string;
  readonly seconds: readonly number[];
  readonly at?: number;
  readonly failed?: readonly number[];
}
function batch({ seq = 0, container = 'co-1', seconds, at, failed = [] }: Batch): OutcomeRow {
  const bytes = (table: Uint32Array | Float32Array): Uint8Array => new Uint8Array(table.buffer);
  const indexes = Uint32Array.from(seconds, (_, position) => seq + position);
  return {
    call_id: CALL,
    seq,
    count: seconds.length,
    container_id: container,
    indexes: bytes(indexes),
    statuses: Uint8Array.from(seconds, (_, position) => (failed.includes(position) ? FAILED : SUCCEEDED)),
    attempts: bytes(new Uint32Array(seconds.length).fill(1)),
    seconds: bytes(Float32Array.from(seconds)),
    lengths: bytes(new Uint32Array(seconds.length)),
    blobs: [],
    failures: [],
    spans: [],
    payload: new Uint8Array(0),
    ...(at === undefined ? {} : { at }),
  };
}

function folded(...batches: readonly Batch[]): Folded {
  const timing = new Timing(SPAN);
  for (const one of batches) timing.add(batch(one));
  return timing.folded();
}
const counts = ({ durations }: Folded): number[] => [...new Uint32Array(durations.slice().buffer)];

describe('durations', () => {
  test('are counted in fine bins, only those between the shortest and the longest', () => {
    const found = folded({ seconds: [1.01, 1.01, 1.5] });
    expect(found.first).toBe(durationBin(1.01));
    expect(counts(found)).toHaveLength(durationBin(1.5) - durationBin(1.01) + 1);
    expect([counts(found)[0], counts(found).at(-1)]).toEqual([2, 1]);
  });

  test('of any size have a bin', () => {
    expect(counts(folded({ seconds: [0, 1e-9, 1e12] })).reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(counts(folded())).toEqual([]);
  });

  test('name the ten slowest, the slowest first, whatever their order', () => {
    const seconds = Array.from({ length: 500 }, (_, index) => ((index * 7) % 500) + 1);
    const { slowest } = folded({ seconds });
    expect(slowest.map((input) => input.seconds)).toEqual([500, 499, 498, 497, 496, 495, 494, 493, 492, 491]);
    expect(slowest[0]?.index).toBe(seconds.indexOf(500));
  });
});

describe('lanes', () => {
  test('show when a container worked: a batch ran until it came, one input after the other', () => {
    const [lane] = folded({ seconds: [10, 20], at: 1060 }).lanes;
    expect(lane).toMatchObject({ container_id: 'co-1', inputs: 2 });
    expect(lane?.busy).toBe(`${'0'.repeat(30)}${'9'.repeat(30)}${'0'.repeat(60)}`);
  });

  test('give a little work its mark and mark where inputs failed', () => {
    const [lane] = folded({ seconds: [0.01, 0.01], at: 1005.5, failed: [1] }).lanes;
    expect(lane?.busy[5]).toBe('1');
    expect(lane?.failed).toEqual([5]);
  });

  test('hold what lies outside the call’s time at its ends', () => {
    const [lane] = folded({ seconds: [50], at: 1010 }, { seconds: [1], at: 2000, failed: [0] }).lanes;
    expect(lane?.busy.slice(0, 12)).toBe('999999999900');
    expect(lane?.failed).toEqual([LANE_BINS - 1]);
  });

  test('are as many as can be told apart; the others are counted', () => {
    const batches = Array.from({ length: MOST_LANES + 3 }, (_, n) => ({
      container: `co-${n}`,
      seconds: [1],
      at: 1010,
    }));
    const { lanes, more } = folded(...batches, ...batches);
    expect([lanes.length, more]).toEqual([MOST_LANES, 3]);
  });

  test('of outcomes that older gateways stored are empty', () => {
    expect(folded({ seconds: [5] }).lanes).toMatchObject([{ inputs: 0, busy: '0'.repeat(LANE_BINS) }]);
  });
});

test('a million outcomes are read a page at a time and stay a few hundred numbers', async () => {
  const pages: number[] = [];
  const store: Pick<Store, 'outcomes'> = {
    outcomes: (_, seq, count) => {
      pages.push(count);
      const left = Math.min(count, 1_000_000 - seq);
      const seconds = Array.from({ length: left }, (_unused, at) => 0.001 * ((at % 900) + 1));
      return Promise.resolve(left <= 0 ? [] : [batch({ seq, seconds, at: 1100, container: `co-${seq % 40}` })]);
    },
  };
  const found = await readTiming(store as Store, CALL, SPAN);
  expect(counts(found).reduce((sum, count) => sum + count, 0)).toBe(1_000_000);
  expect(Math.max(...pages)).toBeLessThan(100_000);
  expect(JSON.stringify(found).length).toBeLessThan(20_000);
});
