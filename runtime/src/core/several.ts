// Scheduling for functions that run several inputs at once: every input its own lease, so that one that blocks holds back
// no other; of a batched function a lease is its call's part of a batch. What such a container held when it ended is here too.

import type { Call } from './call.js';
import { isBatched, isSuspect, occupiedOf, roomOf, SUSPECT } from './capacity.js';
import type { Container } from './container.js';
import type { RemoteFunction } from './function.js';
import type { Lease } from './lease.js';
import type { Blame } from './leases.js';
import type { Taken } from './queue.js';
import { chargeDeath, chargeInfrastructure, chargeUser, runAgain, timedOut, unstart } from './retry.js';
import type { State } from './state.js';
import { FAILED } from '@farcall/kernel-bridge/wire';

/** Payload bytes of one lease: with its edges it stays within one frame. */
const MOST_BYTES = 512 * 1024;

export type Give = (call: Call, container: Container, taken: Taken) => void;
/** Inputs that the container may still be given in its life. */
export type Quota = (container: Container) => number;

export function scheduleSeveral(s: State, fn: RemoteFunction, quota: Quota, give: Give): void {
  const room = (container: Container): number =>
    container.mayBeGiven ? Math.min(quota(container), roomOf(fn, container, s.now)) : 0;
  while (fn.hasWork) {
    const container = bestOf(fn, room);
    if (container === undefined || !giveNext(fn, container, room, give)) return;
  }
}

/** Batches are filled one after the other; everything else is spread. */
function bestOf(fn: RemoteFunction, room: (container: Container) => number): Container | undefined {
  const isFuller = isBatched(fn.spec) ? 1 : -1;
  let best: Container | undefined;
  for (const container of fn.containers) {
    if (room(container) <= 0) continue;
    if (best === undefined || (occupiedOf(container) - occupiedOf(best)) * isFuller > 0) best = container;
  }
  return best;
}

function giveNext(fn: RemoteFunction, best: Container, room: (container: Container) => number, give: Give): boolean {
  for (let call = fn.nextCall(); call !== undefined; call = fn.nextCall()) {
    const most = isBatched(fn.spec) ? room(best) : 1;
    const byWeight = (weight: number): number => (weight > 0 ? Math.min(most, Math.floor(MOST_BYTES / weight)) : most);
    const taken = call.isEnded || call.isHeld ? undefined : call.queue.take(call.inputs, byWeight);
    if (taken === undefined) continue;
    const container = isSuspect(call, taken.first) ? emptyOne(fn, room) : best;
    if (container === undefined) {
      // Nothing is given to anybody until a container is empty, or it would never be this input's turn.
      call.queue.giveBack([taken]);
      fn.enlistFirst(call);
      return false;
    }
    give(call, container, taken);
    fn.enlist(call);
    return true;
  }
  return false;
}

function emptyOne(fn: RemoteFunction, room: (container: Container) => number): Container | undefined {
  for (const container of fn.containers) if (container.leases.length === 0 && room(container) > 0) return container;
  return undefined;
}

/** It stands still with what it runs: leases that it had not seen when it said so go to others. */
export function takeBackUnseen(s: State, container: Container, newest: number): void {
  for (const lease of [...container.leases]) {
    if (lease.number <= newest) continue;
    unstart(s, lease.call, lease.owned(lease.first), lease.weight);
    container.drop(lease, s.now);
  }
  s.out.act({ do: 'leases.revoked', container: container.id, through: container.lastLease });
  s.touch(container.fn);
}

/**
 * A container that ran several inputs is gone. What was not running did not begin, or is done and will say so under an older
 * attempt. Of those that ran nobody knows who ended it: each is suspect, and after two such ends runs alone.
 */
export function loseSeveral(s: State, container: Container, blame: Blame | undefined): void {
  const running = blame?.running;
  const leases = [...container.leases];
  for (const lease of leases) container.drop(lease, s.now);
  if (blame === undefined || running === undefined || running.length === 0) return loseUnseen(s, leases, blame);
  const ran = new Set(running.map(([lease, index]) => `${lease} ${index}`));
  const isAlone = running.length === 1;
  for (const lease of leases)
    for (const { first, count } of lease.owned(lease.first))
      for (let index = first; index < first + count; index += 1) {
        // A failure before it may have cancelled it.
        if (!lease.owns(index)) continue;
        const how = { ...blame, index, lease: lease.number };
        if (!ran.has(`${lease.number} ${index}`)) runAgain(s, lease.call, [{ first: index, count: 1 }]);
        else charge(s, lease, how, isAlone || isNamed(lease, index, blame));
      }
}

/** The supervisor ended the container for this very input. */
function isNamed(lease: Lease, index: number, { lease: number, index: named, reason }: Blame): boolean {
  // A batch is late as a whole.
  if (reason === 'timeout' && isBatched(lease.call.fn.spec)) return true;
  return lease.number === number && index === named && (reason === 'timeout' || reason === 'cancelled');
}

function charge(s: State, { call }: Lease, { index, reason, detail }: Blame, isSure: boolean): void {
  const isDeath = reason === 'exited' || reason === 'signal';
  if (reason === 'timeout' && isSure) return chargeUser(s, call, index, timedOut(call));
  if (isSure && reason === 'memory')
    return chargeUser(s, call, index, { status: FAILED, code: 'container.memory', message: detail });
  if (isSure && isDeath) return chargeDeath(s, call, index, detail || 'the container ended');
  if (isDeath || reason === 'memory') {
    const spent = call.spentOf(index);
    if (isDeath) spent.deaths = Math.min(SUSPECT, spent.deaths + 1);
    else spent.swellings += 1;
  }
  runAgain(s, call, [{ first: index, count: 1 }]);
}

/** Nobody knows what ran. Somebody has to be charged, or a container that always dies would go on for ever. */
function loseUnseen(s: State, leases: readonly Lease[], blame: Blame | undefined): void {
  let isCharged = blame !== undefined && blame.reason !== 'exited' && blame.reason !== 'signal';
  for (const lease of leases) {
    const owned = lease.owned(lease.first);
    const first = owned[0]?.first;
    if (first === undefined) continue;
    runAgain(s, lease.call, isCharged ? owned : lease.owned(first + 1));
    if (!isCharged) chargeInfrastructure(s, lease.call, first, 'the container was lost');
    isCharged = true;
  }
}
