// The segmented bar and its legend. The legend says in words what the bar shows in colour, so the bar itself is one
// progressbar with a text.

import type { CallView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { formatCount } from '../model/format';
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
      {isKnown &&
        segments(call).map(({ state, share }) => (
          <span key={state} className="farcall-Bar-segment" data-state={state} style={{ flexGrow: share }} />
        ))}
    </div>
  );
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
