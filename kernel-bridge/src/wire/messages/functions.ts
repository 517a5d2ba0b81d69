// Functions: where they run, what they ask for, which version a name means, how many containers they have.

import type { BlobId, EnvironmentId, FunctionId } from '../ids.js';
import type { ImageRecipe } from './environments.js';

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
  /** What its containers find instead of the interpreter's own packages; absent: these. */
  readonly image?: ImageRecipe;
  /** The files that the image's steps name: digest → blob. */
  readonly files?: Readonly<Record<string, BlobId>>;
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
  /** Ranked choices such as `["H100:2", "A100:0.5"]` (a share of one); `""` as the last one means "else without". Empty: none. */
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
  /** Where it is defined; absent: `__main__`. */
  readonly module?: string;
  /** Inputs that one container runs at once, each on its own; absent: one. */
  readonly max_concurrent?: number;
  /** As many of them a container should have; absent: `max_concurrent`. */
  readonly target_concurrent?: number;
  /** Inputs that the function takes in one go, as lists; absent: it takes one. */
  readonly max_batch?: number;
  /** How long a batch waits for more inputs, from its first. */
  readonly batch_wait?: number;
  /** Cores its containers may use at most; absent: as many as there are. `cpu` is what is claimed. */
  readonly cpu_limit?: number;
  /** MiB that are claimed, where that is less than `memory`, the limit. */
  readonly memory_request?: number;
  /** The host must have one of these as its region, and this as its cloud; absent: any host. */
  readonly region?: readonly string[];
  readonly cloud?: string;
  /** Of a class: base64 of the pickled values its instance is made with; absent: none. */
  readonly parameters?: string;
  /** A class whose instances have parameters: containers are theirs, it keeps none itself. */
  readonly is_base?: boolean;
  /** The version that this one was made of, with parameters or other options: it counts as deployed while that is. */
  readonly of?: FunctionId;
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

/** Client → gateway. Answered by `function.state`. */
export interface FunctionAsk {
  readonly type: 'function.ask';
  readonly request: number;
  readonly function_id: FunctionId;
}
/** Gateway → client. One version as it is now. `headroom`: inputs that its ready containers could begin at once. */
export interface FunctionState {
  readonly type: 'function.state';
  readonly request: number;
  /** Inputs that wait for a container, and those that run. */
  readonly backlog: number;
  readonly running: number;
  /** Containers that are up, starting, or wait for nested calls. */
  readonly containers: number;
  readonly headroom: number;
  /** Sentences for people: what it has, what it should have and why, what is missing. */
  readonly because: readonly string[];
}

/** Client in a container → gateway. To call a function here that came with a call it runs. Answered by `function.code`. */
export interface FunctionFetch {
  readonly type: 'function.fetch';
  readonly request: number;
  readonly function_id: FunctionId;
}
/** Gateway → client in a container. Payload: the pickled code, unless it is in a blob. */
export interface FunctionCode {
  readonly type: 'function.code';
  readonly request: number;
  readonly blob?: BlobId;
}

export type FunctionMessage =
  | EnvironmentPut
  | FunctionPut
  | FunctionAccepted
  | FunctionReplace
  | AutoscalerUpdate
  | AutoscalerState
  | FunctionAsk
  | FunctionState
  | FunctionFetch
  | FunctionCode;
