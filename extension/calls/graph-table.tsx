// The graph as a tree table: its accessible form, and, with lanes in place of numbers, when its calls ran.

import type { GraphView } from '@farcall/kernel-bridge/notebook';

import { formatAbsolute, formatCount, formatDuration } from '../model/format';
import type { Shown } from '../model/graph';
import { nodeState } from '../model/graph';
import { callsText, countsText, Fold, nodeText, shareText, Strip, tookText } from './graph-parts';
import type { TreeProps } from './graph-keys';
import { useTreeKeys } from './graph-keys';
import { StateIcon } from './icons';
import { OWN_KEYS } from './own-keys';
import { useServices } from './services';

export function GraphTable({ isTime, ...tree }: TreeProps & { readonly isTime: boolean }): JSX.Element {
  const { trans } = useServices();
  const { root, onKey, itemProps } = useTreeKeys<HTMLTableElement>(tree);
  return (
    <div className="farcall-Table farcall-Graph-table">
      <div className="farcall-Table-scroll">
        <table ref={root} role="treegrid" aria-label={trans.__('Calls')} onKeyDown={onKey} {...OWN_KEYS}>
          <thead>
            <tr>
              <th scope="col">{trans.__('Function')}</th>
              {isTime ? <TimeHead graph={tree.graph} /> : <NumberHeads />}
            </tr>
          </thead>
          <tbody>
            {tree.nodes.map((node) => (
              <Row key={node.at} node={node} tree={tree} isTime={isTime} item={itemProps(node)} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** Left out where there is no room: the title of a row has them too. */
const NUMBER = 'farcall-mod-number farcall-Graph-aside';

function NumberHeads(): JSX.Element {
  const { trans } = useServices();
  return (
    <>
      <th scope="col">{trans.__('Calls')}</th>
      <th scope="col">{trans.__('Inputs')}</th>
      <th scope="col" className={NUMBER} title={trans.__('Half of the inputs took at most this')}>
        p50
      </th>
      <th scope="col" className={NUMBER} title={trans.__('95 % of the inputs took at most this')}>
        p95
      </th>
      <th scope="col" className={NUMBER} title={trans.__('For how much of the whole time one of them ran')}>
        {trans.__('Time')}
      </th>
    </>
  );
}

function TimeHead({ graph }: { readonly graph: GraphView }): JSX.Element {
  const { trans } = useServices();
  const span = graph.width * Math.max(1, graph.nodes[0]?.busy.length ?? 1);
  return (
    <th scope="col" className="farcall-Graph-when">
      <span className="farcall-ForReaders">{trans.__('When it ran')}</span>
      <span className="farcall-Graph-scale" aria-hidden="true">
        <span title={formatAbsolute(graph.began)}>0 s</span>
        <span title={formatAbsolute(graph.began + span)}>{formatDuration(span)}</span>
      </span>
    </th>
  );
}

interface RowProps {
  readonly node: Shown;
  readonly tree: TreeProps;
  readonly isTime: boolean;
  readonly item: ReturnType<ReturnType<typeof useTreeKeys>['itemProps']>;
}

function Row({ node, tree, isTime, item }: RowProps): JSX.Element | null {
  const { trans } = useServices();
  const view = tree.graph.nodes[node.at];
  if (view === undefined) return null;
  return (
    <tr {...item} role="row" title={nodeText(view, trans)} onClick={() => tree.onOpen(node.at)}>
      <th scope="row">
        <span className="farcall-Graph-head" style={{ paddingLeft: node.depth * 16 }}>
          {node.hasChildren ? (
            <Fold isClosed={tree.closed.has(node.at)} onToggle={() => tree.onToggle(node.at)} />
          ) : (
            <span className="farcall-Graph-nofold" />
          )}
          <StateIcon state={nodeState(view)} />
          <span className="farcall-Graph-name">{view.name}</span>
        </span>
      </th>
      {isTime ? (
        <td className="farcall-Graph-when" aria-label={trans.__('running for %1 of the time', shareText(view))}>
          <Lane busy={view.busy} />
        </td>
      ) : (
        <>
          <td className="farcall-Graph-calls">
            {callsText(view, trans)}
            {view.hidden > 0 && trans.__(', + %1 beneath', formatCount(view.hidden))}
          </td>
          <td>
            <span className="farcall-Graph-counts">
              <Strip node={view} />
              <span>{countsText(view, trans)}</span>
            </span>
          </td>
          <td className={NUMBER}>{tookText(view.p50)}</td>
          <td className={NUMBER}>{tookText(view.p95)}</td>
          <td className={NUMBER}>{shareText(view)}</td>
        </>
      )}
    </tr>
  );
}

/** Stretches of the time in which a call of it ran, as bars; fainter where it ran for a part of a bin only. */
function Lane({ busy }: { readonly busy: string }): JSX.Element {
  const count = Math.max(1, busy.length);
  return (
    <svg
      className="farcall-Graph-lane"
      viewBox={`0 0 ${count} 10`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      {strips(busy).map(({ first, end, digit }) => (
        <rect key={first} x={first} width={end - first} y="0" height="10" opacity={0.35 + (0.65 * digit) / 9} />
      ))}
    </svg>
  );
}

/** Neighbouring bins of one digit, as one. */
function strips(busy: string): readonly { readonly first: number; readonly end: number; readonly digit: number }[] {
  return [...busy.matchAll(/([1-9])\1*/g)].map((found) => ({
    first: found.index,
    end: found.index + found[0].length,
    digit: Number(found[1]),
  }));
}
