// The segmented bar and its legend. The legend says in words what the bar shows in colour, so the bar itself is one
// progressbar with a text.

import type { CallView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { formatCount } from '../model/format';
import type { Segment } from '../model/progress';
import { isTotalKnown, segments, shareDone } from '../model/progress';
import { finished, isFinal, stateLabel } from '../model/state';
import { StateIcon } from './icons';
import { useServices } from './services';

export function Bar({ call }: { readonly call: CallView }): JSX.Element {
  const { trans } = useServices();
  const isKnown = isTotalKnown(call);
  return (
    <div
      className="farcall-Bar"
      role="progressbar"
      aria-label={trans.__('Progress of %1', call.name)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={isKnown ? Math.floor(shareDone(call) * 100) : undefined}
      aria-valuetext={progressText(call, trans)}
      data-live={!isFinal(call)}
      data-known={isKnown}
    >
      {isKnown && <Segments parts={segments(call)} />}
    </div>
  );
}

/** Of a segment at least so much can be seen, its gap included; CSS pixels. */
const LEAST = 3;

/**
 * Each segment is as wide as the bar and shows as much of itself as its end says; those before it lie over it. So a change
 * moves segments, which needs no layout, and their patterns are not stretched.
 */
export function Segments({ parts }: { readonly parts: readonly Segment[] }): JSX.Element {
  const ends = parts.map((_, at) => parts.slice(0, at + 1).reduce((sum, { share }) => sum + share, 0));
  const end = (at: number): string =>
    `translateX(calc((100% - ${LEAST * parts.length}px) * ${ends[at] ?? 1} + ${LEAST * (at + 1)}px - 100%))`;
  const drawn = parts.map(({ state }, at) => (
    <span key={state} className="farcall-Bar-segment" data-state={state} style={{ transform: end(at) }} />
  ));
  return <>{drawn.reverse()}</>;
}

export function Legend({ call }: { readonly call: CallView }): JSX.Element | null {
  const { trans } = useServices();
  const parts = segments(call);
  if (parts.length === 0) return null;
  return (
    <ul className="farcall-Legend">
      {parts.map(({ state, count }) => (
        <li key={state} data-state={state}>
          <StateIcon state={state} />
          <span className="farcall-Legend-count">{formatCount(count)}</span> {stateLabel(state, trans)}
        </li>
      ))}
    </ul>
  );
}

/** `412 / 1,000`, or `412 so far` while nobody knows the total. */
export function doneText(call: CallView, trans: TranslationBundle): string {
  const done = formatCount(finished(call.counts));
  return isTotalKnown(call) ? trans.__('%1 / %2', done, formatCount(call.inputs)) : trans.__('%1 so far', done);
}

/** `412 / 1,000, 3 failed`: the same, short. */
export function briefText(call: CallView, trans: TranslationBundle): string {
  const failed = call.counts.failed + call.counts.timed_out;
  const done = doneText(call, trans);
  return failed > 0 ? trans.__('%1, %2 failed', done, formatCount(failed)) : done;
}

export function progressText(call: CallView, trans: TranslationBundle): string {
  const failed = call.counts.failed + call.counts.timed_out;
  const done = isTotalKnown(call)
    ? trans.__('%1 of %2 done', formatCount(finished(call.counts)), formatCount(call.inputs))
    : trans.__('%1 done so far', formatCount(finished(call.counts)));
  return failed > 0 ? trans.__('%1, %2 failed', done, formatCount(failed)) : done;
}
