// The bridge: what the kernel tells JupyterLab (events) and what the person asks for (intents), and the MIME bundle that
// stays in the notebook. Never payloads: values are shown as text that a container made. farcall/notebook/bridge.py is
// the other side. Events go kernel → extension as comm_msg on iopub; intents go back on the control channel.

/** Comm id and target; registered unopened on the kernel side, so there is never a comm_open or comm_close. */
export const BRIDGE = 'farcall.bridge';
export const MIME = 'application/vnd.farcall.view.v1+json';
export const BRIDGE_VERSION = 1;

export type CallState = 'open' | 'sealed' | 'done' | 'failed' | 'cancelled' | 'incomplete';
export interface Counts {
  readonly queued: number;
  readonly retrying: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly timed_out: number;
}
/** Failures of one exception type at one user line. `message` is empty in saved snapshots: it may hold the user's values. */
export interface FailureGroup {
  readonly kind: string;
  readonly message: string;
  /** Such as `Cell In[4], line 7`. */
  readonly where: string;
  readonly count: number;
  readonly examples: readonly number[];
}
/** What a card shows of a call. Times are Unix seconds, 0 = not yet. */
export interface CallView {
  readonly call_id: string;
  readonly kind: 'remote' | 'map' | 'spawn' | 'spawn_map';
  /** `app.function` or just the function's name. */
  readonly name: string;
  readonly state: CallState;
  readonly inputs: number;
  readonly sealed: boolean;
  readonly attached: boolean;
  readonly counts: Counts;
  readonly rate: number;
  readonly containers: number;
  readonly hardware: string;
  readonly waiting: string;
  readonly failures: readonly FailureGroup[];
  readonly created_at: number;
  readonly started_at: number;
  readonly ended_at: number;
}
/** CallView and the grid; only ever live. `cells`: one letter a cell (q y r s f c t), the worst of its `cell` inputs; at most 4,096. */
export interface LiveCall extends CallView {
  readonly cells: string;
  readonly cell: number;
  /** Its inputs have labels: the intent `labels` brings them. Absent in older kernels. */
  readonly labels?: boolean;
  /** It opened calls, or an input of another one opened it: there is a graph to see. Absent in older kernels. */
  readonly related?: boolean;
}
/** All calls of one function under one path of functions. Times in seconds. */
export interface GraphNodeView {
  /** The position of the node that it is beneath, -1 for the root; parents come before their children. */
  readonly parent: number;
  readonly name: string;
  readonly calls: number;
  /** Of all their inputs. */
  readonly counts: Counts;
  /** Of the last attempts; 0: none has ended. */
  readonly p50: number;
  readonly p95: number;
  /** Of the root's time so far, the share in which one of these calls ran. */
  readonly share: number;
  /** The same in bins of the root's time, a digit a bin. */
  readonly busy: string;
  /** Calls beneath it under paths that are not shown. */
  readonly hidden: number;
  /** The call, when it is only one. */
  readonly call_id?: string;
}
/** A call graph, folded by call path: at most 256 nodes. */
export interface GraphView {
  /** The root. */
  readonly call_id: string;
  readonly nodes: readonly GraphNodeView[];
  /** Calls that were not looked at. */
  readonly more: number;
  /** Unix seconds at which the first bin begins, and the seconds of a bin. */
  readonly began: number;
  readonly width: number;
}
/** The bundle of one output. The snapshot holds counts, types, lines and times, never the user's values. */
export interface ViewBundle {
  readonly v: 1;
  readonly kind: 'map' | 'call' | 'graph';
  readonly call_id: string;
  readonly snapshot: CallView;
  /** Unix seconds at which the snapshot was taken. */
  readonly saved_at: number;
  /** Further calls on the same card (a cell's repeated `.remote()`), by id. */
  readonly calls?: readonly CallView[];
  /** Of a graph: as it was then. */
  readonly graph?: GraphView;
}
export interface InputRow {
  readonly index: number;
  /** A word of the state list: queued running succeeded failed cancelled "timed out". */
  readonly state: string;
  readonly attempt: number;
  readonly seconds: number;
  readonly container_id: string;
  readonly since: number;
  readonly error: string;
}
/** All that a drawer shows of one input. Texts are plain; a MIME bundle for JupyterLab's own renderers where there is one. */
export interface InputDetail {
  readonly row: InputRow;
  readonly arguments: Readonly<Record<string, string>>;
  readonly result: Readonly<Record<string, string>>;
  readonly traceback: string;
  readonly output: string;
}
export interface SlowInput {
  readonly index: number;
  /** A word, as in InputRow. */
  readonly state: string;
  readonly seconds: number;
}
/** One container's work, a digit a bin: 0 none, 9 all of its time. `failed`: the bins in which an input failed. */
export interface LaneView {
  readonly container_id: string;
  readonly inputs: number;
  readonly busy: string;
  readonly failed: readonly number[];
}
/** How long a call's inputs took and when its containers worked: a few hundred numbers, whatever the size of the map. */
export interface TimesView {
  /** Inputs by duration, from bin `first` on: bin n is 10^(n/50) µs to 10^((n+1)/50) µs. */
  readonly durations: readonly number[];
  readonly first: number;
  /** The longest first, at most ten. */
  readonly slowest: readonly SlowInput[];
  /** Unix seconds at which the first bin of every lane begins, and the seconds of a bin. */
  readonly began: number;
  readonly width: number;
  readonly lanes: readonly LaneView[];
  /** Containers that have no lane. */
  readonly more: number;
}
/** The autoscaler's settings of a function. `scaledown_window`: seconds. `max_containers` 0: no limit but the machine. */
export interface Autoscaling {
  readonly min_containers: number;
  readonly max_containers: number;
  readonly buffer_containers: number;
  readonly scaledown_window: number;
}
/** A function that ran or may run: its newest version, and its containers now, by version. */
export interface FunctionView {
  readonly app: string;
  readonly name: string;
  /** Its newest version here; empty: not known. */
  readonly version: string;
  readonly containers: readonly { readonly version: string; readonly count: number }[];
  /** Undefined: the runtime does not know the function. */
  readonly scaling?: Autoscaling;
}
export interface ContainerView {
  readonly container_id: string;
  readonly function: string;
  readonly state: string;
  readonly pid: number;
  readonly hardware: string;
  readonly started_at: number;
  readonly inputs: number;
}
export interface RuntimeView {
  readonly where: string;
  readonly version: string;
  readonly latency_ms: number;
  readonly python: string;
  readonly cpus: number;
  readonly memory: number;
  readonly gpus: readonly { readonly name: string; readonly memory: number; readonly busy: boolean }[];
  readonly containers: readonly ContainerView[];
}

