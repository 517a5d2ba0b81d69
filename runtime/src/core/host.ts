// What a host has and what is left of it. A container that waits for nested calls gives up its CPU claim, never its
// memory and GPUs. Sums are made when asked for: containers are few.

import type { FunctionSpec, Gpu, HostId } from '@farcall/kernel-bridge/wire';

import type { Claim, Container } from './container.js';
import { chooseGpus, type Held, type Part, partsOf, WITHOUT } from './gpu.js';
import type { HostImage } from './images.js';

/** Sums of claims such as 0.125 are exact; user values such as 0.1 are not. */
const SLACK = 1e-6;

export type Lack = '' | 'place' | 'gpu' | 'cpu' | 'memory';
export interface Hardware {
  readonly cpus: number;
  readonly memory: number;
  readonly gpus: readonly Gpu[];
  readonly labels?: Readonly<Record<string, string>>;
}

export class Host {
  readonly containers = new Set<Container>();
  cpus = 0;
  memory = 0;
  gpus: readonly Gpu[] = [];
  region = '';
  cloud = '';
  /** GPUs that other programs use: uuid → who, in words. */
  used: Readonly<Record<string, string>> = {};
  /** By id: what it was asked to build, and what it has. */
  readonly images = new Map<string, HostImage>();

  constructor(
    readonly id: HostId,
    has: Hardware,
  ) {
    this.has(has);
  }

  has({ cpus, memory, gpus, labels }: Hardware): void {
    this.cpus = cpus;
    this.memory = memory;
    this.gpus = gpus;
    this.region = labels?.['region'] ?? '';
    this.cloud = labels?.['cloud'] ?? '';
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

  /** GPUs of which nothing is held. */
  get freeGpus(): Gpu[] {
    return this.partsHeldBy(this.containers).flatMap(({ gpu, free }) => (free === 1 ? gpu : []));
  }

  /** What is left of each GPU when only these containers hold theirs. */
  partsHeldBy(holders: Iterable<Container>): Part[] {
    const held: Held[] = [];
    for (const { claim } of holders) if (claim.gpus.length > 0) held.push(claim);
    return partsOf(this.gpus, held);
  }

  /** Containers that count to the limit per core. */
  get crowd(): number {
    let count = 0;
    for (const container of this.containers) if (!container.isWaiting) count += 1;
    return count;
  }

  holdersOf(uuid: string): Container[] {
    return [...this.containers].filter((container) => container.claim.gpus.includes(uuid));
  }

  /** The function may run here, as far as region and cloud go. */
  isPlaceFor({ region = [], cloud = '' }: FunctionSpec): boolean {
    const isSame = (wanted: string, label: string): boolean => wanted.toLowerCase() === label.toLowerCase();
    const isInRegion = region.length === 0 || region.some((wanted) => isSame(wanted, this.region));
    return isInRegion && (cloud === '' || isSame(cloud, this.cloud));
  }

  /** A claim never asks for more CPU and memory than the whole host: such a container runs there alone. */
  claimOf(spec: FunctionSpec, held: Held): Claim {
    const memory = spec.memory_request ?? spec.memory;
    return { ...held, cpus: Math.min(spec.cpu, this.cpus), memory: Math.min(memory, this.memory) };
  }

  /** What is missing for one more container, and the claim when nothing is. */
  fit(spec: FunctionSpec): { readonly claim: Claim; readonly lacks: Lack } {
    const held = chooseGpus(spec.gpu, this.partsHeldBy(this.containers));
    const claim = this.claimOf(spec, held ?? WITHOUT);
    if (!this.isPlaceFor(spec)) return { claim, lacks: 'place' };
    if (held === undefined) return { claim, lacks: 'gpu' };
    if (claim.cpus > this.freeCpus + SLACK) return { claim, lacks: 'cpu' };
    if (claim.memory > this.freeMemory + SLACK) return { claim, lacks: 'memory' };
    return { claim, lacks: '' };
  }
}
