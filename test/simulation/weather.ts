// What goes wrong in one run, and how it strikes: connections, processes, machines, people. After the bad time everything is
// left in peace.

import type { FunctionId } from '@farcall/kernel-bridge/wire';

import type { SimClient } from './client.js';
import type { SimContainer } from './container.js';
import type { Dice } from './random.js';
import type { World } from './world.js';

/** Each kind, and in how many runs of a hundred it may happen. */
const KINDS = {
  /** Connections break and come back. */
  cuts: 30,
  /** Nothing gets through for 10 seconds, or for 5 minutes. */
  partitions: 10,
  /** Messages come twice, and late. */
  rough: 15,
  containerCrashes: 30,
  /** Processes are stopped (SIGSTOP) for a while. */
  stops: 15,
  gatewayCrashes: 25,
  /** The gateway dies right before a commit, right after it, or when it has told half of what follows. */
  commitCrashes: 15,
  /** Commits take up to half a second, while dispatch runs ahead. */
  slowDisk: 10,
  hostCrashes: 10,
  clientsLeave: 30,
  badStarts: 20,
  /** People change settings, deploy newer versions, look at values. */
  changes: 25,
} as const;
export type Misfortune = keyof typeof KINDS;

/** In so many runs of a hundred nothing of it happens. */
const FAIR = 10;

export class Weather {
  readonly badUntil: number;
  readonly #kinds = new Set<Misfortune>();

  constructor(
    private readonly dice: Dice,
    begin: number,
  ) {
    const isFair = dice.chance(FAIR / 100);
    for (const [kind, percent] of Object.entries(KINDS))
      if (dice.chance(percent / 100) && !isFair) this.#kinds.add(kind as Misfortune);
    this.badUntil = begin + dice.between(1_000, 20_000);
  }

  has(kind: Misfortune): boolean {
    return this.#kinds.has(kind);
  }

  get isFair(): boolean {
    return this.#kinds.size === 0;
  }

  /** What a gateway's death leaves uncertain cannot be held against the next one. */
  get losesReports(): boolean {
    const kinds: readonly Misfortune[] = [
      'cuts',
      'partitions',
      'rough',
      'gatewayCrashes',
      'commitCrashes',
      'hostCrashes',
    ];
    return kinds.some((kind) => this.has(kind));
  }

  /** Every now and then something happens, until the bad time is over. */
  begin(world: World): void {
    const { clock, dice } = world;
    if (clock.now > this.badUntil) return peace(world);
    const kind = dice.pick(Object.keys(KINDS) as Misfortune[]);
    if (this.has(kind)) this.#strike(world, kind);
    clock.after(dice.between(1, 500), () => this.begin(world));
  }

  #strike(world: World, kind: Misfortune): void {
    const containers = [...world.host.containers.values()];
    const container = containers.length > 0 ? this.dice.pick(containers) : undefined;
    STRIKES[kind]?.(world, container);
  }
}

type Strike = (world: World, container: SimContainer | undefined) => void;

const STRIKES: Partial<Record<Misfortune, Strike>> = {
  cuts: (world, container) => {
    (world.dice.chance(0.5) ? container : world.host)?.cut();
    if (world.dice.chance(0.5)) someClient(world).leave(world.dice.between(0, 5_000));
  },
  partitions: (world, container) => {
    if (world.dice.chance(0.5)) return;
    const ms = world.dice.pick([10_000, 10_000, 300_000]);
    const side = world.dice.whole(0, 2);
    if (side === 0) container?.partition(ms);
    else if (side === 1) world.host.partition(ms);
    else someClient(world).leave(ms);
  },
  containerCrashes: (_world, container) => container?.crash(),
  stops: (world, container) => {
    container?.stop();
    world.clock.after(world.dice.pick([500, 10_000, 40_000]), () => container?.isAlive === true && container.resume());
  },
  gatewayCrashes: (world) => {
    if (world.dice.chance(0.5)) world.crashGateway();
  },
  hostCrashes: (world) => {
    if (world.host.isAlive && world.dice.chance(0.2)) world.crashHost();
  },
  clientsLeave: (world) => {
    if (world.dice.chance(0.3)) world.dice.pick(world.clients).leave(world.dice.pick([1_000, 80_000, Infinity]));
  },
  changes: (world) => change(world),
};

function someClient(world: World): SimClient {
  return world.dice.pick([...world.clients, ...world.insiders.filter(({ isAlive }) => isAlive)]);
}

function change(world: World): void {
  const { dice, gateway, store } = world;
  const fn: FunctionId = dice.pick([...store.functions.keys()]);
  const name = store.functions.get(fn)?.name ?? '';
  const what = dice.whole(0, 3);
  if (what === 0) gateway.apply({ type: 'preview.wanted', function: fn });
  else if (what === 1) gateway.apply({ type: 'function.replaced', app: '', name, function: 'fv-newer' as FunctionId });
  else if (what === 2) gateway.apply({ type: 'function.replaced', app: '', name, function: fn });
  else {
    const settings = { minContainers: dice.pick([0, 1, 3]), maxContainers: dice.pick([0, 1, 2, 4]) };
    gateway.apply({ type: 'autoscaler.updated', app: '', name, ...settings, scaledownWindow: dice.pick([1, 30]) });
  }
}

function peace({ host, dice }: World): void {
  for (const container of host.containers.values()) if (container.isStopped && dice.chance(0.5)) container.resume();
}
