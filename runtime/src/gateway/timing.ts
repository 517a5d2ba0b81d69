// How long the inputs of a call took, and when its containers worked: one pass over the stored outcomes, folded into a
// few hundred numbers whatever the size of the map. Rows of gateways that did not note the time have no place in a lane.

import {
  type CallId,
  FAILED,
  type Lane,
  type SlowInput,
  TIMED_OUT,
  type TimingState,
} from '@farcall/kernel-bridge/wire';

import type { Store } from '../store/store.js';
import { countOf, type Part, partOf, type Row } from './outcomes.js';
import { bytesOf } from './tables.js';

/** Bins of durations in each power of ten, from a microsecond on; the last one takes whatever is longer. */
const PER_DECADE = 50;
const LAST_BIN = 12 * PER_DECADE - 1;
const MOST_SLOW = 10;
export const LANE_BINS = 120;
export const MOST_LANES = 24;
const PAGE = 65_536;

export type Folded = Omit<TimingState, 'type' | 'request'>;
export interface Span {
  readonly from: number;
  readonly to: number;
}

export async function readTiming(store: Pick<Store, 'outcomes'>, call: CallId, span: Span): Promise<Folded> {
  const timing = new Timing(span);
  for (let seq = 0; ;) {
    const rows = await store.outcomes(call, seq, PAGE, 'tables');
    const last = rows.at(-1);
    if (last === undefined || last.seq + countOf(last) <= seq) return timing.folded();
    for (const row of rows) if (row.seq >= seq) timing.add(row);
    seq = last.seq + countOf(last);
  }
}

interface Busy {
  inputs: number;
  /** Seconds of work in each bin. */
  readonly seconds: Float64Array;
  readonly failed: Set<number>;
}

export class Timing {
  readonly #durations = new Uint32Array(LAST_BIN + 1);
  readonly #lanes = new Map<string, Busy>();
  readonly #width: number;
  #slowest: SlowInput[] = [];
  /** What an input must exceed to be among them. */
  #least = -1;
  readonly #more = new Set<string>();

  constructor(private readonly span: Span) {
    this.#width = Math.max(1e-6, span.to - span.from) / LANE_BINS;
  }

  /** What no container ran has no duration. */
  add(row: Row): void {
    if ('ranges' in row) return;
    const part = partOf(row);
    part.seconds.forEach((seconds, at) => {
      const bin = durationBin(seconds);
      this.#durations[bin] = (this.#durations[bin] ?? 0) + 1;
      if (seconds > this.#least) this.#slow({ index: part.indexes[at] ?? 0, state: part.statuses[at] ?? 0, seconds });
    });
    const lane = this.#lane(row.container_id);
    if (lane !== undefined && row.at !== undefined) this.#work(lane, part, row.at);
  }

  folded(): Folded {
    const first = this.#durations.findIndex((count) => count > 0);
    const last = this.#durations.findLastIndex((count) => count > 0);
    return {
      first: Math.max(0, first),
      durations: bytesOf(first < 0 ? new Uint32Array(0) : this.#durations.slice(first, last + 1)),
      slowest: this.#slowest,
      began: this.span.from,
      width: this.#width,
      lanes: [...this.#lanes].map(([container_id, lane]) => this.#laneOf(container_id, lane)),
      more: this.#more.size,
    };
  }

  #slow(input: SlowInput): void {
    this.#slowest = [...this.#slowest, input].sort((a, b) => b.seconds - a.seconds).slice(0, MOST_SLOW);
    this.#least = this.#slowest[MOST_SLOW - 1]?.seconds ?? -1;
  }

  #lane(container: string): Busy | undefined {
    const known = this.#lanes.get(container);
    if (known !== undefined) return known;
    if (this.#lanes.size === MOST_LANES) {
      this.#more.add(container);
      return undefined;
    }
    const lane = { inputs: 0, seconds: new Float64Array(LANE_BINS), failed: new Set<number>() };
    this.#lanes.set(container, lane);
    return lane;
  }

  /** A batch's inputs ran one after the other, the last of them until the batch came. */
  #work(lane: Busy, { seconds, statuses }: Part, at: number): void {
    lane.inputs += seconds.length;
    let end = at;
    for (let position = seconds.length - 1; position >= 0; position--) {
      const begin = end - (seconds[position] ?? 0);
      this.#fill(lane.seconds, begin, end);
      const status = statuses[position];
      if (status === FAILED || status === TIMED_OUT) lane.failed.add(this.#bin(end));
      end = begin;
    }
  }

  #fill(busy: Float64Array, begin: number, end: number): void {
    for (let bin = this.#bin(begin); bin <= this.#bin(end); bin++) {
      const from = this.span.from + bin * this.#width;
      const overlap = Math.min(end, from + this.#width) - Math.max(begin, from);
      busy[bin] = (busy[bin] ?? 0) + Math.max(overlap, 0);
    }
  }

  #bin(at: number): number {
    return Math.min(LANE_BINS - 1, Math.max(0, Math.floor((at - this.span.from) / this.#width)));
  }

  #laneOf(container_id: string, { inputs, seconds, failed }: Busy): Lane {
    const digit = (busy: number): number => (busy <= 0 ? 0 : Math.min(9, Math.ceil((busy / this.#width) * 9 - 1e-9)));
    const busy = Array.from(seconds, digit).join('');
    return { container_id, inputs, busy, failed: [...failed].sort((a, b) => a - b) };
  }
}

/** Bin n holds durations from 10^(n/50) µs. */
export function durationBin(seconds: number): number {
  const micros = seconds * 1e6;
  return micros <= 1 ? 0 : Math.min(LAST_BIN, Math.floor(Math.log10(micros) * PER_DECADE));
}
