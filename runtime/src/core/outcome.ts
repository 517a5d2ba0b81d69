// Outcomes as containers send them. One counts if its lease still owns the input; a late success of an input that is not
// final is adopted and the newer run cancelled; a late failure is dropped; anything for a final input is known already.

import { NO_RETRY, QUEUED, RUNNING, SUCCEEDED, TIMED_OUT } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import { endIfSettled } from './ending.js';
import type { Event } from './events.js';
import { isFinal } from './input.js';
import { endLease } from './leases.js';
import type { Lease } from './lease.js';
import { mayRetry, retryLater } from './retry.js';
import type { State } from './state.js';
import { afterFailure, cancelLease, isFailure } from './verdict.js';

type Batch = Extract<Event, { type: 'outcomes.arrived' }>;

export function outcomesArrived(s: State, batch: Batch): void {
  const call = s.calls.get(batch.call);
  // Not acknowledged: the container keeps them until the client has sent its call again.
  if (call === undefined) return;
  const found = s.containers.get(batch.container)?.lease(batch.lease);
  const lease = found?.call === call ? found : undefined;
  if (lease !== undefined) answered(s, lease, batch);
  const failures = isPlain(batch, lease) ? takeAll(call, lease, batch) : takeSome(s, call, lease, batch);
  if (lease !== undefined && batch.ended) endLease(s, lease);
  emit(s, call, batch, failures);
  endIfSettled(s, call);
}

export function itemsArrived(s: State, { call, index }: Extract<Event, { type: 'items.arrived' }>): void {
  s.calls.get(call)?.yielded.add(index);
}

interface Judged {
  /** Positions in the batch; undefined: all. */
  readonly taken: readonly number[] | undefined;
  readonly failed: readonly number[];
}

function answered(s: State, lease: Lease, batch: Batch): void {
  const { container, call } = lease;
  container.progressAt = s.now;
  container.answered += batch.indexes.length;
  let total = 0;
  for (const seconds of batch.seconds) total += seconds;
  call.fn.measure(total, batch.seconds.length);
  s.touch(call.fn);
}

/** The common case: consecutive inputs that the lease owns, all succeeded. */
function isPlain(batch: Batch, lease: Lease | undefined): lease is Lease {
  const { indexes, statuses } = batch;
  const first = indexes[0];
  if (lease === undefined || first === undefined) return false;
  const end = first + indexes.length;
  if (first < lease.first || end > lease.end) return false;
  for (let at = 0; at < indexes.length; at += 1)
    if (indexes[at] !== first + at || statuses[at] !== SUCCEEDED) return false;
  const { state, attempt, count } = lease.call.inputs.stretch(first, end);
  return state === RUNNING && attempt === lease.attempt && count === indexes.length;
}

function takeAll(call: Call, lease: Lease, { indexes }: Batch): Judged {
  call.move(indexes[0] ?? 0, indexes.length, RUNNING, SUCCEEDED);
  if (call.spent.size > 0) for (const index of indexes) call.spent.delete(index);
  lease.open -= indexes.length;
  return { taken: undefined, failed: [] };
}

function takeSome(s: State, call: Call, lease: Lease | undefined, batch: Batch): Judged {
  const taken: number[] = [];
  const failed: number[] = [];
  batch.indexes.forEach((index, at) => {
    const status = batch.statuses[at] ?? SUCCEEDED;
    const state = status & ~NO_RETRY;
    if (!isFinal(state) || state > TIMED_OUT) return;
    if (lease?.owns(index) === true) {
      lease.open -= 1;
      const isRetried = isFailure(state) && (status & NO_RETRY) === 0 && mayRetry(call, index);
      if (isRetried) return retryLater(s, call, index);
      call.move(index, 1, RUNNING, state);
      if (isFailure(state)) failed.push(index);
    } else if (state !== SUCCEEDED || !adopt(s, call, index)) return;
    call.spent.delete(index);
    taken.push(at);
  });
  return { taken: taken.length === batch.indexes.length ? undefined : taken, failed };
}

/** A late success of an input that is not final: taken, and whoever runs it now may stop. */
function adopt(s: State, call: Call, index: number): boolean {
  if (index >= call.inputs.length || isFinal(call.inputs.state(index))) return false;
  const newer = call.leaseOf(index);
  call.undelay(index);
  call.move(index, 1, newer === undefined ? QUEUED : RUNNING, SUCCEEDED);
  if (newer === undefined) return true;
  newer.open -= 1;
  // A cancel takes all that follows as well, so a newer run among others is left alone: its outcome will be known.
  if (newer.open > 0) return true;
  cancelLease(s, newer, index);
  return true;
}

function emit(s: State, call: Call, batch: Batch, { taken, failed }: Judged): void {
  const count = taken === undefined ? batch.indexes.length : taken.length;
  if (count > 0) {
    const positions = taken && { taken: Uint32Array.from(taken) };
    s.out.persist({ do: 'persist.outcomes', call: call.id, seq: call.seq, ...positions });
    call.seq += count;
    call.settledAt(s.now, count);
    s.out.published(call);
  }
  s.out.tell({ do: 'acknowledge', container: batch.container, through: batch.seq });
  for (const index of failed) afterFailure(s, call, index);
}
