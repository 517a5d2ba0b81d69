// The call graph folded by call path: one pass over the calls beneath a root, in the order in which they were opened, so that
// a parent always comes before its children. Takes calls and outcomes as they are handed in; knows no store and no clock.

import type { CallId, Counts, FunctionId, GraphNode } from '@farcall/kernel-bridge/wire';

import type { Row } from './outcomes.js';
import { f32Of } from './tables.js';
import { durationBin } from './timing.js';

export const MOST_NODES = 256;
export const BINS = 120;
const MOST_LISTED = 100;
const NO_COUNTS: Counts = { queued: 0, retrying: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, timed_out: 0 };

/** A call as it is folded. `endedAt`: 0 while it runs; `startedAt`: 0 before it does. */
export interface FoldedCall {
  readonly id: CallId;
  readonly function: FunctionId;
  readonly app: string;
  readonly name: string;
  readonly counts: Counts;
  readonly startedAt: number;
  readonly endedAt: number;
}
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Path {
  readonly parent: number;
  readonly app: string;
  readonly name: string;
  /** Paths right beneath it, by app and name. */
  readonly below: Map<string, number>;
  readonly counts: Record<keyof Counts, number>;
  readonly durations: Map<number, number>;
  readonly times: Span[];
  calls: number;
  hidden: number;
  /** The first calls that failed or run, and the first of the others. */
  readonly first: CallId[];
  readonly others: CallId[];
}

export class GraphFolding {
  readonly #paths: Path[] = [];
  /** Which path a call has; what has none that is shown, by the path that hides it. */
  readonly #of = new Map<CallId, { readonly path: number; readonly isHidden: boolean }>();

  /** `span`: the root's time so far. */
  constructor(private readonly span: Span) {}

  get size(): number {
    return this.#of.size;
  }

  /** The first one is the root. A call whose parent is not here is not of this graph: false. */
  add(call: FoldedCall, parent?: CallId): boolean {
    const above = parent === undefined ? undefined : this.#of.get(parent);
    if (above === undefined && (parent !== undefined || this.#of.size > 0)) return false;
    const path = above?.isHidden === true ? undefined : this.#path(call, above?.path ?? -1);
    if (path === undefined) {
      const by = above?.path ?? 0;
      this.#of.set(call.id, { path: by, isHidden: true });
      const hiding = this.#paths[by];
      if (hiding !== undefined) hiding.hidden += 1;
      return true;
    }
    this.#of.set(call.id, { path, isHidden: false });
    const taken = this.#paths[path];
    if (taken !== undefined) count(taken, call, this.span.to);
    return true;
  }

  /** Outcomes of a call that was added. What no container ran has no duration. */
  settled(row: Row): void {
    const at = this.#of.get(row.call_id);
    const path = at === undefined || at.isHidden ? undefined : this.#paths[at.path];
    if (path === undefined || 'ranges' in row) return;
    for (const seconds of f32Of(row.seconds)) {
      const bin = durationBin(seconds);
      path.durations.set(bin, (path.durations.get(bin) ?? 0) + 1);
    }
  }

  /** Up to a hundred calls of a node, those that failed or run first. */
  listed(node: number): readonly CallId[] | undefined {
    const path = this.#paths[node];
    return path && [...path.first, ...path.others].slice(0, MOST_LISTED);
  }

  nodes(): readonly GraphNode[] {
    return this.#paths.map((path) => {
      const { parent, app, name, calls, counts, hidden } = path;
      const only = path.first[0] ?? path.others[0];
      return {
        parent,
        app,
        name,
        calls,
        counts: { ...counts },
        p50: quantile(path.durations, 0.5),
        p95: quantile(path.durations, 0.95),
        ...covered(path.times, this.span),
        hidden,
        ...(calls === 1 && only !== undefined ? { call_id: only } : {}),
      };
    });
  }

  #path(call: FoldedCall, parent: number): number | undefined {
    const key = `${call.app}\n${call.name}`;
    const below = this.#paths[parent]?.below;
    const known = below?.get(key);
    if (known !== undefined) return known;
    if (this.#paths.length === MOST_NODES) return undefined;
    const { app, name } = call;
    const made = { below: new Map(), counts: { ...NO_COUNTS }, durations: new Map(), times: [], first: [], others: [] };
    this.#paths.push({ parent, app, name, calls: 0, hidden: 0, ...made });
    below?.set(key, this.#paths.length - 1);
    return this.#paths.length - 1;
  }
}

function count(path: Path, { id, counts, startedAt, endedAt }: FoldedCall, now: number): void {
  path.calls += 1;
  for (const state of Object.keys(path.counts) as (keyof Counts)[]) path.counts[state] += counts[state];
  if (startedAt > 0) path.times.push({ from: startedAt, to: endedAt || now });
  const isFirst = counts.failed + counts.timed_out + counts.running + counts.retrying > 0;
  const list = isFirst ? path.first : path.others;
  if (list.length < MOST_LISTED) list.push(id);
}

/** The middle of the bin in which it lies: right within 2.4 %. */
function quantile(durations: ReadonlyMap<number, number>, share: number): number {
  let total = 0;
  for (const count of durations.values()) total += count;
  let left = Math.ceil(total * share);
  for (const bin of [...durations.keys()].sort((a, b) => a - b)) {
    left -= durations.get(bin) ?? 0;
    if (left <= 0) return 10 ** ((bin + 0.5) / 50 - 6);
  }
  return 0;
}

/** How much of the span these times cover, in all and in each of its bins. */
function covered(times: readonly Span[], { from, to }: Span): Pick<GraphNode, 'share' | 'busy'> {
  const length = Math.max(1e-6, to - from);
  const width = length / BINS;
  const bins = new Float64Array(BINS);
  let total = 0;
  let end = from;
  for (const time of times.toSorted((a, b) => a.from - b.from)) {
    const begin = Math.max(time.from, end);
    const until = Math.min(time.to, to);
    if (until <= begin) continue;
    total += until - begin;
    end = until;
    fill(bins, (begin - from) / width, (until - from) / width);
  }
  const digit = (part: number): number => (part <= 0 ? 0 : Math.min(9, Math.ceil(part * 9 - 1e-9)));
  return { share: Math.min(1, total / length), busy: Array.from(bins, digit).join('') };
}

/** Adds to each bin the part of it between two positions, in bins. */
function fill(bins: Float64Array, begin: number, end: number): void {
  for (let bin = Math.floor(begin); bin < Math.min(BINS, end); bin += 1)
    bins[bin] = (bins[bin] ?? 0) + Math.min(end, bin + 1) - Math.max(begin, bin);
}
