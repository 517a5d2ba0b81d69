// A simulated supervisor: forks containers, reports their ends, passes revokes and cancels on through the control page.

import type { ContainerId, FunctionSpec, Gpu, HostId } from '@farcall/kernel-bridge/wire';

import { shareOf } from '../../runtime/src/core/gpu.js';
import { SimContainer } from './container.js';
import type { HostDoor } from './gateway.js';
import type { Death } from './held.js';
import type { Link } from './link.js';
import type { World } from './world.js';

const HEARTBEAT_MS = 5_000;
const DEAD_MS = 20_000;

export class SimHost {
  readonly containers = new Map<ContainerId, SimContainer>();
  isAlive = true;
  #link: Link | undefined;
  /** Nothing gets through until then. */
  awayUntil = 0;

  constructor(
    private readonly world: World,
    readonly id: HostId,
    private readonly has: { readonly cpus: number; readonly gpus: readonly Gpu[] },
  ) {
    this.connect();
    this.#beat();
  }

  connect(): void {
    const { clock, dice, gateway } = this.world;
    if (!this.isAlive || this.#link?.isOpen === true) return;
    if (clock.now < this.awayUntil) return clock.at(this.awayUntil, () => this.connect());
    if (!gateway.isUp) return clock.after(dice.between(50, 500), () => this.connect());
    const link = this.world.link({
      near: () => clock.after(dice.between(20, 1_000), () => this.connect()),
      gateway: () => this.#onGone(link),
    });
    this.#link = link;
    const door = this.#makeDoor(link);
    link.once('gateway', () => this.#hello(door));
  }

  cut(): void {
    this.#link?.cut();
  }

  /** Nothing gets through for so long. */
  partition(ms: number): void {
    this.awayUntil = Math.max(this.awayUntil, this.world.clock.now + ms);
    this.#link?.cut(5_000);
  }

  /** The supervisor dies, and its containers with it. Nobody reports that. */
  die(): void {
    this.isAlive = false;
    for (const container of this.containers.values()) container.die({ reason: 'signal', lease: 0, index: -1 });
    this.#link?.cut();
  }

  #hello(door: HostDoor): void {
    const { gateway } = this.world;
    gateway.hosts.set(this.id, door);
    const containers = [...this.containers.keys()];
    const holds = Object.fromEntries([...this.containers.values()].map(({ id, gpus }) => [id, gpus]));
    const has = { cpus: this.has.cpus, memory: 16_384, gpus: this.has.gpus, holds };
    gateway.apply({ type: 'host.connected', host: this.id, containers, ...has });
  }

  #onGone(link: Link): void {
    const { clock, gateway } = this.world;
    if (this.#link === link) gateway.hosts.delete(this.id);
    clock.after(DEAD_MS, () => {
      if (!gateway.hosts.has(this.id)) gateway.apply({ type: 'host.lost', host: this.id });
    });
  }

  #makeDoor(link: Link): HostDoor {
    const near = (run: () => void): void => link.send('near', () => this.isAlive && run());
    return {
      start: (container, spec, gpus) => link.once('near', () => this.isAlive && this.#start(container, spec, gpus)),
      stop: (container, how) =>
        near(() => {
          const known = this.containers.get(container);
          if (how === 'kill') known?.die({ reason: 'stopped', lease: 0, index: -1 });
          else known?.drain();
        }),
      revoke: (container, lease, first) =>
        near(() => {
          const answer = this.containers.get(container)?.revoke(lease, first);
          if (answer !== undefined) this.#tell(() => this.#revoked(container, lease, answer));
        }),
      cancel: (container, lease, first, graceMs) =>
        near(() => this.containers.get(container)?.cancel(lease, first, graceMs)),
    };
  }

  #revoked(container: ContainerId, lease: number, first: number): void {
    const { gateway } = this.world;
    const held = gateway.journal.get(container)?.get(lease);
    if (held !== undefined && first <= held.first) gateway.journal.get(container)?.delete(lease);
    else if (held !== undefined)
      gateway.journal.get(container)?.set(lease, { ...held, count: Math.min(held.count, first - held.first) });
    gateway.apply({ type: 'lease.revoked', container, lease, first });
  }

  #start(id: ContainerId, spec: FunctionSpec, gpus: readonly string[]): void {
    const { clock, dice } = this.world;
    if (this.containers.has(id)) return;
    if (this.world.startFails()) return this.#exited(id, { reason: 'start', lease: 0, index: -1 });
    clock.after(dice.between(2, 30), () => {
      if (!this.isAlive || this.containers.has(id)) return;
      const birth = { id, spec, gpus, share: shareOf(spec.gpu, this.#named(gpus)) };
      for (const uuid of gpus) {
        const holders = [...this.containers.values()].filter((other) => other.gpus.includes(uuid));
        const held = holders.reduce((sum, { share }) => sum + share, birth.share);
        if (held > 1.001) this.world.history.broken(`${id} was given a GPU that ${holders.map((one) => one.id)} hold`);
      }
      this.containers.set(id, new SimContainer(this.world, birth, (death) => this.#died(id, death)));
      this.#tell(() => this.world.gateway.apply({ type: 'container.started', container: id, pid: 1 }));
    });
  }

  #named(uuids: readonly string[]): Gpu[] {
    return this.has.gpus.filter(({ uuid }) => uuids.includes(uuid));
  }

  #died(id: ContainerId, death: Death): void {
    this.containers.delete(id);
    this.world.clock.after(this.world.dice.between(0, 20), () => this.#exited(id, death));
  }

  #exited(container: ContainerId, { reason, lease, index, running }: Death): void {
    const { gateway } = this.world;
    this.#tell(() => {
      gateway.apply({
        type: 'container.exited',
        container,
        reason,
        code: reason === 'exited' ? 0 : -9,
        lease,
        index,
        detail: reason,
        ...(running !== undefined && { running }),
      });
      gateway.gone(container);
    });
  }

  #tell(run: () => void): void {
    if (this.isAlive) this.#link?.send('gateway', run);
  }

  #beat(): void {
    if (!this.isAlive) return;
    const stopped = [...this.containers.values()].filter(({ isStopped }) => isStopped).map(({ id }) => id);
    if (stopped.length > 0)
      this.#tell(() => this.world.gateway.apply({ type: 'containers.stopped', containers: stopped }));
    this.world.clock.after(HEARTBEAT_MS, () => this.#beat());
  }
}
