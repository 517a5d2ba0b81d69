// What the gateway uses of an engine: it asks for containers, and passes on what their hosts report. The engine is handed
// in, so it is named here as the gateway needs it.

import type { ContainerId, ContainerStart, Gpu, HostId } from '@farcall/kernel-bridge/wire';

export type ContainerSpec = Omit<ContainerStart, 'type'>;
export interface ContainerStarter {
  start(spec: ContainerSpec): Promise<void>;
  stop(id: ContainerId, how: 'drain' | 'kill'): Promise<void>;
  /** The supervisor to address control messages to. */
  hostOf(id: ContainerId): HostId | undefined;
}

export interface HostReport {
  readonly cpus: number;
  readonly memory: number;
  readonly gpus: readonly Gpu[];
  readonly containers: readonly ContainerId[];
}
export interface HostListener {
  /** Returns the containers the host answers for: those it has, and those it is only now told to start. */
  connected(host: HostId, report: HostReport): readonly ContainerId[];
  disconnected(host: HostId): void;
  exited(container: ContainerId): void;
  /** Not heard of for so long that it counts as lost. */
  silent(host: HostId): void;
}
