// What the drawing and the table of a call graph say of a node, in the same words.

import type { GraphNodeView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { formatCount, formatDuration, NOTHING } from '../model/format';
import { totalOf } from '../model/graph';
import { segments } from '../model/progress';
import { stateLabel } from '../model/state';
import { Segments } from './bar';
import { OWN_KEYS } from './own-keys';
import { useServices } from './services';

/** Its inputs by state, as a strip; the words stand beside it. */
export function Strip({ node }: { readonly node: GraphNodeView }): JSX.Element {
  return (
    <span className="farcall-Bar farcall-Graph-strip" aria-hidden="true">
      <Segments parts={segmentsOf(node)} />
    </span>
  );
}

/** Opens and closes what is beneath; the keys do the same, so it is no tab stop. */
export function Fold({ isClosed, onToggle }: { readonly isClosed: boolean; onToggle(): void }): JSX.Element {
  const { trans } = useServices();
  return (
    <button
      type="button"
      {...OWN_KEYS}
      className="farcall-Graph-fold"
      tabIndex={-1}
      aria-hidden="true"
      title={isClosed ? trans.__('Show what it called') : trans.__('Hide what it called')}
      data-closed={isClosed}
      onClick={(event) => {
        event.stopPropagation();
        onToggle();
      }}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d="M6 4l4 4l-4 4" />
      </svg>
    </button>
  );
}

/** `10,000 calls`, with their inputs where those are more. */
export function callsText(node: GraphNodeView, trans: TranslationBundle): string {
  const calls = trans._n('%2 call', '%2 calls', node.calls, formatCount(node.calls));
  const inputs = totalOf(node.counts);
  if (inputs === node.calls) return calls;
  return trans.__('%1, %2', calls, trans._n('%2 input', '%2 inputs', inputs, formatCount(inputs)));
}

/** `9,990 succeeded, 10 failed` */
export function countsText(node: GraphNodeView, trans: TranslationBundle): string {
  const parts = segmentsOf(node).map(({ state, count }) => `${formatCount(count)} ${stateLabel(state, trans)}`);
  return parts.length === 0 ? trans.__('no inputs') : parts.join(', ');
}

export function tookText(seconds: number): string {
  return seconds > 0 ? formatDuration(seconds) : NOTHING;
}

export function shareText({ share }: GraphNodeView): string {
  return share > 0 && share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`;
}

/** All of it in one sentence, for screen readers and titles. */
export function nodeText(node: GraphNodeView, trans: TranslationBundle): string {
  const facts = [node.name, callsText(node, trans), countsText(node, trans)];
  if (node.p50 > 0)
    facts.push(trans.__('half took at most %1, 95 % at most %2', tookText(node.p50), tookText(node.p95)));
  facts.push(trans.__('running for %1 of the time', shareText(node)));
  if (node.hidden > 0)
    facts.push(
      trans._n('%2 call beneath it not shown', '%2 calls beneath it not shown', node.hidden, formatCount(node.hidden)),
    );
  return facts.join('; ');
}

function segmentsOf({ counts }: GraphNodeView): ReturnType<typeof segments> {
  return segments({ counts, inputs: totalOf(counts) });
}
