// Functions: where they run, what they ask for, which version a name means, how many containers they have.

import type { BlobId, EnvironmentId, FunctionId } from '../ids.js';

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

export type FunctionMessage =
  EnvironmentPut | FunctionPut | FunctionAccepted | FunctionReplace | AutoscalerUpdate | AutoscalerState;
