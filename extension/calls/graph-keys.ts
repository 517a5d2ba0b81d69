// The keys of a tree of calls, as the ARIA practices have them: one tab stop, up and down through what is shown, right and
// left to open, close and climb, Enter for the calls of a node. Drawing and table share them.

import type { GraphView } from '@farcall/kernel-bridge/notebook';
import type { KeyboardEvent } from 'react';
import { useRef, useState } from 'react';

import type { Shown } from '../model/graph';

export interface TreeProps {
  readonly graph: GraphView;
  readonly nodes: readonly Shown[];
  readonly closed: ReadonlySet<number>;
  readonly selected: number | undefined;
  readonly onToggle: (at: number) => void;
  readonly onOpen: (at: number) => void;
}

export interface TreeKeys<Root extends HTMLElement> {
  readonly root: React.RefObject<Root>;
  onKey(event: KeyboardEvent): void;
  /** What every node has. */
  itemProps(node: Shown): {
    readonly 'data-node': number;
    readonly tabIndex: number;
    readonly 'aria-level': number;
    readonly 'aria-posinset': number;
    readonly 'aria-setsize': number;
    readonly 'aria-expanded': boolean | undefined;
    readonly 'aria-selected': boolean;
    onFocus(): void;
  };
}

export function useTreeKeys<Root extends HTMLElement>(tree: TreeProps): TreeKeys<Root> {
  const { graph, nodes, closed, selected, onToggle, onOpen } = tree;
  const root = useRef<Root>(null);
  const [current, setCurrent] = useState(0);
  const tabStop = nodes.some((node) => node.at === current) ? current : 0;
  const focus = (target: number | undefined): void => {
    if (target !== undefined) root.current?.querySelector<HTMLElement>(`[data-node="${target}"]`)?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    const at = nodeOf(event.target) ?? tabStop;
    const index = nodes.findIndex((node) => node.at === at);
    const node = nodes[index];
    if (node === undefined) return;
    const isClosed = closed.has(at);
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => focus(nodes[index + 1]?.at),
      ArrowUp: () => focus(nodes[index - 1]?.at),
      Home: () => focus(nodes[0]?.at),
      End: () => focus(nodes.at(-1)?.at),
      ArrowRight: () => (node.hasChildren && isClosed ? onToggle(at) : focus(nodes[index + 1]?.at)),
      ArrowLeft: () => (node.hasChildren && !isClosed ? onToggle(at) : focus(graph.nodes[at]?.parent)),
      Enter: () => onOpen(at),
      ' ': () => onOpen(at),
    };
    const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  return {
    root,
    onKey,
    itemProps: (node) => ({
      'data-node': node.at,
      tabIndex: node.at === tabStop ? 0 : -1,
      'aria-level': node.depth + 1,
      'aria-posinset': node.position,
      'aria-setsize': node.siblings,
      'aria-expanded': node.hasChildren ? !closed.has(node.at) : undefined,
      'aria-selected': node.at === selected,
      onFocus: () => setCurrent(node.at),
    }),
  };
}

/** The node on which a key was pressed. */
function nodeOf(target: EventTarget): number | undefined {
  const at = target instanceof Element ? target.closest('[data-node]')?.getAttribute('data-node') : undefined;
  return at === undefined || at === null ? undefined : Number(at);
}
