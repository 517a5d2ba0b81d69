// Calls: opened, filled with inputs, sealed, cancelled; and what they are, in short.

import type { CallState } from '../codes.js';
import type { BlobId, CallId, FunctionId } from '../ids.js';
import type { Bytes } from './bytes.js';

/** The running input that opens a call from inside a container. */
export interface Parent {
  readonly call_id: CallId;
  readonly index: number;
}
/** Client → gateway. Opens a call under an id the client made; again = no-op. Payload: captured values and `kwargs`, given to every input. */
export interface CallOpen {
  readonly type: 'call.open';
  readonly request: number;
  readonly call_id: CallId;
  readonly function_id: FunctionId;
  readonly kind: 'remote' | 'map' | 'spawn' | 'spawn_map';
  /** stop_after: a final failure at i cancels inputs after i. stop_all: cancels all others. */
  readonly on_failure: 'continue' | 'stop_after' | 'stop_all';
  /** Whether the call lives with its client (60 s after it is lost: see on_owner_lost) or on its own. */
  readonly attached: boolean;
  readonly on_owner_lost: 'finish' | 'cancel';
  readonly parent?: Parent;
  /** What other functions' names mean inside this call: `app/name` → version. */
  readonly bindings: Readonly<Record<string, FunctionId>>;
  /** Cell text, as Python's linecache wants it, so that tracebacks show today's lines: file name → source. */
  readonly sources: Readonly<Record<string, string>>;
  /** What a person calls it in a list: notebook name or script, and the cell. */
  readonly origin: string;
  readonly blob?: BlobId;
  /** W3C trace context of whoever opens it, for those who collect traces. */
  readonly traceparent?: string;
  /** Of a class: which method its inputs are for; with a `*` behind it where that one yields values. */
  readonly method?: string;
}
/** Gateway → client. The call is durable. */
export interface CallAccepted {
  readonly type: 'call.accepted';
  readonly request: number;
  readonly call_id: CallId;
}
/** Client → gateway. A chunk of consecutive inputs of an open call; its payload is their pickles, back to back, but for those in blobs. */
export interface InputsPut {
  readonly type: 'inputs.put';
  readonly call_id: CallId;
  readonly first: number;
  readonly count: number;
  /** u32 per input: payload bytes, or IN_BLOB. */
  readonly lengths: Bytes;
  readonly blobs?: readonly BlobId[];
}
/** Gateway → client. Inputs below `through` are durable; gives their credit back. */
export interface InputsAccepted {
  readonly type: 'inputs.accepted';
  readonly call_id: CallId;
  readonly through: number;
}
/** Client → gateway. No input comes after `count`. Answered by `call.sealed`. */
export interface CallSeal {
  readonly type: 'call.seal';
  readonly call_id: CallId;
  readonly count: number;
}
/** Gateway → client. The seal is durable. */
export interface CallSealed {
  readonly type: 'call.sealed';
  readonly call_id: CallId;
  readonly count: number;
}
/** Client → gateway. all: queued and running. queued: only what no container holds. Late or repeated is fine. Answered by `call.cancelled`. */
export interface CallCancel {
  readonly type: 'call.cancel';
  readonly request: number;
  readonly call_id: CallId;
  readonly scope: 'all' | 'queued';
  readonly terminate: boolean;
}
/** Gateway → client. The cancel is durable; its outcomes follow on the stream. */
export interface CallCancelled {
  readonly type: 'call.cancelled';
  readonly request: number;
  readonly call_id: CallId;
}
/** Client → gateway. The call goes on without its client. */
export interface CallDetach {
  readonly type: 'call.detach';
  readonly call_id: CallId;
}
/**
 * Client → gateway. A new call over inputs that another call stored, run by `function_id`; index i of it is input indexes[i] of `base`.
 * Sealed from the start. Payload: as in `call.open`. Answered by `call.accepted`.
 */
export interface CallDerive {
  readonly type: 'call.derive';
  readonly request: number;
  readonly call_id: CallId;
  readonly base: CallId;
  /** u32 per input: its index in `base`. Empty: all that did not succeed, in order. */
  readonly indexes: Bytes;
  /** Empty: the version that ran `base`, with its bindings, sources, method and payload. */
  readonly function_id: FunctionId | '';
  readonly on_failure: 'continue' | 'stop_after' | 'stop_all';
  readonly attached: boolean;
  readonly bindings: Readonly<Record<string, FunctionId>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly origin: string;
  readonly blob?: BlobId;
  /** W3C trace context of whoever opens it, for those who collect traces. */
  readonly traceparent?: string;
  /** Of a class: which method its inputs are for; with a `*` behind it where that one yields values. */
  readonly method?: string;
}
/** Client → gateway. Answered by `call.info`. */
export interface CallAsk {
  readonly type: 'call.ask';
  readonly request: number;
  readonly call_id: CallId;
}
/** Client → gateway. The newest calls first, at most `limit`. Answered by `call.listing`. */
export interface CallList {
  readonly type: 'call.list';
  readonly request: number;
  readonly limit: number;
}
/** How many inputs are in each state; `retrying` counts queued inputs that already ran. */
export interface Counts {
  readonly queued: number;
  readonly retrying: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly timed_out: number;
}
/** What is known of a call, without its values. Times are Unix seconds; 0 = not yet. */
export interface CallSummary {
  readonly call_id: CallId;
  readonly function_id: FunctionId;
  readonly app: string;
  readonly name: string;
  readonly kind: 'remote' | 'map' | 'spawn' | 'spawn_map';
  readonly state: CallState;
  /** Inputs accepted so far; the total once sealed. */
  readonly inputs: number;
  readonly sealed: boolean;
  readonly attached: boolean;
  readonly is_generator: boolean;
  readonly counts: Counts;
  readonly created_at: number;
  readonly started_at: number;
  readonly ended_at: number;
  readonly origin: string;
  /** The call whose inputs this one runs again. */
  readonly base?: CallId;
  readonly parent?: Parent;
  /** Of a method, whose `name` is `Class.method`: the name that its class has here, which tells instances apart. */
  readonly pool?: string;
  /** Its inputs opened calls. */
  readonly has_children?: boolean;
}
/** Gateway → client. Answers `call.ask`. For a derived call the payload is its u32 index table. */
export interface CallInfo {
  readonly type: 'call.info';
  readonly request: number;
  readonly call: CallSummary;
}
/** Gateway → client. Answers `call.list`. */
export interface CallListing {
  readonly type: 'call.listing';
  readonly request: number;
  readonly calls: readonly CallSummary[];
}
/** Client → gateway. Streams the call's outcomes in commit order, from position `after`, until `call.release`. */
export interface CallAttach {
  readonly type: 'call.attach';
  readonly call_id: CallId;
  readonly after: number;
  /** Whether `output` (the inputs' stdout and stderr) is wanted as well. */
  readonly output: boolean;
}
/** Client → gateway. Ends the stream of this call. */
export interface CallRelease {
  readonly type: 'call.release';
  readonly call_id: CallId;
}

export type CallMessage =
  | CallOpen
  | CallAccepted
  | InputsPut
  | InputsAccepted
  | CallSeal
  | CallSealed
  | CallCancel
  | CallCancelled
  | CallDetach
  | CallDerive
  | CallAsk
  | CallList
  | CallInfo
  | CallListing
  | CallAttach
  | CallRelease;
