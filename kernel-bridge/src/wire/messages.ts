// The gateway protocol, as data. One interface a message; its doc comment says who sends it to whom and when.
// farcall/wire/messages.py mirrors this file in the same order; PROTOCOL.md explains each; test/vectors/ proves them.
//
// `Bytes` fields are little-endian tables (u8, u32 or f32 per entry), so nothing here is an object per input.
// A message's payload travels behind its header in the frame. `request` is chosen by the asker and echoed.

import type { CallState, ContainerState, FailureCode, RefusalCode } from './codes.js';
import type { BlobId, CallId, ContainerId, EnvironmentId, FunctionId } from './ids.js';

export type Bytes = Uint8Array;

// ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Anyone → gateway. The first message on every connection. */
export interface Hello {
  readonly type: 'hello';
  readonly role: 'client' | 'container' | 'supervisor';
  /** ClientId, ContainerId or HostId, by role. The same id again continues (and replaces) the earlier connection. */
  readonly id: string;
  /** Lowest and highest protocol version this side speaks. */
  readonly protocol: readonly [number, number];
  /** Version of the package `farcall`. */
  readonly version: string;
  /** `major.minor.patch` */
  readonly python: string;
  /** Container: the leases it still holds, as [lease, first unfinished index]. */
  readonly held?: readonly (readonly [number, number])[];
}
/** Gateway → anyone. Answers `hello`. */
export interface Welcome {
  readonly type: 'welcome';
  readonly protocol: number;
  readonly version: string;
  /** Six characters, inside every call id of this store. */
  readonly store: string;
  /** The store's incarnation; a client that sees another one reads its calls again from the start. */
  readonly epoch: string;
  /** Container: replaces its single-use token on later connections. */
  readonly key?: string;
  /** On the same host: where blobs are written and read as files. Else they go by HTTP `PUT/GET /blobs/<id>`. */
  readonly blobs?: string;
}
/** Gateway → anyone. A request could not be done; without `request` it speaks of the connection as a whole. */
export interface Failed {
  readonly type: 'failed';
  readonly request?: number;
  readonly call_id?: CallId;
  readonly code: RefusalCode;
  readonly message: string;
}
/** Gateway → anyone. It is draining; the socket closes soon, come back after `after_ms`. */
export interface Goaway {
  readonly type: 'goaway';
  readonly after_ms: number;
}
/** Either way, when nothing else was sent for 5 s; answered with `pong`. A supervisor ships what was printed when it gets one. */
export interface Ping {
  readonly type: 'ping';
}
/** Either way. Answers `ping`. */
export interface Pong {
  readonly type: 'pong';
}

// ── functions ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Client → gateway. Where a function's containers run: interpreter, folder, variables. Sent before its first function. */
export interface EnvironmentPut {
  readonly type: 'environment.put';
  readonly environment_id: EnvironmentId;
  /** The interpreter, as a path on the client's host; only a gateway on the same host uses it. */
  readonly executable: string;
  readonly python: string;
  readonly cwd: string;
  readonly path: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}
