// Watching: progress, rows, times, previews and output, for views and for people.

import type { BlobId, CallId } from '../ids.js';
import type { Bytes } from './bytes.js';
import type { CallSummary } from './calls.js';

/** Client → gateway. `progress` of this call follows, at most 10 a second and only when it changed, until `unwatch` or the end. */
export interface Watch {
  readonly type: 'watch';
  readonly call_id: CallId;
}
/** Client → gateway. */
export interface Unwatch {
  readonly type: 'unwatch';
  readonly call_id: CallId;
}
/** One group of equal failures. `examples` are up to three indexes. */
export interface FailureGroup {
  readonly kind: string;
  readonly message: string;
  /** `file:line` of the user's innermost frame, or empty. */
  readonly where: string;
  readonly count: number;
  readonly examples: readonly number[];
}
/** Gateway → client. The state of a watched call, whole. */
export interface Progress {
  readonly type: 'progress';
  readonly call: CallSummary;
  /** Outcomes per second over the last 30 s (or since the start). */
  readonly rate: number;
  /** Ready containers that may run it, and what they are, such as `3 × A100`. */
  readonly containers: number;
  readonly hardware: string;
  /** Why queued inputs do not run, in a sentence; empty when they do. */
  readonly waiting: string;
  /**
   * One letter per cell: q queued, y retrying, r running, s succeeded, f failed, c cancelled, t timed out; the worst of the cell.
   * A cell is `cell` inputs; at most 4,096 cells.
   */
  readonly cells: string;
  readonly cell: number;
  readonly failures: readonly FailureGroup[];
}
/** Client → gateway. A page of a call's inputs for a table. Answered by `inputs.rows`. */
export interface InputsList {
  readonly type: 'inputs.list';
  readonly request: number;
  readonly call_id: CallId;
  /** Input states to list; empty: all. */
  readonly states: readonly number[];
  readonly first: number;
  readonly limit: number;
}
/** One input, for a table or a drawer. `since`: Unix seconds at which the state began, 0 if unknown. */
export interface InputRow {
  readonly index: number;
  readonly state: number;
  readonly attempt: number;
  readonly seconds: number;
  readonly container_id: string;
  readonly since: number;
  /** `Type: message` of a failure, first line, at most 200 characters. */
  readonly error: string;
  /** Of a failure: the exception's whole type, and the user's line, `file:line`. Failures with the same two are one group. */
  readonly kind?: string;
  readonly where?: string;
}
/** Gateway → client. Answers `inputs.list`; `next` is the index to go on from, or -1. */
export interface InputsRows {
  readonly type: 'inputs.rows';
  readonly request: number;
  readonly rows: readonly InputRow[];
  readonly next: number;
}
/** Client → gateway. How long a call's inputs took, and when its containers worked, so far. Answered by `timing.state`. */
export interface TimingAsk {
  readonly type: 'timing.ask';
  readonly request: number;
  readonly call_id: CallId;
}
/** One of the inputs that took longest. */
export interface SlowInput {
  readonly index: number;
  readonly state: number;
  readonly seconds: number;
}
/** One container's work for a call, in bins of time: a digit a bin, ninths of it, 0 only for none; `failed`: bins in which an input failed. */
export interface Lane {
  readonly container_id: string;
  readonly inputs: number;
  readonly busy: string;
  readonly failed: readonly number[];
}
/** Gateway → client. Answers `timing.ask`: a few hundred numbers, whatever the size of the call. */
export interface TimingState {
  readonly type: 'timing.state';
  readonly request: number;
  /** u32 per bin, from bin `first` on: inputs that took from 10^(n/50) µs to below 10^((n+1)/50) µs. */
  readonly durations: Bytes;
  readonly first: number;
  /** The longest first, at most ten. */
  readonly slowest: readonly SlowInput[];
  /** Unix seconds at which the first bin of every lane begins, and the seconds of a bin. */
  readonly began: number;
  readonly width: number;
  /** At most 24, in the order in which they came. */
  readonly lanes: readonly Lane[];
  /** Containers beyond those. */
  readonly more: number;
}
/**
 * Client → gateway → a container, which is brought up if none is. Shows an argument or a result as text; views never unpickle.
 * Answered by `preview.made`.
 */
export interface PreviewAsk {
  readonly type: 'preview.ask';
  readonly request: number;
  readonly call_id: CallId;
  readonly index: number;
  readonly what: 'arguments' | 'result';
}
/** Gateway → container. The payload is the pickle to show. */
export interface PreviewMake {
  readonly type: 'preview.make';
  readonly request: number;
  readonly what: 'arguments' | 'result';
  readonly call_id: CallId;
  readonly blob?: BlobId;
}
/** Container → gateway → client. A MIME bundle, text capped at 16 KiB. */
export interface PreviewMade {
  readonly type: 'preview.made';
  readonly request: number;
  readonly bundle: Readonly<Record<string, string>>;
}
/** Client → gateway. What an input (or, with index -1, the whole call) printed. Answered by `output.page`. */
export interface OutputRead {
  readonly type: 'output.read';
  readonly request: number;
  readonly call_id: CallId;
  readonly index: number;
  /** From this byte; at most 256 KiB come back. */
  readonly offset: number;
}
/** Gateway → client. Payload: UTF-8 text. `next` is the offset to go on from, -1 at the end of a final call whose output is all here. */
export interface OutputPage {
  readonly type: 'output.page';
  readonly request: number;
  readonly next: number;
}
/**
 * Gateway → an attached client that wants output. Payload: text an input printed, each byte once; none: text is on its way, and comes
 * before `call.ended`. index -1: no input's.
 */
export interface Output {
  readonly type: 'output';
  readonly call_id: CallId;
  readonly index: number;
  readonly stream: 'stdout' | 'stderr';
}

export type WatchingMessage =
  | Watch
  | Unwatch
  | Progress
  | InputsList
  | InputsRows
  | TimingAsk
  | TimingState
  | PreviewAsk
  | PreviewMake
  | PreviewMade
  | OutputRead
  | OutputPage
  | Output;
