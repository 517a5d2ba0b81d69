// Outcomes that no container made: cancelled, lost, poison, never started. The core settles whole stretches at once, and
// tells the containers that still hold some of them to drop it.

import { CANCELLED, FAILED, QUEUED, RUNNING, TIMED_OUT, type FailureCode } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import { endIfSettled, seal } from './ending.js';
import { isFinal, type Stretch } from './input.js';
import type { Lease } from './lease.js';
import type { State } from './state.js';

/** After a cancel: how long an input may take to unwind before its container is killed. */
export const CANCEL_GRACE_MS = 1_000;

export interface Verdict {
  readonly status: number;
  readonly code: FailureCode;
  readonly message: string;
}

/** Settles stretches of queued and running inputs. Leases are the caller's business. */
export function settle(s: State, call: Call, stretches: readonly Stretch[], verdict: Verdict): void {
  const open = stretches.filter((stretch) => !isFinal(stretch.state));
  if (open.length === 0) return;
  let total = 0;
  for (const { first, count, state } of open) {
    call.move(first, count, state, verdict.status);
    total += count;
    if (call.spent.size > 0 && count === 1) call.spent.delete(first);
  }
  for (const index of call.delayed) if (isFinal(call.inputs.state(index))) call.undelay(index);
  s.out.persist({
    do: 'persist.settled',
    call: call.id,
    seq: call.seq,
    ranges: open.map(({ first, count }) => [first, count] as const),
    attempts: open.map(({ attempt }) => attempt),
    ...verdict,
  });
  call.seq += total;
  call.settledAt(s.now, total);
  s.out.published(call);
}

/** Settles one running or queued input as failed, and does what the call's policy says about that. */
export function fail(s: State, call: Call, index: number, verdict: Verdict): void {
  settle(s, call, [call.inputs.stretch(index, index + 1)], verdict);
  afterFailure(s, call, index);
  endIfSettled(s, call);
}

/** What a final failure means for the others. */
export function afterFailure(s: State, call: Call, index: number): void {
  const policy = call.opening.onFailure;
  if (policy === 'continue' || call.isEnded) return;
  call.endAs('failed');
  seal(s, call);
  const from = policy === 'stop_after' ? index + 1 : 0;
  cancelInputs(s, call, { from, scope: 'all', message: 'another input of the call failed' });
}

/** `queued`: only what no container holds. */
export interface Cancel {
  readonly from: number;
  readonly scope: 'all' | 'queued';
  readonly message: string;
}

/** Cancels what is not final, from an index on. */
export function cancelInputs(s: State, call: Call, { from, scope, message }: Cancel): void {
  const stretches = call.inputs.stretches(from, call.inputs.length);
  const chosen = stretches.filter(({ state }) => state === QUEUED || (scope === 'all' && state === RUNNING));
  if (scope === 'all') dropLeases(s, call, from);
  settle(s, call, chosen, { status: CANCELLED, code: 'user.cancelled', message });
  if (from === 0) call.queue.clear();
  if (scope === 'all') cancelChildren(s, call, message);
  s.touch(call.fn);
}

/** Cancels a call as its user asked, or because nobody wants it any more. */
export function cancelCall(s: State, call: Call, scope: 'all' | 'queued', message: string): void {
  if (call.isEnded) return;
  const before = call.inputs.counts[CANCELLED] ?? 0;
  const wasOpen = !call.isSealed;
  seal(s, call);
  cancelInputs(s, call, { from: 0, scope, message });
  if (scope === 'all' || wasOpen || (call.inputs.counts[CANCELLED] ?? 0) > before) call.endAs('cancelled');
  endIfSettled(s, call);
}

/** Leases that hold inputs from `from` on are cancelled there; the containers end them. */
function dropLeases(s: State, call: Call, from: number): void {
  for (const lease of call.leases) {
    const owned = lease.owned(from);
    const first = owned[0]?.first;
    if (first === undefined) continue;
    lease.open -= owned.reduce((sum, { count }) => sum + count, 0);
    cancelLease(s, lease, first);
  }
}

/** Tells the container to drop a lease's inputs from `first` on; it ends the lease when it has. */
export function cancelLease(s: State, lease: Lease, first: number): void {
  lease.cancelledAt = s.now;
  lease.cancelFrom = Math.min(lease.cancelFrom, first);
  const { container, number } = lease;
  s.out.act({
    do: 'lease.cancel',
    container: container.id,
    lease: number,
    first: lease.cancelFrom,
    graceMs: CANCEL_GRACE_MS,
  });
}

/** Calls that the cancelled inputs opened are not wanted either. */
function cancelChildren(s: State, call: Call, message: string): void {
  for (const child of [...(s.children.get(call.id) ?? [])]) {
    const index = child.opening.parent?.index;
    if (index !== undefined && call.inputs.state(index) === CANCELLED) cancelCall(s, child, 'all', message);
  }
}

/** Fails all queued inputs of a function: no container of it can come up. */
export function failQueued(s: State, calls: Iterable<Call>, code: FailureCode, message: string): void {
  for (const call of calls) {
    const queued = call.inputs.stretches(0, call.inputs.length).filter(({ state }) => state === QUEUED);
    const first = queued[0]?.first;
    if (call.isEnded || first === undefined) continue;
    settle(s, call, queued, { status: FAILED, code, message });
    afterFailure(s, call, first);
    endIfSettled(s, call);
  }
}

export function isFailure(status: number): boolean {
  return status === FAILED || status === TIMED_OUT;
}