/** What a function asks for. Absent = the default of api.md §1. Times in seconds, memory in MiB. */
export interface FunctionSpec {
  readonly app: string;
  readonly name: string;
  readonly is_generator: boolean;
  readonly is_async: boolean;
  readonly timeout: number;
  readonly startup_timeout: number;
  readonly max_retries: number;
  readonly initial_delay: number;
  readonly backoff: number;
  readonly max_delay: number;
  readonly cpu: number;
  readonly memory: number;
  /** Ranked choices such as `["H100:2", "A100"]`; `""` as the last one means "else without". Empty: none. */
  readonly gpu: readonly string[];
  readonly min_containers: number;
  readonly max_containers: number;
  readonly buffer_containers: number;
  readonly scaledown_window: number;
  /** Inputs before a container leaves; 0: no limit. */
  readonly max_inputs: number;
  /** Modules to import in the zygote before forking, best effort. */
  readonly imports: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  /** Those of `secrets` whose values are kept out of output and tracebacks. */
  readonly hidden?: readonly string[];
}
/** Client → gateway. Makes a version known; sending it again is harmless. Payload: the pickled code. */
export interface FunctionPut {
  readonly type: 'function.put';
  readonly request: number;
  readonly function_id: FunctionId;
  readonly environment_id: EnvironmentId;
  readonly spec: FunctionSpec;
  readonly blob?: BlobId;
}
/** Gateway → client. The version is durable. */
export interface FunctionAccepted {
  readonly type: 'function.accepted';
  readonly request: number;
  readonly function_id: FunctionId;
}
/** Client → gateway. The name now means another version: idle containers of older ones stop at once. */
export interface FunctionReplace {
  readonly type: 'function.replace';
  readonly app: string;
  readonly name: string;
  readonly function_id: FunctionId;
}
/** Client → gateway. Changes the autoscaler's settings of (app, name); absent = unchanged. Answered by `autoscaler.state`. */
export interface AutoscalerUpdate {
  readonly type: 'autoscaler.update';
  readonly request: number;
  readonly app: string;
  readonly name: string;
  readonly min_containers?: number;
  readonly max_containers?: number;
  readonly buffer_containers?: number;
  readonly scaledown_window?: number;
}
/** Gateway → client. */
export interface AutoscalerState {
  readonly type: 'autoscaler.state';
  readonly request: number;
  readonly min_containers: number;
  readonly max_containers: number;
  readonly buffer_containers: number;
  readonly scaledown_window: number;
}

// ── calls ───────────────────────────────────────────────────────────────────────────────────────────────────────────

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
  readonly function_id: FunctionId;
  readonly on_failure: 'continue' | 'stop_after' | 'stop_all';
  readonly attached: boolean;
  readonly bindings: Readonly<Record<string, FunctionId>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly origin: string;
  readonly blob?: BlobId;
  /** W3C trace context of whoever opens it, for those who collect traces. */
  readonly traceparent?: string;
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

// ── outcomes ────────────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── watching ────────────────────────────────────────────────────────────────────────────────────────────────────────

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
/** Client → gateway. Answered by `runtime.state`. */
export interface RuntimeAsk {
  readonly type: 'runtime.ask';
  readonly request: number;
}
export interface Gpu {
  readonly uuid: string;
  readonly name: string;
  readonly memory: number;
  readonly container_id: string;
}
export interface ContainerSummary {
  readonly container_id: ContainerId;
  readonly function: string;
  readonly function_id: FunctionId;
  readonly state: ContainerState;
  readonly pid: number;
  readonly hardware: string;
  readonly started_at: number;
  readonly inputs: number;
}
/** Gateway → client. Where it runs, what runs in it. */
export interface RuntimeState {
  readonly type: 'runtime.state';
  readonly request: number;
  readonly pid: number;
  readonly version: string;
  readonly python: string;
  readonly started_at: number;
  readonly cpus: number;
  readonly memory: number;
  readonly gpus: readonly Gpu[];
  readonly containers: readonly ContainerSummary[];
  readonly clients: number;
  readonly calls_open: number;
  /** How containers are kept apart from the gateway's folder. */
  readonly isolation?: 'none' | 'uid' | 'bwrap';
  /** A sentence for whoever looks: what is not as safe as was asked for. Empty: nothing. */
  readonly warning?: string;
}
/** Client → gateway, admin. Drain and leave; containers go too unless `keep`. */
export interface RuntimeStop {
  readonly type: 'runtime.stop';
  readonly keep: boolean;
}
/** Client → gateway, admin. A token for someone else; worth nothing after `seconds`, 0: until it is revoked. Answered by `token.made`. */
export interface TokenMake {
  readonly type: 'token.make';
  readonly request: number;
  /** Whose it is, in words. */
  readonly name: string;
  readonly scope: 'client' | 'admin';
  readonly seconds: number;
}
/** One token, without the token. `expires_at`: Unix seconds, 0: never. */
export interface TokenSummary {
  readonly token_id: string;
  readonly name: string;
  readonly scope: 'client' | 'admin';
  readonly made_at: number;
  readonly expires_at: number;
}
/** Gateway → client. The only time the token is told; what is kept is its hash. */
export interface TokenMade {
  readonly type: 'token.made';
  readonly request: number;
  readonly token: string;
  readonly summary: TokenSummary;
}
/** Client → gateway, admin. Answered by `token.listing`. */
export interface TokenList {
  readonly type: 'token.list';
  readonly request: number;
}
/** Gateway → client. The tokens that were made and neither expired nor revoked; the gateway's own is not among them. */
export interface TokenListing {
  readonly type: 'token.listing';
  readonly request: number;
  readonly tokens: readonly TokenSummary[];
}
/** Client → gateway, admin. What is connected by it is closed with 4401. Answered by `token.revoked`. */
export interface TokenRevoke {
  readonly type: 'token.revoke';
  readonly request: number;
  readonly token_id: string;
}
/** Gateway → client. */
export interface TokenRevoked {
  readonly type: 'token.revoked';
  readonly request: number;
  readonly token_id: string;
}
/**
 * Client → gateway, admin. Calls that ended more than `seconds` ago go now, and files that belong to none. `pretend`: nothing goes, the
 * answer says what would. Answered by `store.expired`.
 */
