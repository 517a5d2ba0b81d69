// Gives queued ranges to containers of their function, sized by how long inputs take: about 30 ms of work a range, so that
// messages are few for short inputs and nothing waits behind a long one. Calls take turns; the emptiest container is first.

import { QUEUED, RUNNING } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import { runsSeveral } from './capacity.js';
import type { Container } from './container.js';
import { activeOf, type RemoteFunction } from './function.js';
import { Lease } from './lease.js';
import { leave } from './life.js';
import { isOverdue } from './overdue.js';
import type { Taken } from './queue.js';
import { scheduleSeveral } from './several.js';
import type { State } from './state.js';

/** A range is about this much work; never less than `LEAST_S` while there is more. */
const RANGE_S = 0.03;
const LEAST_S = 0.003;
const MOST = 1_024;
/** Inputs shorter than this may go in larger ranges. */
const TINY_S = 20e-6;
const MOST_TINY = 4_096;
/** Payload bytes of one range: with its edges it stays within one frame. */
const MOST_BYTES = 512 * 1024;
/** Longer inputs are given one by one, to containers that have nothing else. */
const LONG_S = 0.05;
/** Below this, two ranges lie ahead of the running one; above it, one. */
const SHORT_S = 0.001;
/** Small ranges (single inputs of many calls) may lie ahead as long as they are less work than this. */
const AHEAD_S = 0.02;
const MOST_LEASES = 16;

export function schedule(s: State, fn: RemoteFunction): void {
  if (runsSeveral(fn.spec)) return scheduleSeveral(s, fn, quotaFor(fn), (...given) => give(s, ...given));
  while (fn.hasWork) {
    const container = emptiest(fn, s.now);
    if (container === undefined) break;
    const given = giveNext(s, fn, container);
    if (!given) break;
  }
}

/** Gives the next range of the next call in line to the container. */
function giveNext(s: State, fn: RemoteFunction, container: Container): boolean {
  for (let call = fn.nextCall(); call !== undefined; call = fn.nextCall()) {
    const taken = call.isEnded || call.isHeld ? undefined : call.queue.take(call.inputs, mostOf(call, container));
    if (taken === undefined) continue;
    give(s, call, container, taken);
    fn.enlist(call);
    return true;
  }
  return false;
}

function give(s: State, call: Call, container: Container, taken: Taken): void {
  const { fn } = call;
  container.lastLease += 1;
  container.taken += taken.count;
  const lease = new Lease({ ...taken, number: container.lastLease, container, call }, s.now);
  call.undelay(taken.first);
  call.move(taken.first, taken.count, QUEUED, RUNNING);
  if (container.leases.length === 0) container.progressAt = s.now;
  container.leases.push(lease);
  container.calls.add(call);
  call.leases.add(lease);
  call.containers.add(container);
  fn.startFailures = 0;
  fn.unreadable = 0;
  if (fn.seconds === undefined && fn.firstGivenAt === 0) fn.firstGivenAt = s.now;
  if (call.startedAt === 0) {
    call.startedAt = s.at;
    s.out.changed(call);
  }
  s.out.shown(call);
  const { first, count, attempt } = taken;
  s.out.act({ do: 'assign', container: container.id, lease: lease.number, call: call.id, first, count, attempt });
}

/** The container with room that has the least to do. */
function emptiest(fn: RemoteFunction, now: number): Container | undefined {
  let best: Container | undefined;
  for (const container of fn.containers) {
    if (!hasRoom(fn, container, now)) continue;
    if (best === undefined || container.leases.length < best.leases.length) best = container;
    if (best.leases.length === 0) break;
  }
  return best;
}

function hasRoom(fn: RemoteFunction, container: Container, now: number): boolean {
  if (!container.isUsable || quotaOf(fn, container) <= 0) return false;
  const held = container.leases.length;
  if (held === 0) return true;
  if (isOverdue(container, now)) return false;
  if (fn.seconds === undefined || fn.seconds > LONG_S || fn.spec.is_generator) return false;
  // Behind a generator, which may stand still for its reader, nothing is to wait.
  if (container.leases.some(({ cancelledAt, call }) => cancelledAt > 0 || call.opening.yields === true)) return false;
  if (held < (fn.seconds > SHORT_S ? 2 : 3)) return true;
  return held < MOST_LEASES && container.held * fn.seconds < AHEAD_S;
}

/** How many inputs of a given weight may go in one range now. */
function mostOf({ fn, opening }: Call, container: Container): (weight: number) => number {
  const quota = quotaOf(fn, container);
  const byTime = opening.yields === true ? 1 : countOf(fn);
  return (weight) => Math.min(quota, byTime, weight > 0 ? Math.floor(MOST_BYTES / weight) : MOST);
}

function countOf(fn: RemoteFunction): number {
  const backlog = fn.available;
  if (fn.spec.is_generator) return 1;
  if (fn.seconds === undefined) return backlog < 64 ? 1 : backlog < MOST ? 4 : 8;
  const most = Math.min(fn.seconds < TINY_S ? MOST_TINY : MOST, Math.max(1, Math.round(RANGE_S / fn.seconds)));
  const least = Math.min(most, Math.max(1, Math.round(LEAST_S / fn.seconds)));
  // Near the end ranges shrink, so that all containers finish together.
  const share = Math.ceil(backlog / (2 * Math.max(1, activeOf(fn))));
  return Math.min(most, Math.max(least, share));
}

function quotaFor(fn: RemoteFunction): (container: Container) => number {
  return (container) => quotaOf(fn, container);
}

function quotaOf(fn: RemoteFunction, container: Container): number {
  const allowed = fn.spec.max_inputs;
  return allowed > 0 ? allowed - container.taken : Infinity;
}

/** Containers that have run what they may run leave. */
export function retireUsedUp(s: State, fn: RemoteFunction): void {
  if (fn.spec.max_inputs === 0) return;
  for (const container of fn.containers)
    if (container.isIdle && container.leavingAt === 0 && quotaOf(fn, container) <= 0) leave(s, container, 'drain');
}
