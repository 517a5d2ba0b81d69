// Questions about a row of outcomes that both stores ask, whichever of the two kinds it is: how many outcomes, of
// which inputs, with which statuses. Rows come whole or as tables; none of this looks at payload bytes. The store's
// thread bundles it, so it takes only types from the wire.

import type { Counts } from '@farcall/kernel-bridge/wire';

import type { OutcomeRow, RestoredCall, SettledRow } from './store.js';

export type AnyOutcomes = OutcomeRow | SettledRow;
/** Final inputs of a call by status. */
export interface Tally {
  succeeded: number;
  failed: number;
  cancelled: number;
  timed_out: number;
}

/** A container may have set NO_RETRY in a status; the state is below it. */
export const STATE = 0x7f;

/** Payload bytes of one answer by cursor. */
export const PAGE_BYTES = 8 * 1024 * 1024;

/** The rows that fit a page, at least one. */
export function firstPage<Row>(rows: readonly Row[], bytesOf: (row: Row) => number): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex((row, at) => {
    bytes += bytesOf(row);
    return at > 0 && bytes > PAGE_BYTES;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

export function isSettled(row: AnyOutcomes): row is SettledRow {
  return 'ranges' in row;
}

export function sizeOf(row: AnyOutcomes): number {
  return isSettled(row) ? row.ranges.reduce((sum, [, count]) => sum + count, 0) : row.count;
}

export function holdsAny(row: AnyOutcomes, first: number, count: number): boolean {
  if (isSettled(row)) return row.ranges.some(([from, size]) => from < first + count && from + size > first);
  const view = new DataView(row.indexes.buffer, row.indexes.byteOffset, row.indexes.byteLength);
  for (let at = 0; at < row.indexes.length; at += 4) {
    const index = view.getUint32(at, true);
    if (index >= first && index < first + count) return true;
  }
  return false;
}

export function countsOf(inputs: number, tally: Tally): Counts {
  const { succeeded, failed, cancelled, timed_out } = tally;
  const queued = Math.max(0, inputs - succeeded - failed - cancelled - timed_out);
  return { queued, retrying: 0, running: 0, succeeded, failed, cancelled, timed_out };
}

/** Writes the row's statuses into the call's states, one byte an input. */
export function mark(states: Uint8Array, row: AnyOutcomes): void {
  if (isSettled(row)) {
    for (const [first, count] of row.ranges) states.fill(row.status & STATE, first, first + count);
    return;
  }
  const view = new DataView(row.indexes.buffer, row.indexes.byteOffset, row.indexes.byteLength);
  row.statuses.forEach((status, i) => (states[view.getUint32(i * 4, true)] = status & STATE));
}

/** Stretches of equal final states. */
export function runsOf(states: Uint8Array): RestoredCall['settled'] {
  const runs: { first: number; count: number; status: number }[] = [];
  for (let first = 0; first < states.length;) {
    const status = states[first] ?? 0;
    let end = first + 1;
    while (end < states.length && states[end] === status) end += 1;
    if (status !== 0) runs.push({ first, count: end - first, status });
    first = end;
  }
  return runs;
}