export interface StoreExpire {
  readonly type: 'store.expire';
  readonly request: number;
  readonly seconds: number;
  readonly pretend: boolean;
}
/** Gateway → client. How many calls went (`pretend`: would go), the first of them by name, and the payload bytes that are left. */
export interface StoreExpired {
  readonly type: 'store.expired';
  readonly request: number;
  readonly count: number;
  readonly calls: readonly CallId[];
  readonly bytes: number;
}
/**
 * Client → gateway, admin. Copies the store as it is now, payloads and what calls printed included, into a new folder on the gateway's
 * machine, while work goes on. Answered by `store.copied`.
 */
export interface StoreCopy {
  readonly type: 'store.copy';
  readonly request: number;
  readonly folder: string;
}
/** Gateway → client. The copy is whole: a gateway started with that folder as its home has all of it. */
export interface StoreCopied {
  readonly type: 'store.copied';
  readonly request: number;
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

// ── containers ──────────────────────────────────────────────────────────────────────────────────────────────────────

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
/** [index, stream (1 out, 2 err), start, end]: bytes of the container's output files that one input wrote. Only non-empty ones. */
export type OutputSpan = readonly [number, number, number, number];
/** A failed outcome in short, so that views can group without unpickling. `where`: `file:line` of the user's innermost frame. */
export interface FailureSummary {
  readonly index: number;
  readonly code: FailureCode;
  readonly kind: string;
  readonly message: string;
  readonly where: string;
}
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
/** Container → gateway. Its input waits for a call of its own (`waiting`), or goes on. Answered, when it begins, by `leases.revoked`. */
export interface ContainerWaiting {
  readonly type: 'container.waiting';
  readonly waiting: boolean;
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

// ── hosts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Supervisor → gateway. What the host has; after `welcome`, with the containers it still owns. */
export interface HostState {
  readonly type: 'host.state';
  readonly cpus: number;
  /** MiB */
  readonly memory: number;
  readonly gpus: readonly Gpu[];
  readonly containers: readonly ContainerId[];
}
/** Supervisor → gateway. Every 5 s; dead at 20 s. */
export interface Heartbeat {
  readonly type: 'heartbeat';
  /** Containers that are stopped (SIGSTOP) or otherwise not running. */
  readonly stopped: readonly ContainerId[];
}
/** Gateway → supervisor. Start a container; again for the same id = no-op. */
export interface ContainerStart {
  readonly type: 'container.start';
  readonly container_id: ContainerId;
  readonly function_id: FunctionId;
  /** Single use; the container's `hello` is authenticated by it. */
  readonly token: string;
  readonly executable: string;
  readonly cwd: string;
  readonly path: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly imports: readonly string[];
  readonly environment_id: EnvironmentId;
  /** MiB; 0: no limit. */
  readonly memory: number;
  /** UUIDs for CUDA_VISIBLE_DEVICES. */
  readonly gpus: readonly string[];
  readonly startup_timeout: number;
  /** Those of `variables` whose values are kept out of output. */
  readonly hidden?: readonly string[];
}
/** Supervisor → gateway. The process exists. */
export interface ContainerStarted {
  readonly type: 'container.started';
  readonly container_id: ContainerId;
  readonly pid: number;
  readonly starter: 'fork' | 'spawn';
}
/** Supervisor → gateway. The process is gone; `lease`, `index` name the input it was running (lease 0: none). */
export interface ContainerExited {
  readonly type: 'container.exited';
  readonly container_id: ContainerId;
  readonly reason: 'exited' | 'signal' | 'timeout' | 'cancelled' | 'memory' | 'stopped' | 'start';
  /** Exit code, or minus the signal. */
  readonly code: number;
  readonly lease: number;
  readonly index: number;
  /** What there is to say: last lines of stderr for a failed start, limit and peak for memory. */
  readonly detail: string;
}
/** Gateway → supervisor. Idempotent; an unknown id is fine. */
export interface ContainerStop {
  readonly type: 'container.stop';
  readonly container_id: ContainerId;
  readonly how: 'drain' | 'kill';
}
/** Gateway → supervisor. Start no input of the lease from index `first` on. Answered by `lease.revoked`. */
export interface LeaseRevoke {
  readonly type: 'lease.revoke';
  readonly container_id: ContainerId;
  readonly lease: number;
  readonly first: number;
}
/** Supervisor → gateway. Inputs of the lease from `first` on are not and will not be started there; `first` may be later than asked. */
export interface LeaseRevoked {
  readonly type: 'lease.revoked';
  readonly container_id: ContainerId;
  readonly lease: number;
  readonly first: number;
}
/** Gateway → supervisor. As `lease.revoke`, and the running input is interrupted if it is one of them; killed after the grace. Not answered. */
export interface LeaseCancel {
  readonly type: 'lease.cancel';
  readonly container_id: ContainerId;
  readonly lease: number;
  readonly first: number;
  readonly grace_ms: number;
}
/** Supervisor → gateway. The next bytes of a container's output file, from `offset`; payload: the bytes. lease 0: written before or between inputs. */
export interface OutputPut {
  readonly type: 'output.put';
  readonly container_id: ContainerId;
  readonly stream: 1 | 2;
  readonly offset: number;
  /** The input that was running when the bytes were seen, if they are certainly its own. */
  readonly lease: number;
  readonly index: number;
}

export type Message =
  | Hello
  | Welcome
  | Failed
  | Goaway
  | Ping
  | Pong
  | EnvironmentPut
  | FunctionPut
  | FunctionAccepted
  | FunctionReplace
  | AutoscalerUpdate
  | AutoscalerState
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
  | CallRelease
  | Outcomes
  | OutcomesTaken
  | CallEnded
  | OutcomesRead
  | OutcomesPage
  | InputsRead
  | InputsPage
  | Items
  | ItemsTaken
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
  | Output
  | RuntimeAsk
  | RuntimeState
  | RuntimeStop
  | TokenMake
  | TokenMade
  | TokenList
  | TokenListing
  | TokenRevoke
  | TokenRevoked
  | StoreExpire
  | StoreExpired
  | StoreCopy
  | StoreCopied
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
  | Drain
  | HostState
  | Heartbeat
  | ContainerStart
  | ContainerStarted
  | ContainerExited
  | ContainerStop
  | LeaseRevoke
  | LeaseRevoked
  | LeaseCancel
  | OutputPut;
export type MessageType = Message['type'];
