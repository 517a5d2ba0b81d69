// How a call closes: sealed when no input can come any more, ended when the last one is settled.
// Ended calls are kept for a while, because clients resend, and views and derived calls still ask for them.

import type { Call } from './call.js';
import type { Container } from './container.js';
import type { State } from './state.js';

/** Ended calls are kept so long, or while they are few; never more than so many. */
const KEPT_MS = 60_000;
const KEPT = 2_000;
const MOST_KEPT = 20_000;

/** No input comes any more. */
export function seal(s: State, call: Call): void {
  if (call.isSealed) return;
  call.state = 'sealed';
  s.out.changed(call);
}

export function endIfSettled(s: State, call: Call): void {
  if (call.state !== 'sealed' || call.inputs.unsettled > 0) return;
  call.state = call.ending;
  call.endedAt = s.at;
  call.endedNow = s.now;
  call.queue.clear();
  call.spent.clear();
  call.release();
  s.heldBack.delete(call);
  s.openCalls -= 1;
  s.clients.get(call.opening.client)?.calls.delete(call);
  leaveParent(s, call);
  for (const container of call.containers) s.forgetful.add(container);
  s.ended.push(call);
  s.out.ended(call);
}

/** Tells containers to drop what ended calls shared, a tick's worth at a time: it is no hurry, and messages cost. */
export function forgetEnded(s: State): void {
  for (const container of s.forgetful) {
    let isDone = true;
    for (const call of container.calls) {
      if (!call.isEnded) continue;
      if (container.leases.some((lease) => lease.call === call)) isDone = false;
      else forget(s, container, call);
    }
    if (isDone) s.forgetful.delete(container);
  }
}

/** Drops what nobody needs to ask the core for: the store has it. */
export function dropOldCalls(s: State): void {
  for (let oldest = s.ended[0]; oldest !== undefined && s.ended.length > KEPT; oldest = s.ended[0]) {
    if (s.ended.length <= MOST_KEPT && s.now - oldest.endedNow < KEPT_MS) return;
    s.ended.shift();
    // Whoever derives from it keeps it, and drops it when it goes itself.
    if (oldest.dependents === 0) drop(s, oldest);
    else oldest.isOld = true;
  }
}

function drop(s: State, call: Call): void {
  s.calls.delete(call.id);
  const base = call.opening.base && s.calls.get(call.opening.base.call);
  if (base === undefined) return;
  base.dependents -= 1;
  if (base.dependents === 0 && base.isOld) drop(s, base);
}

function forget(s: State, container: Container, call: Call): void {
  container.calls.delete(call);
  call.containers.delete(container);
  if (!container.isGone) s.out.act({ do: 'forget', container: container.id, call: call.id });
}

/** It is no longer one of the open calls that the parent's inputs made. */
export function leaveParent(s: State, call: Call): void {
  const parent = call.opening.parent?.call_id;
  const siblings = parent && s.children.get(parent);
  if (!parent || !siblings) return;
  siblings.delete(call);
  if (siblings.size === 0) s.children.delete(parent);
}
