// Apps: functions under names that any client may ask for. A deployed app stays; a running one goes with its client.

import type { BlobId, FunctionId } from '../ids.js';
import type { Bytes } from './bytes.js';

/** When a function starts by itself. */
export interface Schedule {
  /** period: every so many months and seconds, counted from when it was put; cron: as the expression says. */
  readonly kind: 'period' | 'cron';
  readonly months: number;
  readonly seconds: number;
  /** minute, hour, day of month, month, day of week. */
  readonly expression: string;
  readonly timezone: string;
  /** Arguments of an input without any, pickled, in base64. */
  readonly input: string;
}
/** What a caller needs who knows a function by its name only; its captured values are a payload. */
export interface NamedFunction {
  readonly name: string;
  readonly function_id: FunctionId;
  readonly is_generator: boolean;
  readonly is_async: boolean;
  /** Name, kind (Python's `inspect.Parameter.kind`) and whether it has a default, of each parameter. */
  readonly parameters: ReadonlyArray<readonly [name: string, kind: number, optional: boolean]>;
  /** As in `call.open`. */
  readonly bindings: Readonly<Record<string, FunctionId>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly schedule?: Schedule;
  /** Of a class: its pickled methods and parameters, in base64. */
  readonly schema?: string;
}
/** A function of an app, for lists. */
export interface NamedSummary {
  readonly name: string;
  readonly function_id: FunctionId;
  /** In words; empty: none. */
  readonly schedule: string;
  /** When it starts next, Unix seconds; 0: never. */
  readonly next_at: number;
}
export interface AppSummary {
  readonly app: string;
  /** running: its names go with the client that put them. */
  readonly state: 'deployed' | 'running';
  /** When it was deployed, or first put, Unix seconds. */
  readonly since: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly functions: readonly NamedSummary[];
}

/**
 * Client → gateway. Gives functions names, after their `function.put`. `deploys`: from now on these, and no others, are
 * the app's, durably. Otherwise the names live as long as the client, which says them again when it comes back; a name
 * that is deployed means what was deployed. Payload: what the inputs of each function share (as of `call.open`), back to
 * back.
 */
export interface AppPut {
  readonly type: 'app.put';
  readonly request: number;
  readonly app: string;
  readonly deploys: boolean;
  /** When the client began to run it, Unix seconds: periods count from here. */
  readonly since: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly functions: readonly NamedFunction[];
  /** u32 per function; IN_BLOB entries are named in `blobs`. */
  readonly lengths: Bytes;
  readonly blobs?: readonly BlobId[];
}
/** Gateway → client. The names are known; durably where they were deployed. */
export interface AppAccepted {
  readonly type: 'app.accepted';
  readonly request: number;
  readonly app: string;
}
/** Client → gateway. The client runs this app no longer: its names, and the schedules that came with them, go. */
export interface AppLeave {
  readonly type: 'app.leave';
  readonly app: string;
}
/** Client → gateway. Ends the app for everybody: names, schedules, calls, containers. */
export interface AppStop {
  readonly type: 'app.stop';
  readonly request: number;
  readonly app: string;
}
/** Gateway → client. Durable. */
export interface AppStopped {
  readonly type: 'app.stopped';
  readonly request: number;
  /** Whether there was such an app. */
  readonly known: boolean;
  /** Calls that were cancelled. */
  readonly calls: number;
}
/** Client → gateway. Asks for the apps that are deployed or run. */
export interface AppList {
  readonly type: 'app.list';
  readonly request: number;
}
/** Gateway → client. */
export interface AppListing {
  readonly type: 'app.listing';
  readonly request: number;
  readonly apps: readonly AppSummary[];
}
/** Client → gateway. Asks what a name means now; the asker is told by `function.moved` when that changes. */
export interface FunctionFind {
  readonly type: 'function.find';
  readonly request: number;
  readonly app: string;
  readonly name: string;
}
/** Gateway → client. Payload: what its inputs share, unless that is in `blob`. */
export interface FunctionFound {
  readonly type: 'function.found';
  readonly request: number;
  /** Absent: there is no such name. */
  readonly function?: NamedFunction;
  readonly blob?: BlobId;
  /** Where there is no such name: those of the app; where there is no such app: those of the apps. */
  readonly app_known?: boolean;
  readonly names?: readonly string[];
}
/** Gateway → client. What the client found under this name is out of date. */
export interface FunctionMoved {
  readonly type: 'function.moved';
  readonly app: string;
  readonly name: string;
}
/**
 * Client → gateway. Makes a version known that is another one's code with other options. `changes` are fields of
 * FunctionSpec; `hidden` replaces the secrets, `shown` the other variables. Answered by `function.accepted`.
 */
export interface FunctionVary {
  readonly type: 'function.vary';
  readonly request: number;
  readonly of: FunctionId;
  readonly function_id: FunctionId;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly hidden?: Readonly<Record<string, string>>;
  readonly shown?: Readonly<Record<string, string>>;
}

export type AppMessage =
  | AppPut
  | AppAccepted
  | AppLeave
  | AppStop
  | AppStopped
  | AppList
  | AppListing
  | FunctionFind
  | FunctionFound
  | FunctionMoved
  | FunctionVary;
