// The call graph of a card: drawn, as a table, or over time. Folded by the gateway, so a few hundred nodes at most are here;
// asked again every two seconds while it is looked at and something in it moves. A node opens its calls, a call its inputs.

import type { CallView, GraphView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { RefObject } from 'react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import { formatCount } from '../model/format';
import { closedAtFirst, isOver, parseGraph, shownNodes } from '../model/graph';
import { isFinal } from '../model/state';
import { useAsked } from './asking';
import { GraphBoxes, MIN_WIDTH } from './graph-boxes';
import { NodeCalls } from './graph-calls';
import { GraphTable } from './graph-table';
import { useWidth } from './hooks';
import { Boundary, Note } from './parts';
import { OWN_KEYS } from './own-keys';
import { useServices } from './services';
import { askBridge } from './table';

export interface GraphProps {
  /** Any call of the tree. */
  readonly call: CallView;
  readonly bridge: KernelBridge | undefined;
  readonly isVisible: boolean;
  /** What the notebook holds, shown while no kernel answers. */
  readonly saved?: GraphView | undefined;
}

const REFRESH_MS = 2_000;
const MODES = ['graph', 'table', 'time'] as const;
type Mode = (typeof MODES)[number];

export function Graph({ call, bridge, isVisible, saved }: GraphProps): JSX.Element {
  const { trans } = useServices();
  const { graph, problem } = useGraph(call, bridge, isVisible);
  const shown = graph ?? saved;
  if (bridge?.lacks('graph') === true && shown === undefined)
    return <p className="farcall-Empty">{trans.__('This kernel runs an older farcall that has no call graphs.')}</p>;
  if (shown === undefined && bridge === undefined)
    return <p className="farcall-Empty">{trans.__('The graph is not saved here; reconnect to see it.')}</p>;
  return (
    <div className="farcall-Graph">
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
      {shown === undefined && problem === '' && <p className="farcall-Empty">{trans.__('Reading…')}</p>}
      {shown !== undefined && <Loaded key={shown.call_id} graph={shown} bridge={graph && bridge} />}
    </div>
  );
}

function useGraph(
  call: CallView,
  bridge: KernelBridge | undefined,
  isVisible: boolean,
): { readonly graph: GraphView | undefined; readonly problem: string } {
  const { trans } = useServices();
  const { answer, problem, ask } = useAsked<GraphView>();
  const isAnswering = bridge !== undefined && !bridge.lacks('graph');
  const { call_id } = call;
  const load = useCallback(() => {
    if (!isAnswering) return;
    ask(async () => parseGraph(await askBridge(bridge, trans).ask({ intent: 'graph', call_id })));
  }, [ask, bridge, call_id, isAnswering, trans]);
  useEffect(load, [load, isFinal(call)]);
  const isMoving = isVisible && (answer === undefined || !isOver(answer) || !isFinal(call));
  useEffect(() => {
    if (!isMoving) return undefined;
    const timer = setInterval(load, REFRESH_MS);
    return () => clearInterval(timer);
  }, [load, isMoving]);
  return { graph: answer, problem: answer === undefined ? problem : '' };
}

interface LoadedProps {
  readonly graph: GraphView;
  /** Undefined: nothing of it can be opened. */
  readonly bridge: KernelBridge | undefined;
}

function Loaded({ graph, bridge }: LoadedProps): JSX.Element {
  const { trans } = useServices();
  const bar = useRef<HTMLDivElement>(null);
  const [mode, setMode] = useMode(graph, bar);
  const [opened, setOpened] = useState<number>();
  const [closed, setClosed] = useState(() => closedAtFirst(graph));
  const opener = useRef<Element | null>(null);
  const nodes = useMemo(() => shownNodes(graph, closed), [graph, closed]);
  const toggle = useCallback((at: number) => {
    setClosed((before) => new Set(before.has(at) ? [...before].filter((one) => one !== at) : [...before, at]));
  }, []);
  const open = (at: number): void => {
    opener.current = document.activeElement;
    setOpened(at);
  };
  const close = (): void => {
    setOpened(undefined);
    if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
  };
  const tree = { graph, nodes, closed, selected: opened, onToggle: toggle, onOpen: open };
  if (graph.nodes.length === 0) return <p className="farcall-Empty">{trans.__('No calls to show.')}</p>;
  return (
    <>
      <div ref={bar} className="farcall-Graph-bar">
        <Modes mode={mode} onChange={setMode} />
        <span className="farcall-Graph-size">{sizeText(graph, trans)}</span>
      </div>
      {mode === 'graph' && <GraphBoxes {...tree} />}
      {mode !== 'graph' && <GraphTable {...tree} isTime={mode === 'time'} />}
      {hasNoneBeneath(graph) && <p className="farcall-Graph-size">{loneText(graph, trans)}</p>}
      {opened !== undefined && (
        <Boundary key={opened} what={trans.__('The calls cannot be shown')}>
          <NodeCalls graph={graph} at={opened} bridge={bridge} onClose={close} />
        </Boundary>
      )}
    </>
  );
}

/** What the person chose; before that the drawing, or where a caller and what it called do not fit side by side, the table. */
function useMode(graph: GraphView, within: RefObject<Element | null>): readonly [Mode, (mode: Mode) => void] {
  const [chosen, choose] = useState<Mode>();
  const width = useWidth(within);
  const isNarrow = width > 0 && width < MIN_WIDTH && graph.nodes.length > 1;
  return [chosen ?? (isNarrow ? 'table' : 'graph'), choose];
}

function hasNoneBeneath({ nodes, more }: GraphView): boolean {
  return nodes.length === 1 && nodes[0]?.hidden === 0 && more === 0;
}

/** A box alone looks like a drawing that is not finished. */
function loneText(graph: GraphView, trans: TranslationBundle): string {
  return isOver(graph) ? trans.__('It called no function.') : trans.__('It has called no function so far.');
}

function Modes({ mode, onChange }: { readonly mode: Mode; readonly onChange: (mode: Mode) => void }): JSX.Element {
  const { trans } = useServices();
  const labels: Readonly<Record<Mode, string>> = {
    graph: trans.__('Graph'),
    table: trans.__('Table'),
    time: trans.__('Time'),
  };
  return (
    <span className="farcall-Graph-modes" role="group" aria-label={trans.__('How to show the calls')}>
      {MODES.map((one) => (
        <button
          key={one}
          type="button"
          {...OWN_KEYS}
          className="farcall-Button"
          aria-pressed={one === mode}
          onClick={() => onChange(one)}
        >
          {labels[one]}
        </button>
      ))}
    </span>
  );
}

function sizeText(graph: GraphView, trans: TranslationBundle): string {
  const calls = graph.nodes.reduce((sum, node) => sum + node.calls + node.hidden, graph.more);
  const all = trans._n('%2 call', '%2 calls', calls, formatCount(calls));
  return graph.more === 0 ? all : trans.__('%1, the newest %2 not counted in', all, formatCount(graph.more));
}
