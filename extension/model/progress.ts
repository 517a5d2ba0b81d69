// How far a call is: segments of its bar, its pace over the last half minute and what follows from it. Pure, no clock.

import type { CallView } from '@farcall/kernel-bridge/notebook';

import type { StateWord } from './state';
import { finished, isFinal } from './state';

export interface Segment {
  readonly state: StateWord;
  readonly count: number;
  /** 0..1 of the whole bar. */
  readonly share: number;
}

/** Settled first, then what moves, then what waits; empty ones are left out. */
export function segments(call: Pick<CallView, 'counts' | 'inputs'>): readonly Segment[] {
  const { counts } = call;
  const parts: readonly (readonly [StateWord, number])[] = [
    ['succeeded', counts.succeeded],
    ['failed', counts.failed],
    ['timed out', counts.timed_out],
    ['cancelled', counts.cancelled],
    ['running', counts.running],
    ['retrying', counts.retrying],
    ['queued', counts.queued],
  ];
  const known = parts.reduce((sum, [, count]) => sum + count, 0);
  const whole = Math.max(1, call.inputs, known);
  return parts.filter(([, count]) => count > 0).map(([state, count]) => ({ state, count, share: count / whole }));
}

/** 0..1; 0 while the total is unknown. */
export function shareDone(call: CallView): number {
  if (!isTotalKnown(call)) return 0;
  return call.inputs === 0 ? 1 : Math.min(1, finished(call.counts) / call.inputs);
}

export function isTotalKnown(call: CallView): boolean {
  return call.sealed || isFinal(call);
}

export function elapsedSeconds(call: CallView, now: number): number | undefined {
  return call.created_at === 0 ? undefined : Math.max(0, (call.ended_at || now) - call.created_at);
}

/** Seconds to go at the given pace, or undefined when nobody can know. */
export function secondsLeft(call: CallView, perSecond: number): number | undefined {
  if (!isTotalKnown(call) || isFinal(call) || perSecond <= 0) return undefined;
  return Math.max(0, call.inputs - finished(call.counts)) / perSecond;
}

const WINDOW_S = 30;
const MIN_SPAN_S = 1;
const SPACING_S = 0.25;

/** Inputs a second over the last 30 s, from what was seen; at most 120 samples. */
export class Pace {
  #samples: { readonly at: number; readonly done: number }[] = [];

  see(at: number, done: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && at - last.at < SPACING_S) return;
    this.#samples.push({ at, done });
    const from = at - WINDOW_S;
    if ((this.#samples[0]?.at ?? at) < from) this.#samples = this.#samples.filter((sample) => sample.at >= from);
  }

  /** `fallback` speaks while too little was seen. */
  perSecond(fallback: number): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < MIN_SPAN_S) return fallback;
    return Math.max(0, (last.done - first.done) / (last.at - first.at));
  }
}
