// Starts and stops containers. Knows nothing of calls, inputs or sockets: it is given a way to reach its supervisors.

import type { ContainerId, ContainerStart, Gpu, HostId } from '@farcall/kernel-bridge/wire';

export type ContainerSpec = Omit<ContainerStart, 'type'>;
export interface Capabilities {
  readonly gpus: readonly Gpu[];
  readonly cpus: number;
  /** MiB */
  readonly memory: number;
  readonly elastic: boolean;
  readonly isolation: 'none' | 'uid' | 'bwrap';
}
export interface Engine extends AsyncDisposable {
  capabilities(): Capabilities;
  /** Idempotent by container id. Resolves when the container has been asked for; it is up once it says hello to the gateway. */
  start(spec: ContainerSpec): Promise<void>;
  /** Idempotent; an unknown id is fine. */
  stop(id: ContainerId, how: 'drain' | 'kill'): Promise<void>;
  /** What this engine still owns; asked when either side comes back from a restart. */
  list(): Promise<readonly ContainerId[]>;
  /** The supervisor that holds a container, to address control messages to. */
  hostOf(id: ContainerId): HostId | undefined;
}
