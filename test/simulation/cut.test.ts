// F6: a container is out of the gateway's reach for five minutes of virtual time, and works on meanwhile. After 60 s its inputs
// are given to others; what it says when it comes back changes nothing.

import { expect, test } from 'vitest';

import type { ContainerId } from '@farcall/kernel-bridge/wire';

import type { Happening, RestoredLease } from '../../runtime/src/core/events.js';
import type { SimContainer } from './container.js';
import { World } from './world.js';

const AWAY_MS = 300_000;
const LOST_MS = 60_000;
const SEEDS = 120;
/** When it strikes: somewhere in what its seed makes of the first half second of work. */
const WORK_MS = 500;

/** A world in which a container was cut off as soon as it held work; undefined where none ever did. */
function cutOff(seed: number): { readonly world: World; readonly container: SimContainer } | undefined {
  const world = new World(seed);
  const strikeAt = world.clock.now + world.dice.between(0, WORK_MS);
  const busy = (): SimContainer | undefined =>
    [...world.host.containers.values()].find(({ id, isAlive }) => isAlive && leasesOf(world, id).length > 0);
  world.clock.run(() => world.clock.now >= strikeAt && busy() !== undefined, strikeAt + 10_000);
  const container = busy();
  container?.partition(AWAY_MS);
  return container === undefined ? undefined : { world, container };
}

function leasesOf(world: World, container: ContainerId): readonly RestoredLease[] {
  return [...(world.gateway.journal.get(container)?.values() ?? [])];
}

interface Seen {
  /** Runs of what the container held, by others. */
  elsewhere: number;
  /** Outcomes that it told when it was back. */
  late: number;
}

/** What becomes of the container's work from now on. */
function watch(world: World, container: ContainerId): Seen {
  const seen = { elsewhere: 0, late: 0 };
  const cutAt = world.clock.now;
  const leases = leasesOf(world, container);
  const ran = world.history.ran.bind(world.history);
  world.history.ran = (run) => {
    const isIts = leases.some(
      ({ call, first, count, attempt }) =>
        run.call === call && run.index >= first && run.index < first + count && run.attempt > attempt,
    );
    if (isIts && run.at >= cutAt + LOST_MS) seen.elsewhere += 1;
    ran(run);
  };
  const apply = world.gateway.apply.bind(world.gateway);
  world.gateway.apply = (happening: Happening, ...more) => {
    const isLate = happening.type === 'outcomes.arrived' && world.clock.now >= cutAt + AWAY_MS;
    if (isLate && happening.container === container) seen.late += happening.indexes.length;
    apply(happening, ...more);
  };
  return seen;
}

test('F6: inputs of a container that is away for five minutes run elsewhere, and have one outcome', () => {
  const all = { cuts: 0, elsewhere: 0, late: 0 };
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const struck = cutOff(seed);
    if (struck === undefined) continue;
    const seen = watch(struck.world, struck.container.id);
    try {
      struck.world.run();
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    all.cuts += 1;
    all.elsewhere += seen.elsewhere;
    all.late += seen.late;
  }
  expect(Math.min(...Object.values(all)), JSON.stringify(all)).toBeGreaterThan(0);
});
