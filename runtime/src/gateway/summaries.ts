// A call as views and lists see it: its fixed part from the book of calls, its state from the core, or all of it from the store.

import type { CallId, CallSummary, Counts } from '@farcall/kernel-bridge/wire';

import type { CallRow } from '../store/store.js';
import { type CallEntry, entryOf, isYielding } from './calls.js';
import type { LiveCall } from './core-view.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';

type Known = Pick<Parts, 'core' | 'calls' | 'functions'>;

/** Of a call that the core holds, or of a stored row; undefined when there is neither. */
export function summaryOf(
  parts: Known,
  id: CallId,
  stored?: { readonly row: CallRow; readonly counts: Counts; readonly hasChildren: boolean },
): CallSummary | undefined {
  const live = parts.core.call(id);
  const entry = parts.calls.get(id);
  if (live !== undefined && entry !== undefined) return summary(parts, entry, asCommitted(parts, id, live));
  if (stored === undefined) return undefined;
  const { row, counts } = stored;
  const { state, inputs, sealed, attached, seq } = row;
  const found = summary(parts, entryOf(row), {
    state,
    inputs,
    sealed,
    attached,
    seq,
    counts,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  });
  return stored.hasChildren ? { ...found, has_children: true } : found;
}

/** Its end is said once it is committed, like every fact: until then its last outcomes cannot be read. */
function asCommitted({ calls }: Known, id: CallId, live: LiveCall): LiveCall {
  if (live.endedAt === 0 || !calls.isOpen(id)) return live;
  return { ...live, state: live.sealed ? 'sealed' : 'open', endedAt: 0 };
}

export async function storedSummary(parts: Parts, id: CallId): Promise<CallSummary> {
  const found = await parts.store.call(id);
  const call = found === undefined ? undefined : summaryOf(parts, id, found);
  if (call === undefined) throw new Refusal('not.found', `there is no call ${id} here`);
  return call;
}

function summary({ functions, calls }: Known, entry: CallEntry, live: LiveCall): CallSummary {
  const spec = functions.get(entry.function)?.spec;
  return {
    call_id: entry.id,
    function_id: entry.function,
    app: spec?.app ?? '',
    name: nameOf(spec?.name ?? '', entry.method),
    kind: entry.kind,
    state: live.state,
    inputs: live.inputs,
    sealed: live.sealed,
    attached: live.attached,
    is_generator: entry.method === undefined ? (spec?.is_generator ?? false) : isYielding(entry.method),
    counts: live.counts,
    created_at: entry.created_at,
    started_at: live.startedAt,
    ended_at: live.endedAt,
    origin: entry.origin,
    ...(entry.base === undefined ? {} : { base: entry.base }),
    ...(entry.parent === undefined ? {} : { parent: entry.parent }),
    ...(calls.hasChildren(entry.id) ? { has_children: true } : {}),
    ...(entry.method === undefined ? {} : { pool: spec?.name ?? '' }),
  };
}

/** `Class.method` where its instances are kept apart as `Class#hash`; else the function's own name. */
export function nameOf(name: string, method: string | undefined): string {
  return method === undefined ? name : `${name.split('#')[0] ?? ''}.${method.replace('*', '')}`;
}
