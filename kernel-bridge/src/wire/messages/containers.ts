// Containers: the code and calls they are given, the leases they hold, the outcomes they bring.

import type { FailureCode } from '../codes.js';
import type { BlobId, CallId, ContainerId, FunctionId } from '../ids.js';
import type { Bytes } from './bytes.js';
import type { FunctionSpec } from './functions.js';

/** Gateway → container. The code it runs; sent once, after `welcome`. Payload: the pickled code. */
export interface FunctionLoad {
  readonly type: 'function.load';
  readonly function_id: FunctionId;
  readonly spec: FunctionSpec;
  readonly blob?: BlobId;
}
/** Container → gateway. The code is loaded and inputs may come; or it is not, and `failed_start` explains. */
export interface ContainerReady {
  readonly type: 'container.ready';
  readonly container_id: ContainerId;
}
/** Container → gateway. The code cannot be loaded: the payload is a Failure. The container leaves by itself. */
export interface ContainerBroken {
  readonly type: 'container.broken';
  readonly container_id: ContainerId;
}
/** Gateway → container. What all inputs of a call share; before its first lease there. Payload: as in `call.open`. */
export interface CallLoad {
  readonly type: 'call.load';
  readonly call_id: CallId;
  readonly bindings: Readonly<Record<string, FunctionId>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly blob?: BlobId;
  /** W3C trace context for what its inputs do. */
  readonly traceparent?: string;
}
/** Gateway → container. The call will not come back here; its shared values may go. */
export interface CallForget {
  readonly type: 'call.forget';
  readonly call_id: CallId;
}
/** Gateway → container. Run inputs [first, first + count) of a call, one after the other. `lease` counts up per container. */
export interface InputsRun {
  readonly type: 'inputs.run';
  readonly lease: number;
  readonly call_id: CallId;
  readonly first: number;
  readonly count: number;
  readonly attempt: number;
  readonly lengths: Bytes;
  readonly blobs?: readonly BlobId[];
}
/** A failed outcome in short, so that views can group without unpickling. `where`: `file:line` of the user's innermost frame. */
export interface FailureSummary {
  readonly index: number;
  readonly code: FailureCode;
  readonly kind: string;
  readonly message: string;
  readonly where: string;
}
/** [index, stream (1 out, 2 err), start, end]: bytes of the container's output files that one input wrote. Only non-empty ones. */
export type OutputSpan = readonly [number, number, number, number];
/** Container → gateway. Outcomes of one lease, in the order they came about. Kept by the container until `outcomes.acknowledged`. */
export interface OutcomesPut {
  readonly type: 'outcomes.put';
  /** Counts up from 1 per container. */
  readonly seq: number;
  readonly lease: number;
  readonly call_id: CallId;
  readonly indexes: Bytes;
  readonly statuses: Bytes;
  readonly attempt: number;
  readonly seconds: Bytes;
  readonly lengths: Bytes;
  readonly blobs?: readonly BlobId[];
  readonly failures?: readonly FailureSummary[];
  readonly spans?: readonly OutputSpan[];
  /** Nothing of this lease is left here: all was run, or skipped because it was revoked or cancelled. */
  readonly ended: boolean;
}
/** Gateway → container. Batches up to `through` are committed (or known already) and may be forgotten. */
export interface OutcomesAcknowledged {
  readonly type: 'outcomes.acknowledged';
  readonly through: number;
}
/** Container → gateway. Its input waits for a call of its own (`waiting`), or goes on. Answered, when it begins, by `leases.revoked`. One that runs several: all of them wait. */
export interface ContainerWaiting {
  readonly type: 'container.waiting';
  readonly waiting: boolean;
  /** Of several: it stands still, and has begun nothing of leases after this one. Only this is answered. */
  readonly newest?: number;
}
/** Gateway → container. All unstarted inputs of leases up to `through` are given to others; only the running input is kept. */
export interface LeasesRevoked {
  readonly type: 'leases.revoked';
  readonly through: number;
}
/** Gateway → container. Finish what is held, then leave. */
export interface Drain {
  readonly type: 'drain';
}

export type ContainerMessage =
  | FunctionLoad
  | ContainerReady
  | ContainerBroken
  | CallLoad
  | CallForget
  | InputsRun
  | OutcomesPut
  | OutcomesAcknowledged
  | ContainerWaiting
  | LeasesRevoked
  | Drain;
