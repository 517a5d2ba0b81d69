// What happens to leases besides outcomes: they end, are revoked, given back, or lost with their container.
// Every way out returns what was not settled to the queue, or settles it.

import { runsSeveral } from './capacity.js';
import type { Container } from './container.js';
import type { Event } from './events.js';
import type { Lease } from './lease.js';
import { chargeDeath, chargeInfrastructure, chargeUser, runAgain, timedOut, unstart } from './retry.js';
import { loseSeveral } from './several.js';
import type { State } from './state.js';
import { FAILED } from '@farcall/kernel-bridge/wire';

type Exit = Extract<Event, { type: 'container.exited' }>;
/** What is known of a container's end: which input was running, and why it is gone. */
export type Blame = Pick<Exit, 'lease' | 'index' | 'reason' | 'detail' | 'running'>;

/** Nothing of the lease is left in its container; what it skipped was never started. */
export function endLease(s: State, lease: Lease): void {
  unstart(s, lease.call, lease.owned(lease.first), lease.weight);
  lease.container.drop(lease, s.now);
  s.touch(lease.container.fn);
}

/** The container, or its supervisor, says that inputs from `first` on will not start there. */
export function leaseRevoked(
  s: State,
  { container: id, lease: number, first }: Extract<Event, { type: 'lease.revoked' }>,
): void {
  const lease = s.containers.get(id)?.lease(number);
  if (lease === undefined) return;
  lease.revokeFrom = Infinity;
  lease.begunBefore = first;
  cut(s, lease, first);
}

/** The lease ends before `first`; the rest goes back to the queue. */
export function cut(s: State, lease: Lease, first: number): void {
  const rest = lease.owned(first);
  lease.open -= rest.reduce((sum, { count }) => sum + count, 0);
  unstart(s, lease.call, rest, lease.weight);
  lease.end = Math.max(lease.first, Math.min(lease.end, first));
}

/**
 * An input of the container waits for a call of its own: it starts nothing else, so the rest goes to others. Leases behind the
 * oldest have not begun. Of the oldest, outcomes of short inputs may not have been sent yet: its supervisor knows which one runs.
 */
export function keepOnlyRunning(s: State, container: Container): void {
  const [running, ...behind] = container.leases.filter(({ open, cancelledAt }) => open > 0 || cancelledAt > 0);
  for (const lease of behind) endLease(s, lease);
  if (running !== undefined && running.open > 1 && running.cancelledAt === 0) askBack(s, running, running.next + 1);
  s.out.act({ do: 'leases.revoked', container: container.id, through: container.lastLease });
}

/** Asks for a lease's inputs from `first` on; answered by `lease.revoked`. */
export function askBack(s: State, lease: Lease, first: number): void {
  lease.revokeFrom = first;
  s.out.act({ do: 'lease.revoke', container: lease.container.id, lease: lease.number, first });
}

/**
 * The container is gone, or cut off for good. `blame` names the input that was running. Inputs that surely had not begun are
 * queued as if nothing had been; those that may have begun get their next attempt; the one that ran is charged for it.
 */
export function loseLeases(s: State, container: Container, blame?: Blame): void {
  if (runsSeveral(container.fn.spec)) return loseSeveral(s, container, blame);
  const running = blame?.lease ?? 0;
  let suspect = blame === undefined || (running === 0 && isDeath(blame));
  for (const lease of [...container.leases]) {
    // Leases run in order, so those after the running one have not begun.
    if (running > 0 && lease.number > running) unstart(s, lease.call, lease.owned(lease.first), lease.weight);
    else if (blame !== undefined && lease.number === running) loseRunning(s, lease, blame);
    else suspect = loseUnknown(s, lease, suspect);
    container.drop(lease, s.now);
  }
}

function loseRunning(s: State, lease: Lease, blame: Blame): void {
  const { call } = lease;
  const isOwned = lease.owns(blame.index);
  const started = lease.owned(lease.first);
  unstart(s, call, lease.owned(blame.index + 1), lease.weight);
  for (const { first, count } of started) {
    const end = Math.min(first + count, blame.index);
    if (end > first) runAgain(s, call, [{ first, count: end - first }]);
  }
  if (isOwned) charge(s, lease, blame);
}

/** Nobody knows how far the container got. Returns whether the first running input is still to be charged. */
function loseUnknown(s: State, lease: Lease, suspect: boolean): boolean {
  const stretches = lease.owned(lease.first);
  const first = stretches[0]?.first;
  if (first === undefined) return suspect;
  const free = suspect ? lease.owned(first + 1) : stretches;
  runAgain(s, lease.call, free);
  if (suspect) chargeInfrastructure(s, lease.call, first, 'the container was lost');
  return false;
}

function isDeath({ reason }: Blame): boolean {
  return reason === 'exited' || reason === 'signal';
}

function charge(s: State, { call }: Lease, blame: Blame): void {
  const { index, reason, detail } = blame;
  if (reason === 'timeout') chargeUser(s, call, index, timedOut(call));
  else if (reason === 'memory')
    chargeUser(s, call, index, { status: FAILED, code: 'container.memory', message: detail });
  else if (isDeath(blame)) chargeDeath(s, call, index, detail || 'the container ended');
  else runAgain(s, call, [{ first: index, count: 1 }]);
}
