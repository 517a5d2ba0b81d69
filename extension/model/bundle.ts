// The MIME bundle of one output, as found in a notebook: hostile until checked. A bundle that fails the check becomes a
// sentence for the view, never an exception.

import type { CallView, ViewBundle } from '@farcall/kernel-bridge/notebook';

import { parseCallId, parseCallView } from './call-view';
import { parseGraph } from './graph';
import { amount, fields, list, oneOf, SchemaError } from './reader';

/** More calls than this on one card are cut; a cell that made so many is better read in the sidebar. */
const MAX_CALLS = 200;
const MAX_BYTES = 200_000;

export type ReadBundle =
  { readonly ok: true; readonly bundle: ViewBundle } | { readonly ok: false; readonly problem: string };

export function readBundle(data: unknown): ReadBundle {
  try {
    return { ok: true, bundle: parseBundle(data) };
  } catch (error) {
    if (error instanceof SchemaError) return { ok: false, problem: error.message };
    throw error;
  }
}

/** All calls of a card, the first one first, each id once. */
export function callsOf(bundle: ViewBundle): readonly CallView[] {
  const calls = new Map([bundle.snapshot, ...(bundle.calls ?? [])].map((call) => [call.call_id, call]));
  return [...calls.values()];
}

function parseBundle(data: unknown): ViewBundle {
  const of = fields(data, 'bundle');
  if (of['v'] !== 1) throw new SchemaError('v: made by another version of farcall');
  if (JSON.stringify(data).length > MAX_BYTES) throw new SchemaError('bundle: too large');
  const snapshot = parseCallView(of['snapshot']);
  const bundle: ViewBundle = {
    v: 1,
    kind: oneOf(of, 'kind', ['map', 'call', 'graph'] as const),
    call_id: parseCallId(of),
    snapshot,
    saved_at: amount(of, 'saved_at'),
    ...(of['graph'] === undefined ? {} : { graph: parseGraph(of['graph']) }),
  };
  return of['calls'] === undefined
    ? bundle
    : { ...bundle, calls: list(of, 'calls', { limit: MAX_CALLS, item: parseCallView }) };
}
