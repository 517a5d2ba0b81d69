// The scenes of the gallery: a bundle, what the kernel knows live, and what a person clicked.

import type { FailureGroup, GraphView, LiveCall } from '@farcall/kernel-bridge/notebook';

import { bundle, counts, liveCall, NOW, snapshotOf } from '../support/calls';
import { LONE, PIPELINE, WIDE } from '../support/graphs';

export interface Scene {
  readonly data: unknown;
  readonly live: readonly LiveCall[];
  readonly clicks?: readonly string[];
}

const FAILURES: readonly FailureGroup[] = [
  { kind: 'builtins.KeyError', message: "'price'", where: 'Cell In[4], line 7', count: 37, examples: [11, 48, 85] },
  {
    kind: 'builtins.ValueError',
    message: "could not convert string to float: 'n/a' in column “US Gross”",
    where: 'Cell In[4], line 12',
    count: 3,
    examples: [122],
  },
];

function map(some: Partial<LiveCall>, rest: Partial<Scene> = {}): Scene {
  const live = liveCall(some);
  return { data: bundle(snapshotOf(live)), live: [live], ...rest };
}

function saved(scene: Scene): Scene {
  return { ...scene, live: [] };
}

const running = map({});
const failed: Partial<LiveCall> = {
  state: 'failed',
  counts: counts({ succeeded: 957, failed: 40, timed_out: 3 }),
  failures: FAILURES,
  containers: 0,
  rate: 0,
  created_at: NOW - 212,
  ended_at: NOW - 12,
};
const call = { kind: 'remote', inputs: 1, name: 'train', hardware: '1 × A100', containers: 1 } as const;

export const SCENES: Readonly<Record<string, Scene>> = {
  running,
  starting: map({ counts: counts({ queued: 1000 }), rate: 0, containers: 0, created_at: NOW - 1.2 }),
  waiting: map({
    counts: counts({ queued: 1000 }),
    rate: 0,
    containers: 0,
    created_at: NOW - 41,
    waiting: "2 of 2 A100 busy, one by this notebook's own kernel; next free in about 40 s",
  }),
  unknown: map({
    sealed: false,
    state: 'open',
    inputs: 5120,
    counts: counts({ succeeded: 4096, running: 24, queued: 1000 }),
  }),
  'running-failures': map({
    counts: counts({ succeeded: 572, failed: 40, running: 12, retrying: 5, queued: 371 }),
    failures: FAILURES,
  }),
  done: map({
    state: 'done',
    counts: counts({ succeeded: 1000 }),
    containers: 0,
    created_at: NOW - 62,
    ended_at: NOW - 31.4,
  }),
  failed: map(failed),
  'failed-drawer': map(failed, { clicks: ['.farcall-Failure-examples button'] }),
  'failed-table': map(failed, { clicks: ['[role=tab]:nth-child(2)'] }),
  'done-drawer': map(
    { state: 'done', inputs: 12, counts: counts({ succeeded: 12 }), containers: 0, ended_at: NOW },
    { clicks: ['.farcall-InputList-item'] },
  ),
  cancelled: map({
    state: 'cancelled',
    counts: counts({ succeeded: 412, cancelled: 588 }),
    containers: 0,
    created_at: NOW - 30,
    ended_at: NOW - 2,
  }),
  incomplete: map({
    state: 'incomplete',
    counts: counts({ succeeded: 800, failed: 2 }),
    inputs: 802,
    containers: 0,
    ended_at: NOW,
  }),
  few: map({
    inputs: 9,
    counts: counts({ succeeded: 4, failed: 1, running: 2, queued: 2 }),
    failures: FAILURES.slice(0, 1),
    containers: 2,
    hardware: '2 × CPU',
  }),
  many: map({
    inputs: 10_000,
    counts: counts({ succeeded: 5120, failed: 60, timed_out: 8, running: 96, retrying: 40, queued: 4676 }),
    failures: FAILURES,
  }),
  million: map({
    inputs: 1_000_000,
    counts: counts({ succeeded: 412_345, running: 512, queued: 587_143 }),
    rate: 8100,
  }),
  empty: map({ state: 'done', inputs: 0, counts: counts({}), containers: 0, ended_at: NOW }),
  saved: saved(running),
  'saved-failed': saved(map(failed)),
  output: map({}, { clicks: ['[role=tab]:nth-child(3)'] }),
  hostile: { data: { v: 1, kind: 'map', call_id: '../../etc', snapshot: {} }, live: [] },
  'call-running': callScene(liveCall({ ...call, counts: counts({ running: 1 }), created_at: NOW - 75 })),
  'call-done': callScene(
    liveCall({ ...call, state: 'done', counts: counts({ succeeded: 1 }), containers: 0, ended_at: NOW }),
    {
      clicks: ['[role=tab]:nth-child(1)'],
    },
  ),
  'call-failed': callScene(
    liveCall({
      ...call,
      state: 'failed',
      counts: counts({ failed: 1 }),
      failures: FAILURES.slice(0, 1).map((group) => ({ ...group, count: 1, examples: [0] })),
      containers: 0,
      ended_at: NOW,
    }),
    { clicks: ['[role=tab]:nth-child(1)'] },
  ),
  'call-rows': rows(),
  graph: graphScene(PIPELINE),
  'graph-table': graphScene(PIPELINE, 2),
  'graph-time': graphScene(PIPELINE, 3),
  'graph-wide': graphScene(WIDE),
  'graph-lone': graphScene(LONE),
  'graph-empty': graphScene({ ...LONE, nodes: [] }),
};

function callScene(live: LiveCall, rest: Partial<Scene> = {}): Scene {
  return { data: bundle(snapshotOf(live), { kind: 'call' }), live: [live], ...rest };
}

/** A graph as a notebook holds it; `mode`: which of the three ways to show it was clicked. */
function graphScene(graph: GraphView, mode = 1): Scene {
  const live = liveCall({ ...call, name: graph.nodes[0]?.name ?? 'embed', counts: counts({ running: 1 }) });
  const clicks = [`.farcall-Graph-modes button:nth-child(${mode})`];
  return { data: bundle(snapshotOf(live), { kind: 'graph', graph }), live: [], clicks };
}

function rows(): Scene {
  const states = ['done', 'done', 'failed', 'sealed'] as const;
  const lives = states.map((state, at) =>
    liveCall({
      ...call,
      call_id: `fc-0000000000000000000000000000000${at}`,
      name: at === 3 ? 'score' : 'train',
      state,
      counts: counts(state === 'done' ? { succeeded: 1 } : state === 'failed' ? { failed: 1 } : { running: 1 }),
      containers: state === 'sealed' ? 1 : 0,
      created_at: NOW - 40 + at * 9,
      ended_at: state === 'sealed' ? 0 : NOW - 20 + at * 5,
    }),
  );
  const [first, ...others] = lives.map(snapshotOf);
  return { data: first === undefined ? {} : bundle(first, { kind: 'call', calls: others }), live: lives };
}
