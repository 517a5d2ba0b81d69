// The durable seam. A group is written whole or not at all; `append` resolves once it is committed, in the order of
// calls. Reads see everything committed before they were asked. Bytes handed in must not be changed afterwards.

import type {
  BlobId,
  CallId,
  CallSummary,
  Counts,
  EnvironmentPut,
  FailureSummary,
  FunctionId,
  FunctionSpec,
  OutputSpan,
  Parent,
} from '@farcall/kernel-bridge/wire';

import type { AppOperation, AppRow } from './apps.js';
import type { ObjectOperation, ObjectStore } from './objects.js';
import type { ScalingRow } from './scaling.js';

/** Bytes of one payload: here, or in a blob. */
export type Stored = { readonly bytes: Uint8Array } | { readonly blob: BlobId };

/** One row of the calls table; `counts` are derived, never stored. */
export interface CallRow extends Omit<CallSummary, 'counts' | 'app' | 'name' | 'is_generator' | 'pool'> {
  readonly on_failure: 'continue' | 'stop_after' | 'stop_all';
  readonly on_owner_lost: 'finish' | 'cancel';
  readonly client: string;
  readonly bindings: Readonly<Record<string, FunctionId>>;
  readonly sources: Readonly<Record<string, string>>;
  /** Derived calls: u32 per input, its index in `base`. */
  readonly indexes?: Uint8Array;
  /** Trace context for what its inputs do. */
  readonly traceparent?: string;
  /** Of a class: the method its inputs are for, as in `call.open`. */
  readonly method?: string;
  /** Whose it is; absent: the home's owner's. */
  readonly person?: string;
  /** Outcomes so far. */
  readonly seq: number;
}
export interface FunctionRow {
  readonly function_id: FunctionId;
  readonly environment: EnvironmentPut;
  readonly spec: FunctionSpec;
}
/** Consecutive inputs; `lengths` is u32 per input, IN_BLOB entries are named in `blobs`. */
export interface ChunkRow {
  readonly call_id: CallId;
  readonly first: number;
  readonly count: number;
  readonly lengths: Uint8Array;
  readonly blobs: readonly BlobId[];
  readonly payload: Uint8Array;
}
/** Outcomes `seq` … `seq + count` of a call, as they came from one container. Tables as in `outcomes`. */
export interface OutcomeRow {
  readonly call_id: CallId;
  readonly seq: number;
  readonly count: number;
  readonly container_id: string;
  readonly indexes: Uint8Array;
  readonly statuses: Uint8Array;
  readonly attempts: Uint8Array;
  readonly seconds: Uint8Array;
  readonly lengths: Uint8Array;
  readonly blobs: readonly BlobId[];
  readonly failures: readonly FailureSummary[];
  readonly spans: readonly OutputSpan[];
  /** When the batch came, Unix seconds; absent in rows of older gateways. */
  readonly at?: number;
  readonly payload: Uint8Array;
}
/**
 * Outcomes of stretches of inputs that share one status and one failure payload; `seq` counts through the ranges in
 * order.
 */
export interface SettledRow {
  readonly call_id: CallId;
  readonly seq: number;
  readonly ranges: readonly (readonly [first: number, count: number])[];
  readonly attempts: readonly number[];
  readonly status: number;
  readonly failure: FailureSummary;
  readonly payload: Uint8Array;
}
export interface ContainerRow {
  readonly container_id: string;
  readonly function_id: FunctionId;
  /** sha256 of its session key, hex; empty until it said hello. */
  readonly key_hash: string;
  readonly gone: boolean;
}

export type Operation =
  | { readonly put: 'function'; readonly row: FunctionRow; readonly code: Stored }
  | { readonly put: 'call'; readonly row: CallRow; readonly shared: Stored }
  /** Replaces state, inputs, sealed, attached and times of a call. */
  | {
      readonly put: 'state';
      readonly row: Pick<
        CallRow,
        'call_id' | 'state' | 'inputs' | 'sealed' | 'attached' | 'seq' | 'started_at' | 'ended_at'
      >;
    }
  | { readonly put: 'chunk'; readonly row: ChunkRow }
  | { readonly put: 'outcomes'; readonly row: OutcomeRow }
  | { readonly put: 'settled'; readonly row: SettledRow }
  | { readonly put: 'attempt'; readonly call_id: CallId; readonly index: number; readonly attempt: number }
  | { readonly put: 'container'; readonly row: ContainerRow }
  | ObjectOperation
  | AppOperation;

/** What a restart begins with. Counts and runs are rebuilt from the outcome rows by the store. */
export interface Restored {
  readonly functions: readonly FunctionRow[];
  /** Calls that are not final, each with its settled stretches and known attempts. */
  readonly calls: readonly RestoredCall[];
  readonly containers: readonly ContainerRow[];
}
export interface RestoredCall {
  readonly row: CallRow;
  /** Its inputs opened calls that are still here. */
  readonly hasChildren: boolean;
  readonly settled: readonly { readonly first: number; readonly count: number; readonly status: number }[];
  readonly attempts: ReadonlyMap<number, number>;
}

