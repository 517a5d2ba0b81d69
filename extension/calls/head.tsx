// The first line of a card: what runs, its state in words, how far it is, how fast, for how long, and on what.

import type { CallView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { formatAbsolute, formatClock, formatDuration, formatRate, NOTHING } from '../model/format';
import { elapsedSeconds, secondsLeft } from '../model/progress';
import { isFinal, isMap, stateOf, titleOf } from '../model/state';
import { doneText } from './bar';
import { useNow } from './hooks';
import { StateText } from './parts';
import { useServices } from './services';
import type { Source } from './source';

export function Head({ source, isVisible }: { readonly source: Source; readonly isVisible: boolean }): JSX.Element {
  const { trans } = useServices();
  const { call } = source;
  const isCounting = source.isConnected && !isFinal(call);
  const clock = useNow(isCounting && isVisible) + source.skew;
  const now = isCounting ? clock : source.asOf;
  return (
    <header className="farcall-Head">
      <span className="farcall-Head-title">
        <code className="farcall-Head-name" title={call.call_id}>
          {titleOf(call)}
        </code>
        <StateText state={stateOf(call)} />
      </span>
      <dl className="farcall-Head-facts">
        {facts(source, now, trans).map(({ name, value, title }) => (
          <div key={name} className="farcall-Fact" data-fact={name} title={title}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly title: string;
}

function facts(source: Source, now: number, trans: TranslationBundle): readonly Fact[] {
  const { call } = source;
  const elapsed = elapsedSeconds(call, now);
  const left = secondsLeft(call, source.perSecond);
  const isRunning = !isFinal(call) && source.isConnected;
  const many: readonly (Fact | false)[] = [
    isMap(call) && { name: trans.__('done'), value: doneText(call, trans), title: trans.__('Inputs that are settled, of all') },
    isMap(call) &&
      isRunning && {
        name: trans.__('rate'),
        value: formatRate(source.perSecond),
        title: trans.__('Inputs settled a second, over the last 30 s'),
      },
    elapsed !== undefined && {
      name: trans.__('elapsed'),
      value: isFinal(call) ? formatDuration(elapsed) : formatClock(elapsed),
      title: started(call, trans),
    },
    isMap(call) &&
      isRunning && {
        name: trans.__('left'),
        value: left === undefined ? NOTHING : `≈ ${formatClock(left)}`,
        title: trans.__('Time to go, from the rate of the last 30 s'),
      },
    call.containers > 0 && { name: trans.__('containers'), value: containersText(call), title: trans.__('Containers, and what each one has') },
  ];
  return many.filter((fact): fact is Fact => fact !== false);
}

function started(call: CallView, trans: TranslationBundle): string {
  const from = trans.__('Began %1', formatAbsolute(call.created_at));
  return call.ended_at > 0 ? `${from} · ${trans.__('ended %1', formatAbsolute(call.ended_at))}` : from;
}

/** `3 × A100`; just the number where there is nothing to say of the hardware. */
function containersText(call: CallView): string {
  return call.hardware === '' ? String(call.containers) : `${call.containers} × ${call.hardware}`;
}