/** Kernel → extension. `seq` counts up within an `epoch` (one bridge object); a gap or a new epoch means: say hello again. */
export type BridgeEvent = { readonly v: 1; readonly epoch: string; readonly seq: number } &
  /** `knows`: the intents it answers beyond those of the first kernels; absent there. */
  (
    | {
        readonly event: 'hello';
        readonly version: string;
        readonly calls: readonly LiveCall[];
        readonly knows?: readonly string[];
      }
    /** At most 20 a second, all calls under lease that changed. */
    | { readonly event: 'progress'; readonly calls: readonly LiveCall[] }
    | { readonly event: 'reply'; readonly id: number; readonly result: unknown }
    /** The intent failed; the message is for the person. */
    | { readonly event: 'error'; readonly id: number; readonly message: string }
  );
/** Extension → kernel. `id` is echoed in `reply` or `error`. */
export type BridgeIntent = { readonly v: 1; readonly id: number } &
  /** First, and after every reconnect. Answered by the event hello (no reply). */
  (
    | { readonly intent: 'hello'; readonly version: string }
    /** These calls are on a visible screen: send their progress for 10 minutes from now. Reply: null. */
    | { readonly intent: 'lease'; readonly call_ids: readonly string[] }
    /** Reply: null. */
    | { readonly intent: 'cancel'; readonly call_id: string; readonly scope: 'all' | 'queued' }
    /** Reply: null. */
    | { readonly intent: 'detach'; readonly call_id: string }
    /** Runs what did not succeed (or only what failed) again, with the function as it is now. Reply: { call_id } of the derived call. */
    | { readonly intent: 'resume'; readonly call_id: string; readonly which: 'unsucceeded' | 'failed' }
    /** Runs again what failed as input `index` did: by the same type, at the same line. Reply: { call_id } of the derived call. */
    | { readonly intent: 'retry'; readonly call_id: string; readonly index: number }
    /** Reply: { labels: string[] }, what the person calls these inputs, "" for nothing. At most 256 indexes. */
    | { readonly intent: 'labels'; readonly call_id: string; readonly indexes: readonly number[] }
    /** Reply: TimesView. */
    | { readonly intent: 'times'; readonly call_id: string }
    /** The graph of the call's whole tree. Reply: GraphView. */
    | { readonly intent: 'graph'; readonly call_id: string }
    /** Calls of one of its nodes, at most 100, those that failed or run first. Reply: { calls: CallView[] }. */
    | { readonly intent: 'graph_calls'; readonly call_id: string; readonly node: number }
    /** Reply: { functions: FunctionView[] }, by name. */
    | { readonly intent: 'functions' }
    /** Changes the autoscaler's settings that are given. Reply: Autoscaling. */
    | ({ readonly intent: 'scale'; readonly app: string; readonly name: string } & Partial<Autoscaling>)
    /** Reply: { rows: InputRow[], next: number } (-1: no more). States: words; empty: all. */
    | {
        readonly intent: 'rows';
        readonly call_id: string;
        readonly states: readonly string[];
        readonly first: number;
        readonly limit: number;
      }
    /** Reply: InputDetail. */
    | { readonly intent: 'input'; readonly call_id: string; readonly index: number }
    /** Reply: { text, next }: what the whole call printed, from a byte offset; next -1 at the end. */
    | { readonly intent: 'output'; readonly call_id: string; readonly offset: number }
    /** The source of a cell to insert, with the notebook's own names: `row` runs input `index` here. Reply: { source }. */
    | { readonly intent: 'code'; readonly call_id: string; readonly what: 'row' | 'join'; readonly index: number }
    /** Reply: { calls: CallView[] }, newest first. */
    | { readonly intent: 'calls'; readonly limit: number }
    /** Reply: RuntimeView. */
    | { readonly intent: 'runtime' }
  );
