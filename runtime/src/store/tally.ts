// Counts outcomes by status as they are written, so that a call's counts need no reading.

import { CANCELLED, FAILED, SUCCEEDED, TIMED_OUT } from '@farcall/kernel-bridge/wire';

import { type AnyOutcomes, isSettled, sizeOf, STATE, type Tally } from './outcome-rows.js';

export function emptyTally(): Tally {
  return { succeeded: 0, failed: 0, cancelled: 0, timed_out: 0 };
}

/** Adds the row's outcomes to `tally`. */
export function addTo(tally: Tally, row: AnyOutcomes): void {
  if (isSettled(row)) addStatus(tally, row.status, sizeOf(row));
  else for (const status of row.statuses) addStatus(tally, status, 1);
}

function addStatus(tally: Tally, status: number, count: number): void {
  const state = status & STATE;
  if (state === SUCCEEDED) tally.succeeded += count;
  else if (state === FAILED) tally.failed += count;
  else if (state === CANCELLED) tally.cancelled += count;
  else if (state === TIMED_OUT) tally.timed_out += count;
}
