// After a restart: calls come back from the store, containers from their supervisors. What a restored container may hold is
// not given to others until it has said what it holds, or 20 seconds have passed.

import { CANCELLED, QUEUED, RUNNING } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import { Container } from './container.js';
import { endIfSettled, leaveParent } from './ending.js';
import type { Event, RestoredLease } from './events.js';
import { Lease } from './lease.js';
import { bury } from './life.js';
import { addCall } from './opening.js';
import { bornAt, type State } from './state.js';
import { afterFailure, isFailure } from './verdict.js';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

const ADOPTION_MS = 20_000;
/** An outcome that was not committed before the restart comes again within this after the container's hello. */
const RESEND_MS = 500;
/** More leases than a container can use up in a second, and so many seconds that the number stays below 2^31. */
const LEASES_A_SECOND = 1_000;
const LONGEST_LIFE_S = 2_000_000;

export function callRestored(s: State, event: Of<'call.restored'>): void {
  if (s.calls.has(event.opening.call) || !s.functions.has(event.opening.function)) return;
  const call = addCall(s, event.opening);
  Object.assign(call, { seq: event.seq, createdAt: event.createdAt, startedAt: event.startedAt });
  call.isHeld = true;
  call.append(event.inputs, 0);
  for (const { first, count, status } of event.settled) call.move(first, count, QUEUED, status);
  for (const [index, attempt] of event.attempts) {
    if (call.inputs.state(index) !== QUEUED || attempt < 2) continue;
    call.inputs.setAttempt(index, attempt);
    // Whose fault the earlier attempts were is not stored: they count as the user's, so none runs more often than promised.
    call.spentOf(index).user = attempt - 1;
  }
  if (isFinalState(event.state)) return shelve(s, call, event);
  if (event.sealed) call.state = 'sealed';
  ownerIsAway(s, call);
  s.heldBack.add(call);
  resumePolicy(s, call);
  endIfSettled(s, call);
}

export function containerRestored(
  s: State,
  { container: id, function: functionId, leases, newest = 0 }: Of<'container.restored'>,
): void {
  const fn = s.functions.get(functionId);
  if (fn === undefined) return;
  s.restoredUntil = Math.max(s.restoredUntil, s.now + ADOPTION_MS);
  const container =
    s.containers.get(id) ??
    newcomer(s, new Container(id, fn, { cpus: fn.spec.cpu, memory: fn.spec.memory, gpus: [], share: 1 }, s));
  container.lastLease = Math.max(container.lastLease, newest);
  for (const lease of leases) restoreLease(s, container, lease);
}

/** Held-back calls go on as soon as every restored container of their function has spoken. */
export function releaseHeld(s: State): void {
  for (const call of s.heldBack) {
    let isAwaited = false;
    for (const { isAwaited: isAway, adoptedAt } of call.fn.containers)
      if (isAway || (adoptedAt > 0 && s.now < adoptedAt + RESEND_MS)) isAwaited = true;
    if (isAwaited && s.now < s.restoredUntil) continue;
    s.heldBack.delete(call);
    call.release();
    call.fn.enlist(call);
    s.touch(call.fn);
  }
}

/** Containers that did not come back in time are lost. */
export function watchRestored(s: State): void {
  if (s.restoredUntil === 0 || s.now < s.restoredUntil) return;
  s.restoredUntil = 0;
  for (const container of [...s.containers.values()]) {
    if (!container.isAwaited) continue;
    s.out.act({ do: 'stop', container: container.id, how: 'kill' });
    bury(s, container);
  }
}

function newcomer(s: State, container: Container): Container {
  container.state = 'starting';
  container.isAwaited = true;
  const age = Math.min(LONGEST_LIFE_S, Math.max(0, s.at - bornAt(container.id)) + 1);
  // Leases count up over the container's whole life. How far it got may not be known, and clocks are set back: the higher
  // of the two counts.
  container.lastLease = Math.ceil(age * LEASES_A_SECOND);
  container.fn.containers.add(container);
  container.fn.hasStarted = true;
  s.containers.set(container.id, container);
  return container;
}

function restoreLease(s: State, container: Container, restored: RestoredLease): void {
  const call = s.calls.get(restored.call);
  container.lastLease = Math.max(container.lastLease, restored.lease);
  if (call === undefined || call.fn !== container.fn || container.lease(restored.lease) !== undefined) return;
  const end = Math.min(restored.first + restored.count, call.inputs.length);
  const lease = new Lease(
    { ...restored, number: restored.lease, container, call, count: Math.max(0, end - restored.first), weight: 0 },
    s.now,
  );
  lease.open = 0;
  for (const { first, count, state, attempt } of call.inputs.stretches(restored.first, end)) {
    if (state !== QUEUED || attempt > restored.attempt) continue;
    if (attempt < restored.attempt)
      for (let index = first; index < first + count; index += 1) call.inputs.setAttempt(index, restored.attempt);
    call.move(first, count, QUEUED, RUNNING);
    lease.open += count;
  }
  container.leases.push(lease);
  container.leases.sort((a, b) => a.number - b.number);
  container.calls.add(call);
  container.taken += lease.open;
  call.leases.add(lease);
  call.containers.add(container);
  container.fn.hasStarted = true;
}

/** A call that had ended: kept for those who derive from it. */
function shelve(s: State, call: Call, event: Of<'call.restored'>): void {
  call.state = event.state as Call['state'];
  call.endedAt = event.endedAt;
  call.endedNow = s.now;
  call.isHeld = false;
  call.queue.clear();
  s.openCalls -= 1;
  leaveParent(s, call);
  const client = s.client(call.opening.client);
  client.calls.delete(call);
  // Whoever owned it has not connected again, and may never.
  if (client.calls.size === 0 && client.lostAt === Infinity) client.lostAt = s.now;
  s.ended.push(call);
}

function ownerIsAway(s: State, call: Call): void {
  const client = s.client(call.opening.client);
  if (client.calls.size === 1 && client.lostAt === Infinity) client.lostAt = s.now;
}

/** What the call was about to become is read off its outcomes. */
function resumePolicy(s: State, call: Call): void {
  if ((call.inputs.counts[CANCELLED] ?? 0) > 0) call.endAs('cancelled');
  if (call.opening.onFailure === 'continue') return;
  const failure = call.inputs.stretches(0, call.inputs.length).find(({ state }) => isFailure(state));
  if (failure === undefined) return;
  call.ending = 'failed';
  afterFailure(s, call, failure.first);
}

function isFinalState(state: string): boolean {
  return state !== 'open' && state !== 'sealed';
}
