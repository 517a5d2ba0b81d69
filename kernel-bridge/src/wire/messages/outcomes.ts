// Outcomes and items: streamed to who attached, and read again by index.

import type { CallState } from '../codes.js';
import type { BlobId, CallId } from '../ids.js';
import type { Bytes } from './bytes.js';

/**
 * Gateway → client. The next outcomes of an attached call, positions `seq` … `seq + count`. Payloads over 4 KiB are not in it: their length is
 * IN_BLOB (there are no `blobs` here) and `outcomes.read` brings them. A failed outcome's payload is a Failure (PROTOCOL.md §4).
 */
export interface Outcomes {
  readonly type: 'outcomes';
  readonly call_id: CallId;
  readonly epoch: string;
  readonly seq: number;
  readonly count: number;
  /** u32 */
  readonly indexes: Bytes;
  /** u8: an input state */
  readonly statuses: Bytes;
  /** u32 */
  readonly attempts: Bytes;
  /** f32: seconds of the last attempt */
  readonly seconds: Bytes;
  /** u32 */
  readonly lengths: Bytes;
}
/** Client → gateway. Outcomes below `through` are taken; at most 65,536 outcomes or 8 MiB travel untaken. */
export interface OutcomesTaken {
  readonly type: 'outcomes.taken';
  readonly call_id: CallId;
  readonly through: number;
}
/** Gateway → client. The attached call reached a final state, after its last outcome and the `output` that outcomes are known to have. */
export interface CallEnded {
  readonly type: 'call.ended';
  readonly call_id: CallId;
  readonly state: CallState;
  /** The final number of inputs. */
  readonly count: number;
  /** Outcomes in the stream, all told. */
  readonly seq: number;
}
/** Client → gateway. Reads stored outcomes by index, whole. Answered by `outcomes.page`. */
export interface OutcomesRead {
  readonly type: 'outcomes.read';
  readonly request: number;
  readonly call_id: CallId;
  readonly first: number;
  readonly count: number;
}
/** Gateway → client. As many of the asked outcomes, in index order, as are final and fit 1 MiB (at least one); ask again from the next index. */
export interface OutcomesPage {
  readonly type: 'outcomes.page';
  readonly request: number;
  readonly call_id: CallId;
  readonly indexes: Bytes;
  readonly statuses: Bytes;
  readonly attempts: Bytes;
  readonly seconds: Bytes;
  readonly lengths: Bytes;
  readonly blobs?: readonly BlobId[];
}
/** Client → gateway. Reads stored inputs by index. Answered by `inputs.page`. */
export interface InputsRead {
  readonly type: 'inputs.read';
  readonly request: number;
  readonly call_id: CallId;
  readonly first: number;
  readonly count: number;
}
/** Gateway → client. Consecutive inputs from `first`; fewer than asked when 1 MiB is full. */
export interface InputsPage {
  readonly type: 'inputs.page';
  readonly request: number;
  readonly call_id: CallId;
  readonly first: number;
  readonly count: number;
  readonly lengths: Bytes;
  readonly blobs?: readonly BlobId[];
}
/** Container → gateway, and on to an attached client. Values a generator input yielded, item numbers `first` …; payloads back to back. */
export interface Items {
  readonly type: 'items';
  readonly call_id: CallId;
  readonly index: number;
  readonly attempt: number;
  readonly first: number;
  readonly lengths: Bytes;
  readonly blobs?: readonly BlobId[];
}
/** Client → gateway, and on to the container. Items of this input below `through` are taken; the generator pauses 64 items or 8 MiB ahead. 0: send again what is not taken; the gateway says it when a reader attaches. */
export interface ItemsTaken {
  readonly type: 'items.taken';
  readonly call_id: CallId;
  readonly index: number;
  readonly through: number;
}

export type OutcomeMessage =
  Outcomes | OutcomesTaken | CallEnded | OutcomesRead | OutcomesPage | InputsRead | InputsPage | Items | ItemsTaken;
