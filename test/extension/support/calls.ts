// Calls, bundles and events as the kernel would send them, for tests and the gallery.

import type { CallView, Counts, LiveCall, ViewBundle } from '@farcall/kernel-bridge/notebook';

export const NOW = 1_795_000_000;
const NONE: Counts = { queued: 0, retrying: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, timed_out: 0 };

export function counts(some: Partial<Counts>): Counts {
  return { ...NONE, ...some };
}

export function callView(some: Partial<CallView> = {}): CallView {
  return {
    call_id: 'fc-0000000000000000000000000000CALL',
    kind: 'map',
    name: 'embed',
    state: 'sealed',
    inputs: 1000,
    sealed: true,
    attached: true,
    counts: counts({ succeeded: 412, running: 12, queued: 576 }),
    rate: 33.4,
    containers: 3,
    hardware: '3 × A100',
    waiting: '',
    failures: [],
    created_at: NOW - 12.3,
    started_at: NOW - 12,
    ended_at: 0,
    ...some,
  };
}

export function liveCall(some: Partial<LiveCall> = {}): LiveCall {
  const view = callView(some);
  const related = some.related === undefined ? {} : { related: some.related };
  return {
    ...view,
    ...related,
    cells: some.cells ?? cellsOf(view),
    cell: some.cell ?? Math.max(1, Math.ceil(view.inputs / 4096)),
  };
}

/** Squares that agree with the counts, in the order in which a map settles. */
export function cellsOf({ inputs, counts: by }: CallView): string {
  const cell = Math.max(1, Math.ceil(inputs / 4096));
  const squares = Math.ceil(inputs / cell);
  const of = (count: number): number => Math.round((count / Math.max(1, inputs)) * squares);
  const letters = [
    ...'s'.repeat(of(by.succeeded)),
    ...'r'.repeat(of(by.running)),
    ...'y'.repeat(of(by.retrying)),
    ...'c'.repeat(of(by.cancelled)),
  ];
  const bad = [...'f'.repeat(of(by.failed)), ...'t'.repeat(of(by.timed_out))];
  bad.forEach((letter, at) => letters.splice((at * 37 + 11) % Math.max(1, of(by.succeeded)), 0, letter));
  return letters.join('').padEnd(squares, 'q').slice(0, squares);
}

export function bundle(snapshot: CallView, some: Partial<ViewBundle> = {}): ViewBundle {
  return { v: 1, kind: 'map', call_id: snapshot.call_id, snapshot, saved_at: NOW, ...some };
}

/** The call without its squares, as a notebook holds it. */
export function snapshotOf(live: LiveCall): CallView {
  const view: Record<string, unknown> = { ...live };
  delete view['cells'];
  delete view['cell'];
  delete view['labels'];
  delete view['related'];
  return view as unknown as CallView;
}
