// Parses what the bridge and the saved bundles say of a call. The types are the bridge contract's; this is the one
// place where unknown data becomes them.

import type { CallState, CallView, Counts, FailureGroup, LiveCall } from '@farcall/kernel-bridge/notebook';

import type { Fields } from './reader';
import { amount, fields, flag, list, oneOf, SchemaError, text, whole } from './reader';

const KINDS = ['remote', 'map', 'spawn', 'spawn_map'] as const;
const STATES: readonly CallState[] = ['open', 'sealed', 'done', 'failed', 'cancelled', 'incomplete'];
/** Ids are generated, never user text; they are put into cells we insert, so nothing else may pass. */
const CALL_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const CELLS = /^[qyrsfct]*$/;
/** The grid never has more squares than this; the kernel bins above it. */
export const MAX_CELLS = 4096;

export function parseCallId(of: Fields, key = 'call_id'): string {
  const id = text(of, key, 100);
  if (!CALL_ID.test(id)) throw new SchemaError(`${key}: not the id of a call`);
  return id;
}

export function parseCallView(value: unknown): CallView {
  const of = fields(value, 'call');
  return {
    call_id: parseCallId(of),
    kind: oneOf(of, 'kind', KINDS),
    name: text(of, 'name', 200),
    state: oneOf(of, 'state', STATES),
    inputs: whole(of, 'inputs'),
    sealed: flag(of, 'sealed'),
    attached: flag(of, 'attached'),
    counts: parseCounts(of['counts']),
    rate: amount(of, 'rate'),
    containers: whole(of, 'containers'),
    hardware: text(of, 'hardware', 80),
    waiting: text(of, 'waiting', 500),
    failures: list(of, 'failures', { limit: 20, item: parseFailureGroup }),
    created_at: amount(of, 'created_at'),
    started_at: amount(of, 'started_at'),
    ended_at: amount(of, 'ended_at'),
  };
}

export function parseLiveCall(value: unknown): LiveCall {
  const of = fields(value, 'call');
  const cells = text(of, 'cells', MAX_CELLS);
  if (!CELLS.test(cells)) throw new SchemaError('cells: a letter of no state');
  return {
    ...parseCallView(value),
    cells,
    cell: Math.max(1, whole(of, 'cell')),
    labels: of['labels'] === true,
    related: of['related'] === true,
  };
}

export function parseCounts(value: unknown): Counts {
  const of = fields(value, 'counts');
  return {
    queued: whole(of, 'queued'),
    retrying: whole(of, 'retrying'),
    running: whole(of, 'running'),
    succeeded: whole(of, 'succeeded'),
    failed: whole(of, 'failed'),
    cancelled: whole(of, 'cancelled'),
    timed_out: whole(of, 'timed_out'),
  };
}

function parseFailureGroup(value: unknown): FailureGroup {
  const of = fields(value, 'failures');
  return {
    kind: text(of, 'kind', 200),
    message: text(of, 'message', 500),
    where: text(of, 'where', 200),
    count: whole(of, 'count'),
    examples: list(of, 'examples', { limit: 3, item: parseIndex }),
  };
}

function parseIndex(value: unknown): number {
  return whole({ examples: value }, 'examples');
}
