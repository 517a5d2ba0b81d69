// The graph drawn: a box a path, a column a depth, lines from caller to called. HTML boxes over one SVG of lines, so that
// text, focus and screen readers work as everywhere. At most 256 boxes: placing them takes less than a frame.

import type { GraphNodeView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { formatCount } from '../model/format';
import type { Shown } from '../model/graph';
import { layout, nodeState, totalOf } from '../model/graph';
import { Fold, nodeText, Strip, tookText } from './graph-parts';
import type { TreeProps } from './graph-keys';
import { useTreeKeys } from './graph-keys';
import { StateIcon } from './icons';
import { OWN_KEYS } from './own-keys';
import { useServices } from './services';

const WIDTH = 208;
const HEIGHT = 62;
const GAP_X = 36;
const GAP_Y = 10;
/** A caller and what it called fit beside each other; with the room for the focus ring. */
export const MIN_WIDTH = 2 * WIDTH + GAP_X + 6;

export function GraphBoxes(tree: TreeProps): JSX.Element {
  const { trans } = useServices();
  const { root, onKey, itemProps } = useTreeKeys<HTMLDivElement>(tree);
  const { boxes, rows } = layout(tree.graph, tree.closed);
  const columns = boxes.reduce((most, { column }) => Math.max(most, column + 1), 0);
  const places = new Map(
    boxes.map(({ at, column, row }) => [at, { x: column * (WIDTH + GAP_X), y: row * (HEIGHT + GAP_Y) }]),
  );
  const size = { width: columns * (WIDTH + GAP_X) - GAP_X, height: rows * (HEIGHT + GAP_Y) - GAP_Y };
  return (
    <div className="farcall-Graph-scroll">
      <div
        ref={root}
        className="farcall-Graph-drawing"
        role="tree"
        aria-label={trans.__('Calls')}
        style={size}
        onKeyDown={onKey}
        {...OWN_KEYS}
      >
        <svg {...size} aria-hidden="true" focusable="false">
          {boxes.map(({ at }) => (
            <Line key={at} from={places.get(tree.graph.nodes[at]?.parent ?? -1)} to={places.get(at)} />
          ))}
        </svg>
        {tree.nodes.map((node) => (
          <BoxOf key={node.at} node={node} tree={tree} place={places.get(node.at)} item={itemProps(node)} />
        ))}
      </div>
    </div>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

function Line({ from, to }: { readonly from: Place | undefined; readonly to: Place | undefined }): JSX.Element | null {
  if (from === undefined || to === undefined) return null;
  const [x0, y0, y1] = [from.x + WIDTH, from.y + HEIGHT / 2, to.y + HEIGHT / 2];
  const middle = (x0 + to.x) / 2;
  return <path d={`M${x0} ${y0}H${middle}V${y1}H${to.x}`} />;
}

interface BoxProps {
  readonly node: Shown;
  readonly tree: TreeProps;
  readonly place: Place | undefined;
  readonly item: ReturnType<ReturnType<typeof useTreeKeys>['itemProps']>;
}

function BoxOf({ node, tree, place, item }: BoxProps): JSX.Element | null {
  const { trans } = useServices();
  const view = tree.graph.nodes[node.at];
  if (view === undefined || place === undefined) return null;
  return (
    <div
      {...item}
      className="farcall-Graph-box"
      role="treeitem"
      aria-label={nodeText(view, trans)}
      title={nodeText(view, trans)}
      data-state={nodeState(view)}
      style={{ left: place.x, top: place.y, width: WIDTH, height: HEIGHT }}
      onClick={() => tree.onOpen(node.at)}
    >
      <span className="farcall-Graph-head">
        <StateIcon state={nodeState(view)} />
        <span className="farcall-Graph-name">{view.name}</span>
        {node.hasChildren && <Fold isClosed={tree.closed.has(node.at)} onToggle={() => tree.onToggle(node.at)} />}
      </span>
      <Strip node={view} />
      <span className="farcall-Graph-facts">
        <span>{sizeText(view, trans)}</span>
        <span>{asideText(view, trans)}</span>
      </span>
    </div>
  );
}

/** `396 calls`, or of a single call how many inputs it has; the title has both. */
function sizeText(node: GraphNodeView, trans: TranslationBundle): string {
  const inputs = totalOf(node.counts);
  if (node.calls > 1 || inputs === 1) return trans._n('%2 call', '%2 calls', node.calls, formatCount(node.calls));
  return trans._n('%2 input', '%2 inputs', inputs, formatCount(inputs));
}

/** What matters most beside the number of calls: that there is more than is shown, else how long an input takes. */
function asideText(node: GraphNodeView, trans: TranslationBundle): string {
  if (node.hidden > 0) return trans.__('+ %1 beneath', formatCount(node.hidden));
  if (node.p50 === 0) return '';
  return totalOf(node.counts) === 1 ? tookText(node.p50) : trans.__('p50 %1', tookText(node.p50));
}
