// Graphs of calls as the store and the core have them, folded for views. They are read a page at a time, and a fold is used
// again for ten times as long as it took: views together take at most a tenth of the time there is.

import type { CallId, GraphFolded } from '@farcall/kernel-bridge/wire';

import type { NestedCall } from '../store/store.js';
import { BINS, type FoldedCall, GraphFolding, type Span } from './graph-fold.js';
import { countOf } from './outcomes.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';
import { nameOf, storedSummary, summaryOf } from './summaries.js';

/** Calls of one folded graph; the newest beyond it are only counted. */
const MOST_CALLS = 50_000;
const PAGE_CALLS = 500;
/** Outcomes of calls up to this size are read many calls at once. */
const SMALL = 256;
const PAGE_OUTCOMES = 65_536;
const KEPT_FOLDS = 8;
const LEAST_KEPT_MS = 200;

export type Folded = Omit<GraphFolded, 'type' | 'request'>;
interface Fold {
  readonly folding: GraphFolding;
  readonly folded: Folded;
  readonly freshUntil: number;
}

export class Graphs {
  /** By root; the one that was used last stands last. */
  readonly #folds = new Map<CallId, Promise<Fold>>();
  readonly #fresh = new Map<CallId, number>();

  async folded(parts: Parts, call: CallId): Promise<Folded> {
    return (await this.#fold(parts, await rootOf(parts, call))).folded;
  }

  /** Calls of a node of the folded graph. */
  async listed(parts: Parts, call: CallId, node: number): Promise<readonly CallId[]> {
    const { folding } = await this.#fold(parts, await rootOf(parts, call));
    const found = folding.listed(node);
    if (found === undefined) throw new Refusal('not.found', `the graph of ${call} has no node ${node}`);
    return found;
  }

  async #fold(parts: Parts, root: CallId): Promise<Fold> {
    const known = this.#folds.get(root);
    if (known !== undefined && performance.now() < (this.#fresh.get(root) ?? Infinity)) return known;
    const folding = fold(parts, root);
    this.#folds.delete(root);
    this.#folds.set(root, folding);
    this.#fresh.delete(root);
    const [oldest] = this.#folds.keys();
    if (this.#folds.size > KEPT_FOLDS && oldest !== undefined) this.#forget(oldest);
    try {
      const made = await folding;
      if (this.#folds.get(root) === folding) this.#fresh.set(root, made.freshUntil);
      return made;
    } catch (error) {
      if (this.#folds.get(root) === folding) this.#forget(root);
      throw error;
    }
  }

  #forget(root: CallId): void {
    this.#folds.delete(root);
    this.#fresh.delete(root);
  }
}

async function rootOf(parts: Parts, call: CallId): Promise<CallId> {
  parts.calls.mustBeOurs(call);
  const found = await parts.store.root(call);
  if (found === undefined) throw new Refusal('not.found', `there is no call ${call} here`);
  return found.row.call_id;
}

async function fold(parts: Parts, root: CallId): Promise<Fold> {
  const began = performance.now();
  const call = summaryOf(parts, root) ?? (await storedSummary(parts, root));
  const { call_id: id, function_id, app, name, counts, started_at: startedAt, ended_at: endedAt, inputs } = call;
  const span: Span = { from: call.created_at, to: Math.max(call.created_at, endedAt || Date.now() / 1000) };
  const folding = new GraphFolding(span);
  folding.add({ id, function: function_id, app, name, counts, startedAt, endedAt });
  await foldOutcomes(parts, folding, [{ call_id: root, inputs }]);
  const more = await foldCalls(parts, folding, root);
  const folded = { call, nodes: folding.nodes(), more, began: span.from, width: (span.to - span.from) / BINS };
  const took = performance.now() - began;
  return { folding, folded, freshUntil: performance.now() + Math.max(LEAST_KEPT_MS, 10 * took) };
}

/** How many calls are left out. */
async function foldCalls(parts: Parts, folding: GraphFolding, root: CallId): Promise<number> {
  for (let after = 0; folding.size < MOST_CALLS;) {
    const page = await parts.store.beneath(root, after, PAGE_CALLS);
    const taken = page.filter((call) => folding.add(foldedCall(parts, call), call.parent.call_id));
    await foldOutcomes(parts, folding, taken);
    if (page.length < PAGE_CALLS) return 0;
    after = page.at(-1)?.place ?? after;
  }
  return Math.max(0, (await parts.store.countBeneath(root)) + 1 - folding.size);
}

async function foldOutcomes(
  { store }: Parts,
  folding: GraphFolding,
  calls: readonly Pick<NestedCall, 'call_id' | 'inputs'>[],
): Promise<void> {
  const small = calls.filter(({ inputs }) => inputs > 0 && inputs <= SMALL);
  const asked = small.map(({ call_id: call, inputs: count }) => ({ call, first: 0, count }));
  if (asked.length > 0) for (const row of await store.outcomesIn(asked)) folding.settled(row);
  for (const { call_id, inputs } of calls) {
    if (inputs <= SMALL) continue;
    for (let seq = 0; ;) {
      const rows = await store.outcomes(call_id, seq, PAGE_OUTCOMES, 'tables');
      const last = rows.at(-1);
      if (last === undefined || last.seq + countOf(last) <= seq) break;
      for (const row of rows) if (row.seq >= seq) folding.settled(row);
      seq = last.seq + countOf(last);
    }
  }
}

/** What is final is as the store has it; the core is asked only for what is not. */
function foldedCall(parts: Parts, call: NestedCall): FoldedCall {
  const isOpen = call.state === 'open' || call.state === 'sealed';
  const live = isOpen ? parts.core.call(call.call_id) : undefined;
  const { app, name } = nameOfCall(parts, call);
  return {
    id: call.call_id,
    function: call.function_id,
    app,
    name,
    counts: live?.counts ?? call.counts,
    startedAt: live?.startedAt ?? call.started_at,
    endedAt: live?.endedAt ?? call.ended_at,
  };
}

export function nameOfCall(
  { functions }: Pick<Parts, 'functions'>,
  { function_id, method }: Pick<NestedCall, 'function_id' | 'method'>,
): { readonly app: string; readonly name: string; readonly module: string } {
  const spec = functions.get(function_id)?.spec;
  return { app: spec?.app ?? '', name: nameOf(spec?.name ?? '', method), module: spec?.module ?? '__main__' };
}
