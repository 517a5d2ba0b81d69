// Reports of hosts, on their way to the engine that owns them. The gateway itself asks the core what there is.

import type { ContainerId, Gpu, HostId } from '@farcall/kernel-bridge/wire';

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
}
