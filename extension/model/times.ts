// How long inputs took and when containers worked, as numbers to draw: the bars of a histogram, quantiles, the lanes of a
// timeline. What the kernel sends is folded already; here it is checked and made to fit the screen. No DOM.

import type { LaneView, SlowInput, TimesView } from '@farcall/kernel-bridge/notebook';

import { amount, fields, list, SchemaError, text, whole } from './reader';

const PER_DECADE = 50;
const MAX_BINS = 600;
const MAX_LANES = 64;
const MAX_LANE_BINS = 500;
/** A histogram has no more bars than can be told apart. */
export const MAX_BARS = 36;

export function parseTimes(result: unknown): TimesView {
  const of = fields(result, 'times');
  return {
    durations: list(of, 'durations', { limit: MAX_BINS, item: (value) => whole({ durations: value }, 'durations') }),
    first: whole(of, 'first'),
    slowest: list(of, 'slowest', { limit: 10, item: parseSlow }),
    began: amount(of, 'began'),
    width: amount(of, 'width'),
    lanes: list(of, 'lanes', { limit: MAX_LANES, item: parseLane }),
    more: whole(of, 'more'),
  };
}

export interface HistogramBar {
  /** Seconds. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** 0..1 of the tallest. */
  readonly height: number;
}

/** The bins as at most so many bars of equal width; those without inputs are there too. */
export function bars(times: TimesView, most = MAX_BARS): readonly HistogramBar[] {
  const { durations, first } = times;
  const together = Math.max(1, Math.ceil(durations.length / most));
  const counts: number[] = [];
  durations.forEach((count, at) => {
    const bar = Math.floor(at / together);
    counts[bar] = (counts[bar] ?? 0) + count;
  });
  const tallest = Math.max(1, ...counts);
  return counts.map((count, at) => ({
    from: edge(first + at * together),
    to: edge(first + Math.min(durations.length, (at + 1) * together)),
    count,
    height: count / tallest,
  }));
}

/** How long the given share of the inputs took at most, in seconds; undefined while there are none. */
export function quantile(times: TimesView, share: number): number | undefined {
  const total = measured(times);
  if (total === 0) return undefined;
  let seen = 0;
  const bin = times.durations.findIndex((count) => (seen += count) >= share * total);
  return edge(times.first + bin + 0.5);
}

export function measured(times: TimesView): number {
  return times.durations.reduce((sum, count) => sum + count, 0);
}

export interface Strip {
  readonly bin: number;
  /** 0..1 of its height. */
  readonly height: number;
  readonly isFailed: boolean;
}

/** What is drawn of a lane: a strip for each bin in which its container worked. */
export function strips(lane: LaneView): readonly Strip[] {
  const failed = new Set(lane.failed);
  return [...lane.busy].flatMap((digit, bin) => {
    const height = Number(digit) / 9;
    return height > 0 || failed.has(bin) ? [{ bin, height: Math.max(height, 1 / 9), isFailed: failed.has(bin) }] : [];
  });
}

/** The share of the call's time in which a container worked, 0..1. */
export function busyShare(lane: LaneView): number {
  const digits = [...lane.busy].map(Number);
  return digits.length === 0 ? 0 : digits.reduce((sum, digit) => sum + digit, 0) / (9 * digits.length);
}

/** Outcomes that an older gateway stored say how long, but not when. */
export function hasLanes({ lanes }: TimesView): boolean {
  return lanes.some(({ busy }) => /[1-9]/.test(busy));
}

/** Seconds from the first bin to the end of the last. */
export function timeSpan(times: TimesView): number {
  return times.width * Math.max(0, ...times.lanes.map(({ busy }) => busy.length));
}

/** Where bin n begins, in seconds. */
function edge(bin: number): number {
  return 10 ** (bin / PER_DECADE - 6);
}

function parseSlow(value: unknown): SlowInput {
  const of = fields(value, 'slowest');
  return { index: whole(of, 'index'), state: text(of, 'state', 20), seconds: amount(of, 'seconds') };
}

const BUSY = /^[0-9]*$/;

function parseLane(value: unknown): LaneView {
  const of = fields(value, 'lanes');
  const busy = text(of, 'busy', MAX_LANE_BINS);
  if (!BUSY.test(busy)) throw new SchemaError('busy: a digit a bin was expected');
  return {
    container_id: text(of, 'container_id', 100),
    inputs: whole(of, 'inputs'),
    busy,
    failed: list(of, 'failed', { limit: MAX_LANE_BINS, item: (bin) => whole({ failed: bin }, 'failed') }),
  };
}
