// Work moves from busy containers to idle ones: an outcome is overdue, or a range turned out to be long. The holder is asked
// through its supervisor, which answers with the first input that really will not start there.

import { runsSeveral } from './capacity.js';
import type { Container } from './container.js';
import type { RemoteFunction } from './function.js';
import type { Lease } from './lease.js';
import { askBack } from './leases.js';
import { isOverdue } from './overdue.js';
import type { State } from './state.js';

/** While nothing is measured, what waits longer than this behind a first input is shared. */
export const UNMEASURED_MS = 50;
/** Less work than this is not worth moving. */
const WORTH_S = 0.1;

export function steal(s: State, fn: RemoteFunction): void {
  if (fn.hasWork || fn.running < 2 || runsSeveral(fn.spec)) return;
  let idle = 0;
  for (const container of fn.containers) if (container.isIdle) idle += 1;
  for (const container of fn.containers) {
    if (idle === 0) return;
    if (askOne(s, fn, container)) idle -= 1;
  }
}

/** Asks one container for the part of its work that others could have. */
function askOne(s: State, fn: RemoteFunction, container: Container): boolean {
  if (container.isWaiting || !container.isConnected) return false;
  for (const lease of [...container.leases].reverse()) {
    const first = shareOf(s, fn, lease);
    if (first >= lease.end) continue;
    askBack(s, lease, first);
    return true;
  }
  return false;
}

/** The first index that is worth asking back; `end` if none is. */
function shareOf(s: State, fn: RemoteFunction, lease: Lease): number {
  const isAsked = lease.revokeFrom !== Infinity || lease.cancelledAt > 0;
  if (isAsked || lease.open === 0) return lease.end;
  const isRunning = lease.container.leases.find(({ open }) => open > 0) === lease;
  const first = Math.max(lease.begunBefore, lease.next + (isRunning ? 1 : 0));
  const rest = lease.end - first;
  if (rest <= 0) return lease.end;
  const { container } = lease;
  if (fn.seconds === undefined) return s.now - container.progressAt >= UNMEASURED_MS ? first : lease.end;
  if (isOverdue(container, s.now)) return first;
  return rest * fn.seconds >= WORTH_S ? lease.end - Math.ceil(rest / 2) : lease.end;
}
