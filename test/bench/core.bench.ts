// How many inputs a second the core alone can assign, settle and end, in ranges. Goal: ≥ 1,000,000. No timed test in CI.

import { bench, describe } from 'vitest';

import type { CallId, ClientId, ContainerId, EnvironmentId, FunctionId, HostId } from '@farcall/kernel-bridge/wire';

import type { Command } from '../../runtime/src/core/commands.js';
import { Core } from '../../runtime/src/core/core.js';
import type { Event, Happening } from '../../runtime/src/core/events.js';
import { specOf } from '../runtime/core/support.js';

const CHUNK = 1_024;

/** Maps `inputs` tiny inputs over `containers`, in chunks of 1,024. */
function map(inputs: number, containers: number): void {
  const core = new Core();
  const waiting: Extract<Command, { do: 'assign' }>[] = [];
  const seqs = new Map<string, number>();
  let now = 0;
  const apply = (happening: Happening): void => {
    now += 0.01;
    for (const command of core.apply({ now, at: 1.7e9, ...happening } as Event)) {
      if (command.do === 'assign') waiting.push(command);
      if (command.do === 'start') up(command.container);
    }
  };
  const up = (container: ContainerId): void =>
    queueMicrotask(() => {
      apply({ type: 'container.connected', container, held: [] });
      apply({ type: 'container.ready', container });
    });
  const answer = ({ container, lease, call, first, count, attempt }: Extract<Command, { do: 'assign' }>): void => {
    const seq = (seqs.get(container) ?? 0) + 1;
    seqs.set(container, seq);
    const indexes = Uint32Array.from({ length: count }, (_, at) => first + at);
    const batch = {
      indexes,
      statuses: new Uint8Array(count).fill(2),
      seconds: new Float32Array(count).fill(0.000005),
      ended: true,
    };
    apply({ type: 'outcomes.arrived', container, seq, lease, call, attempt, ...batch });
  };
  const call = 'fc-bench' as CallId;
  const fn = 'fv-bench' as FunctionId;
  apply({ type: 'host.connected', host: 'ho' as HostId, cpus: containers, memory: 1, gpus: [], containers: [] });
  apply({
    type: 'function.put',
    function: fn,
    environment: 'en' as EnvironmentId,
    spec: specOf({ min_containers: containers }),
  });
  const policy = {
    kind: 'map',
    onFailure: 'continue',
    onOwnerLost: 'finish',
    attached: true,
    client: 'cl' as ClientId,
    origin: '',
  } as const;
  apply({ type: 'call.opened', opening: { call, function: fn, ...policy } });
  for (let first = 0; first < inputs; first += CHUNK)
    apply({ type: 'inputs.arrived', call, first, count: Math.min(CHUNK, inputs - first), bytes: 10_000 });
  apply({ type: 'call.sealed', call, count: inputs });
  for (const { container } of core.containers()) {
    apply({ type: 'container.connected', container, held: [] });
    apply({ type: 'container.ready', container });
  }
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) answer(next);
  if (core.call(call)?.state !== 'done') throw new Error('the map did not end');
}

describe('core.apply', () => {
  bench('a map of 1,000,000 inputs over 4 containers', () => map(1_000_000, 4), {
    iterations: 5,
    time: 0,
    warmupIterations: 1,
  });
  bench('a map of 10,000 inputs over 64 containers', () => map(10_000, 64), {
    iterations: 20,
    time: 0,
    warmupIterations: 1,
  });
});
