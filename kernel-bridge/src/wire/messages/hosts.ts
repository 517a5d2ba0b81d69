// Hosts: what supervisors report, and what they are told to start, stop and take back.

import type { ContainerId, EnvironmentId, FunctionId } from '../ids.js';
import type { Gpu } from './operations.js';

/** Supervisor → gateway. What the host has; after `welcome`, with the containers it still owns. */
export interface HostState {
  readonly type: 'host.state';
  readonly cpus: number;
  /** MiB */
  readonly memory: number;
  readonly gpus: readonly Gpu[];
  readonly containers: readonly ContainerId[];
  /** Its `region` and `cloud`, where it was given them. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The GPUs that each of its containers was given; several may share one. */
  readonly holds?: Readonly<Record<ContainerId, readonly string[]>>;
}
/** Supervisor → gateway. Every 5 s; dead at 20 s. */
export interface Heartbeat {
  readonly type: 'heartbeat';
  /** Containers that are stopped (SIGSTOP) or otherwise not running. */
  readonly stopped: readonly ContainerId[];
  /** GPUs that processes other than containers use: uuid → who, in words. Sent when it changes. */
  readonly used?: Readonly<Record<string, string>>;
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
  /** Cores it may use at most; absent: as many as there are. */
  readonly cpu_limit?: number;
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
  /** [lease, index] of all it was running, of a container that may run several. */
  readonly running?: readonly (readonly [number, number])[];
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

export type HostMessage =
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
