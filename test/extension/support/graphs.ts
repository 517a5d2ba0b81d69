// Folded call graphs as the kernel would send them, for tests and the gallery.

import type { GraphNodeView, GraphView } from '@farcall/kernel-bridge/notebook';

import { callView, counts, NOW } from './calls';

export const CALL_ID = callView().call_id;

function node(parent: number, name: string, some: Partial<GraphNodeView> = {}): GraphNodeView {
  const busy = some.busy ?? '9'.repeat(120);
  return {
    parent,
    name,
    calls: 1,
    counts: counts({ succeeded: 1 }),
    p50: 0,
    p95: 0,
    share: 1,
    busy,
    hidden: 0,
    ...some,
  };
}

function graph(...nodes: readonly GraphNodeView[]): GraphView {
  return { call_id: CALL_ID, nodes, more: 0, began: NOW - 120, width: 1 };
}

const lane = (from: number, to: number): string =>
  Array.from({ length: 120 }, (_, at) => (at >= from && at < to ? '9' : '0')).join('');

/** A pipeline that runs: films are fetched, embedded and scored; some failed. */
export const PIPELINE = graph(
  node(-1, 'pipeline', { counts: counts({ running: 1 }), call_id: CALL_ID }),
  node(0, 'fetch', {
    counts: counts({ succeeded: 3198, failed: 3 }),
    p50: 0.42,
    p95: 2.1,
    share: 0.31,
    busy: lane(2, 39),
    call_id: 'fc-0000000000000000000000000000FETC',
  }),
  node(0, 'embed', {
    calls: 412,
    counts: counts({ succeeded: 396, running: 12, retrying: 4 }),
    p50: 3.4,
    p95: 11.8,
    share: 0.62,
    busy: lane(40, 120),
  }),
  node(2, 'tokenize', {
    calls: 396,
    counts: counts({ succeeded: 396 }),
    p50: 0.012,
    p95: 0.03,
    share: 0.21,
    busy: lane(41, 118),
  }),
  node(2, 'model.predict', {
    calls: 396,
    counts: counts({ succeeded: 6200, running: 96, queued: 40 }),
    p50: 0.9,
    p95: 2.2,
    share: 0.55,
    busy: lane(44, 120),
  }),
  node(0, 'score', { calls: 2, counts: counts({ queued: 2 }), share: 0, busy: lane(0, 0) }),
);

/** As wide as graphs come: 256 paths of 10,000 calls. */
export const WIDE = graph(
  node(-1, 'sweep', { call_id: CALL_ID, hidden: 120 }),
  ...Array.from({ length: 15 }, (_, at) =>
    node(0, `stage_${at}`, {
      calls: 40,
      counts: counts({ succeeded: 39, failed: at % 5 === 2 ? 1 : 0 }),
      p50: 0.2 + at,
      p95: 1 + 2 * at,
      share: 0.06,
    }),
  ),
  ...Array.from({ length: 240 }, (_, at) =>
    node(1 + (at % 15), `a_function_with_a_long_name_${at}`, {
      calls: 39,
      counts: counts({ succeeded: 39 }),
      p50: 0.01,
      p95: 0.02,
      share: 0.004,
    }),
  ),
);

/** Nothing was called. */
export const LONE = graph(
  node(-1, 'embed', { counts: counts({ succeeded: 1 }), p50: 1.2, p95: 1.2, call_id: CALL_ID }),
);