/** A call as it is found again. Its `counts` know only final inputs: the rest of `inputs` is `queued`. */
export interface StoredCall {
  readonly row: CallRow;
  readonly counts: Counts;
  /** Its payloads are gone (inputs, shared values, outcomes); rows and tables are still there. */
  readonly expired: boolean;
  /** Its inputs opened calls that are still here. */
  readonly hasChildren: boolean;
}
/** A call that an input of another one opened, as graphs see it. `place`: calls in the order in which they were opened. */
export interface NestedCall extends Pick<
  CallRow,
  'call_id' | 'function_id' | 'method' | 'state' | 'inputs' | 'created_at' | 'started_at' | 'ended_at'
> {
  readonly place: number;
  readonly parent: Parent;
  readonly counts: Counts;
}
/** Inputs [first, first + count) of one call. */
export interface SomeInputs {
  readonly call: CallId;
  readonly first: number;
  readonly count: number;
}
/** What they opened, one parent input after the other; `asked`: which of what was asked for. */
export type Child = NestedCall & { readonly asked: number };
/** tables: rows without their payload bytes; cheaper, and there even when the payloads are expired. */
export type Part = 'whole' | 'tables';
/** What retention may keep. Only final calls go, never one whose inputs an open call runs again. */
export interface Keep {
  /** Calls that ended longer ago are deleted. */
  readonly olderThanMs: number;
  /** Payload bytes beyond this are deleted, calls read longest ago first. */
  readonly budgetBytes: number;
  /** Blobs that no row names and that are wanted all the same. */
  readonly blobs?: readonly BlobId[];
}
export interface Expired {
  readonly deleted: readonly CallId[];
  readonly emptied: readonly CallId[];
  /** Payload bytes that are left. */
  readonly bytes: number;
}

/** A copy of a store: files, the one of rows included, and their bytes. */
export interface Copied {
  readonly files: number;
  readonly bytes: number;
}

export interface Store extends AsyncDisposable {
  /** Six characters, made once with the store. */
  readonly id: string;
  /** This store file's incarnation. */
  readonly epoch: string;
  /** Dicts and queues. */
  readonly objects: ObjectStore;
  /**
   * Resolves when the operations are durable. Groups commit in the order of calls. Rejects with StoreFull when the
   * disk is nearly full and the group brings something new (a function, a call, a chunk); what running work needs is
   * written as long as there is any room.
   */
  append(group: readonly Operation[]): Promise<void>;
  load(): Promise<Restored>;
  /** What is deployed. */
  apps(): Promise<readonly AppRow[]>;
  /** What was scaled by hand, by app and name. */
  scaling(): Promise<readonly ScalingRow[]>;
  /** A function's code, or a call's shared payload; undefined if unknown or expired. */
  payload(of: 'function' | 'call', id: string): Promise<Stored | undefined>;
  call(id: CallId): Promise<StoredCall | undefined>;
  /** The newest first; their rows come without `indexes`. */
  calls(limit: number): Promise<readonly StoredCall[]>;
  /**
   * Chunks that overlap [first, first + count), in order. Derived calls hold none: ask for their base's. Rejects with
   * StoreExpired.
   */
  chunks(call: CallId, first: number, count: number): Promise<readonly ChunkRow[]>;
  /**
   * Rows whose outcomes lie in [seq, seq + count), in commit order; whole ones only as far as 8 MiB of payload go (at
   * least one row), so ask again from where they end. Whole ones reject with StoreExpired once the payloads are gone.
   */
  outcomes(call: CallId, seq: number, count: number, part?: Part): Promise<readonly (OutcomeRow | SettledRow)[]>;
  /** Rows that hold an outcome of an input in [first, first + count), in commit order. Expiry as in `outcomes`. */
  outcomesOf(call: CallId, first: number, count: number, part?: Part): Promise<readonly (OutcomeRow | SettledRow)[]>;
  /** Rows that hold an outcome of any of these inputs, as tables and in no order. */
  outcomesIn(of: readonly SomeInputs[]): Promise<readonly (OutcomeRow | SettledRow)[]>;
  /** The topmost call above this one that is still there; itself when no other one opened it. */
  root(call: CallId): Promise<StoredCall | undefined>;
  /** Calls that these inputs opened, by input, then by place; of the first input only those behind place `after`. */
  children(of: readonly SomeInputs[], after: number, limit: number): Promise<readonly Child[]>;
  /** Calls behind place `after` with the same root, by place, as far as their parents are still there. */
  beneath(root: CallId, after: number, limit: number): Promise<readonly NestedCall[]>;
  /** How many those are, all told. */
  countBeneath(root: CallId): Promise<number>;
  /** Something that stands for the tree of each of these calls, as far as they are here: equal for calls of one tree. */
  roots(calls: readonly CallId[]): Promise<readonly number[]>;
  /** Deletes what need not be kept, with its files and blobs. For a timer: once at the start, then every hour. */
  expire(keep: Keep): Promise<Expired>;
  /** All that is committed, with its payloads, into a folder that is not there yet. Stores without files have none. */
  copy?(folder: string): Promise<Copied>;
  /** Payload bytes of all calls. */
  sizes?(): Promise<{ readonly payloads: number }>;
}
