// A folded call graph: parsed, and what views ask of it. A node is addressed by its position; its parent stands before it.

import type { Counts, GraphNodeView, GraphView } from '@farcall/kernel-bridge/notebook';

import { parseCallId, parseCounts } from './call-view';
import { amount, fields, list, SchemaError, text, whole } from './reader';
import type { StateWord } from './state';
import { finished } from './state';

const MAX_NODES = 256;
const BUSY = /^[0-9]*$/;

export function parseGraph(result: unknown): GraphView {
  const of = fields(result, 'graph');
  const nodes = list(of, 'nodes', { limit: MAX_NODES, item: parseNode });
  nodes.forEach(({ parent }, at) => {
    if (parent >= at || (at > 0 && parent < 0)) throw new SchemaError('nodes: a parent stands before its children');
  });
  return {
    call_id: parseCallId(of),
    nodes,
    more: whole(of, 'more'),
    began: amount(of, 'began'),
    width: amount(of, 'width'),
  };
}

function parseNode(value: unknown): GraphNodeView {
  const of = fields(value, 'nodes');
  const parent = of['parent'];
  if (typeof parent !== 'number' || !Number.isSafeInteger(parent) || parent < -1)
    throw new SchemaError('parent: a position was expected');
  const busy = text(of, 'busy', 400);
  if (!BUSY.test(busy)) throw new SchemaError('busy: digits were expected');
  return {
    parent,
    name: text(of, 'name', 200),
    calls: whole(of, 'calls'),
    counts: parseCounts(of['counts']),
    p50: amount(of, 'p50'),
    p95: amount(of, 'p95'),
    share: Math.min(1, amount(of, 'share')),
    busy,
    hidden: whole(of, 'hidden'),
    ...(of['call_id'] === undefined || of['call_id'] === '' ? {} : { call_id: parseCallId(of) }),
  };
}

/** A node that is on the screen, and where it stands in the tree. */
export interface Shown {
  readonly at: number;
  readonly depth: number;
  readonly hasChildren: boolean;
  /** Its place among its siblings, from 1, and how many they are: what a screen reader says. */
  readonly position: number;
  readonly siblings: number;
}

/** The nodes of which no ancestor is closed, as a tree is read: a parent, then what is beneath it. */
export function shownNodes({ nodes }: GraphView, closed: ReadonlySet<number>): readonly Shown[] {
  const below = childrenOf(nodes);
  const shown: Shown[] = [];
  const visit = (at: number, depth: number, position: number, siblings: number): void => {
    const children = below[at] ?? [];
    shown.push({ at, depth, hasChildren: children.length > 0, position, siblings });
    if (!closed.has(at)) children.forEach((child, index) => visit(child, depth + 1, index + 1, children.length));
  };
  if (nodes.length > 0) visit(0, 0, 1, 1);
  return shown;
}

export function childrenOf(nodes: readonly GraphNodeView[]): readonly (readonly number[])[] {
  const below: number[][] = nodes.map(() => []);
  nodes.forEach(({ parent }, at) => below[parent]?.push(at));
  return below;
}

/** A small graph is drawn with each parent beside the middle of its children; a tall one beside the first: its root is in sight. */
const TALL = 5;
/** What can be taken in at once. */
const MANY = 24;

/** Boxes of one size, a column a depth. */
export interface Box {
  readonly at: number;
  readonly column: number;
  /** In rows, from 0; halves happen. */
  readonly row: number;
}

export function layout(
  graph: GraphView,
  closed: ReadonlySet<number>,
): { readonly boxes: readonly Box[]; rows: number } {
  const below = childrenOf(graph.nodes);
  const boxes: Box[] = [];
  const leaves = shownNodes(graph, closed).filter(({ at, hasChildren }) => !hasChildren || closed.has(at)).length;
  let rows = 0;
  const place = (at: number, column: number): number => {
    const children = closed.has(at) ? [] : (below[at] ?? []);
    const places = children.map((child) => place(child, column + 1));
    const first = places[0] ?? rows;
    if (places.length === 0) rows += 1;
    const row = leaves > TALL ? first : (first + (places.at(-1) ?? first)) / 2;
    boxes.push({ at, column, row });
    return row;
  };
  if (graph.nodes.length > 0) place(0, 0);
  return { boxes: boxes.sort((a, b) => a.at - b.at), rows };
}

/** What a node is doing, in one word: what needs a look comes first. */
export function nodeState({ counts }: GraphNodeView): StateWord {
  if (counts.running > 0) return 'running';
  if (counts.retrying > 0) return 'retrying';
  if (counts.queued > 0) return 'queued';
  if (counts.failed > 0) return 'failed';
  if (counts.timed_out > 0) return 'timed out';
  return counts.cancelled > 0 ? 'cancelled' : 'succeeded';
}

export function totalOf(counts: Counts): number {
  return finished(counts) + counts.queued + counts.retrying + counts.running;
}

/** Whether nothing of it can change any more, as far as it was looked at. */
export function isOver({ nodes }: GraphView): boolean {
  return nodes.every(({ counts }) => counts.queued + counts.retrying + counts.running === 0);
}

/** The nodes that are closed at first: of a wide graph those below its second level, or its first, so that it can be seen. */
export function closedAtFirst(graph: GraphView): ReadonlySet<number> {
  const all = shownNodes(graph, new Set());
  if (all.length <= MANY) return new Set();
  const below = (depth: number): ReadonlySet<number> =>
    new Set(all.filter((node) => node.depth >= depth && node.hasChildren).map(({ at }) => at));
  return layout(graph, below(2)).rows <= MANY ? below(2) : below(1);
}
