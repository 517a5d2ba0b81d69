// Durations and lanes as numbers to draw.

import { describe, expect, test } from 'vitest';

import {
  bars,
  busyShare,
  MAX_BARS,
  measured,
  parseTimes,
  quantile,
  strips,
  timeSpan,
} from '../../../extension/model/times';
import { timesView } from '../support/times';

describe('the histogram', () => {
  test('has at most so many bars, and every input in one of them', () => {
    const times = timesView({ first: 100, durations: Array.from({ length: 400 }, (_, bin) => bin % 3) });
    const shown = bars(times);
    expect(shown.length).toBeLessThanOrEqual(MAX_BARS);
    expect(shown.reduce((sum, { count }) => sum + count, 0)).toBe(measured(times));
    expect(Math.max(...shown.map(({ height }) => height))).toBe(1);
  });

  test('goes from the shortest to the longest without a gap', () => {
    const shown = bars(timesView({ first: 300, durations: Array.from({ length: 101 }, () => 1) }), 10);
    expect(shown[0]?.from).toBeCloseTo(1);
    expect(shown.at(-1)?.to).toBeCloseTo(10 ** (2 + 1 / 50), 5);
    shown.slice(1).forEach((bar, at) => expect(bar.from).toBe(shown[at]?.to));
  });

  test('of inputs that all took the same is one bar', () => {
    expect(bars(timesView({ first: 300, durations: [7] }))).toMatchObject([{ count: 7, height: 1 }]);
  });

  test('of nothing is empty', () => {
    expect(bars(timesView({ first: 0, durations: [] }))).toEqual([]);
    expect(quantile(timesView({ first: 0, durations: [] }), 0.5)).toBeUndefined();
  });
});

test('a quantile is a time that so many did not exceed', () => {
  const times = timesView({ first: 300, durations: [90, ...new Array<number>(49).fill(0), 10] });
  expect(quantile(times, 0.5)).toBeCloseTo(1, 1);
  expect(quantile(times, 0.95)).toBeCloseTo(10, 0);
  expect(quantile(times, 1)).toBeCloseTo(10, 0);
});

describe('a lane', () => {
  const lane = { container_id: 'co-1', inputs: 3, busy: '0099100', failed: [4, 6] };

  test('has a strip where its container worked, and where an input failed', () => {
    expect(strips(lane).map(({ bin, isFailed }) => [bin, isFailed])).toEqual([
      [2, false],
      [3, false],
      [4, true],
      [6, true],
    ]);
    expect(strips(lane)[0]?.height).toBe(1);
  });

  test('says how much of the time that was', () => {
    expect(busyShare(lane)).toBeCloseTo(19 / 63);
    expect(busyShare({ ...lane, busy: '' })).toBe(0);
    expect(timeSpan(timesView({ width: 2, lanes: [lane] }))).toBe(14);
  });
});

describe('what the kernel sends', () => {
  test('is refused when it is not what was agreed', () => {
    for (const wrong of [
      null,
      { ...timesView({}), durations: [1, -1] },
      { ...timesView({}), width: Infinity },
      { ...timesView({}), lanes: [{ container_id: 'c', inputs: 1, busy: '12x', failed: [] }] },
      { ...timesView({}), slowest: [{ index: 1 }] },
    ])
      expect(() => parseTimes(wrong)).toThrow();
  });

  test('never makes more bins and lanes than there may be', () => {
    const [lane] = timesView({}).lanes;
    const parsed = parseTimes({
      ...timesView({}),
      durations: new Array<number>(100_000).fill(1),
      lanes: new Array<unknown>(10_000).fill(lane),
    });
    expect(parsed.durations).toHaveLength(600);
    expect(parsed.lanes).toHaveLength(64);
  });
});
