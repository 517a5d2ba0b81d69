// What a host has and what is left of it. A container that waits for nested calls gives up its CPU claim, never its
// memory and GPUs. Sums are made when asked for: containers are few.

import type { FunctionSpec, Gpu, HostId } from '@farcall/kernel-bridge/wire';

import type { Claim, Container } from './container.js';
import { chooseGpus } from './gpu.js';

/** Sums of claims such as 0.125 are exact; user values such as 0.1 are not. */
const SLACK = 1e-6;

export class Host {
  readonly containers = new Set<Container>();
  cpus: number;
  memory: number;
  gpus: readonly Gpu[];

  constructor(
    readonly id: HostId,
    has: { readonly cpus: number; readonly memory: number; readonly gpus: readonly Gpu[] },
  ) {
    this.cpus = has.cpus;
    this.memory = has.memory;
    this.gpus = has.gpus;
  }

  get freeCpus(): number {
    let free = this.cpus;
    for (const container of this.containers) if (!container.isWaiting) free -= container.claim.cpus;
    return free;
  }

  get freeMemory(): number {
    let free = this.memory;
    for (const container of this.containers) free -= container.claim.memory;
    return free;
  }

  get freeGpus(): Gpu[] {
    const held = new Set<string>();
    for (const container of this.containers) for (const uuid of container.claim.gpus) held.add(uuid);
    return this.gpus.filter((gpu) => !held.has(gpu.uuid));
  }

  /** Containers that count to the limit per core. */
  get crowd(): number {
    let count = 0;
    for (const container of this.containers) if (!container.isWaiting) count += 1;
    return count;
  }

  holderOf(uuid: string): Container | undefined {
    for (const container of this.containers) if (container.claim.gpus.includes(uuid)) return container;
    return undefined;
  }

  /** A claim never asks for more CPU and memory than the whole host: such a container runs there alone. */
  claimOf(spec: FunctionSpec, gpus: readonly string[]): Claim {
    return { cpus: Math.min(spec.cpu, this.cpus), memory: Math.min(spec.memory, this.memory), gpus };
  }

  /** What is missing for one more container, and the claim when nothing is. */
  fit(spec: FunctionSpec): { readonly claim: Claim; readonly lacks: '' | 'gpu' | 'cpu' | 'memory' } {
    const gpus = chooseGpus(spec.gpu, this.freeGpus);
    const claim = this.claimOf(spec, gpus ?? []);
    if (gpus === undefined) return { claim, lacks: 'gpu' };
    if (claim.cpus > this.freeCpus + SLACK) return { claim, lacks: 'cpu' };
    if (claim.memory > this.freeMemory + SLACK) return { claim, lacks: 'memory' };
    return { claim, lacks: '' };
  }
}
