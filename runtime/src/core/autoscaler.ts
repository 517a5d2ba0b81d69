// How many containers a function should have, and why. Policy only: placement.ts makes it so.

import { capacityOf, isBatched, runsSeveral, targetOf } from './capacity.js';
import type { RemoteFunction, Wish } from './function.js';
import { overdueOf } from './overdue.js';
import type { State } from './state.js';

/** Without an outcome for so long, inputs count as slow. */
export const PATIENCE_MS = 20;
/** Inputs longer than this get a container each. */
const SLOW_S = 0.1;
/** Inputs shorter than this are mostly overhead: a crowd would not help. */
const QUICK_S = 0.001;
/** A backlog should be gone in so long: of short inputs, and of tiny ones. */
const DRAIN_S = 0.25;
const DRAIN_TINY_S = 1;

export function desire(s: State, fn: RemoteFunction): Wish {
  const work = workOf(fn);
  const needed = neededFor(s, fn, work);
  const { minContainers, maxContainers, bufferContainers } = fn.settings;
  if (fn.spec.is_base === true && work === 0)
    return { desired: 0, because: 'each set of parameters has containers of its own' };
  const floor = fn.isReplaced || !fn.isWanted ? 0 : minContainers;
  const buffer = work > 0 && !fn.isReplaced ? bufferContainers : 0;
  const wanted = Math.max(floor, needed.desired + buffer);
  if (!fn.hasStarted && wanted > 1)
    return { desired: 1, because: 'the first container has to come up before there are more' };
  if (maxContainers > 0 && wanted > maxContainers)
    return { desired: maxContainers, because: `${needed.because}; max_containers is ${maxContainers}` };
  if (wanted > needed.desired)
    return { desired: wanted, because: `${needed.because}; min_containers is ${floor}, buffer_containers ${buffer}` };
  return needed;
}

/** Inputs that wait or run, without those whose container waits for nested calls: it does not count either. */
function workOf(fn: RemoteFunction): number {
  let work = Math.max(0, fn.available);
  for (const container of fn.containers) if (container.isActive) work += container.held;
  return work;
}

function neededFor(s: State, fn: RemoteFunction, work: number): Wish {
  if (work === 0 && s.now < fn.shownUntil) return { desired: 1, because: 'a value of it is to be shown' };
  if (work === 0) return { desired: 0, because: 'nothing is queued or running' };
  const seconds = fn.seconds;
  if (seconds === undefined) {
    const isSlow = fn.firstGivenAt > 0 && s.now - fn.firstGivenAt >= PATIENCE_MS;
    if (!isSlow) return { desired: 1, because: 'how long an input takes is not measured yet' };
    const said = fn.isOutdated ? 'that take much longer than those before' : `and no outcome after ${PATIENCE_MS} ms`;
    return shared(fn, work, `${work} inputs ${said}`);
  }
  if (seconds >= SLOW_S) return shared(fn, work, `${work} inputs of ${seconds.toFixed(2)} s`);
  const drain = seconds < QUICK_S ? DRAIN_TINY_S : DRAIN_S;
  const overdue = runsSeveral(fn.spec) ? 0 : overdueOf(fn, s.now);
  const rest = work - overdue;
  const cores = [...s.hosts.values()].reduce((sum, host) => sum + host.cpus, 0);
  const most = seconds < QUICK_S ? Math.max(1, Math.ceil(cores)) : rest;
  const desired = Math.max(1, overdue + Math.min(most, rest, Math.ceil((rest * seconds) / drain)));
  const besides = overdue > 0 ? `, beside ${overdue} that should have been done long ago` : '';
  return shared(
    fn,
    desired,
    `${rest} inputs of ${(seconds * 1000).toPrecision(2)} ms, to be done in ${drain} s${besides}`,
  );
}

/** What so many containers would do one input at a time, fewer do that run several at once. */
function shared(fn: RemoteFunction, desired: number, because: string): Wish {
  const each = targetOf(fn.spec);
  if (each === 1) return { desired, because };
  const how = isBatched(fn.spec) ? 'in batches of' : 'a container aims at';
  return { desired: Math.ceil(desired / each), because: `${because}; ${how} ${each}${burstOf(fn, each)}` };
}

function burstOf({ spec }: RemoteFunction, target: number): string {
  const most = capacityOf(spec);
  return most > target ? ` and takes up to ${most} at once` : isBatched(spec) ? '' : ' at once';
}
