// Inputs that take far longer than those before them. Nothing may wait behind one: the autoscaler and the scheduler do not
// count on its container, stealing.ts takes away what lies there, and where all that runs is like this the measurement goes.

import { runsSeveral } from './capacity.js';
import type { Container } from './container.js';
import type { RemoteFunction } from './function.js';

const OVERDUE_MS = 1_000;
const OVERDUE_TIMES = 5;

/** An outcome of it should have come long ago. */
export function isOverdue({ fn, leases, progressAt }: Container, now: number): boolean {
  if (fn.seconds === undefined || now - progressAt <= OVERDUE_MS) return false;
  const running = leases.find(({ open }) => open > 0);
  return running !== undefined && now - progressAt > OVERDUE_TIMES * fn.seconds * 1000 * running.open;
}

/** Its containers that inputs should not wait for. */
export function overdueOf(fn: RemoteFunction, now: number): number {
  let overdue = 0;
  for (const container of fn.containers) if (container.isActive && isOverdue(container, now)) overdue += 1;
  return overdue;
}

/** Where inputs wait and all that run are overdue, these are not like those that were measured. */
export function forgetWhatNoLongerHolds(fn: RemoteFunction, now: number): void {
  if (fn.seconds === undefined) return;
  let waiting = fn.available;
  let overdue = 0;
  for (const container of fn.containers) {
    if (!container.isActive || container.leases.length === 0) continue;
    if (!isOverdue(container, now)) return;
    overdue += 1;
    if (!runsSeveral(fn.spec)) waiting += container.held - 1;
  }
  if (overdue > 0 && waiting > 0) fn.forget();
}
