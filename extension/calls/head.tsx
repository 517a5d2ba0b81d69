// The first line of a card: what runs, its state in words, how far it is, how fast, for how long, and on what.

import type { CallView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { formatAbsolute, formatClock, formatCount, formatDuration, formatRate, NOTHING } from '../model/format';
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
    <header className="farcall-Head" data-connected={source.isConnected}>
      <span className="farcall-Head-title">
        <code className="farcall-Head-name" title={call.call_id}>
          {titleOf(call)}
        </code>
        <StateText state={stateOf(call)} />
      </span>
      <dl className="farcall-Head-facts">
        {facts(source, now, trans).map(({ id, name, value, title }) => (
          <div key={id} className="farcall-Fact" data-fact={id} title={title}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

interface Fact {
  readonly id: 'done' | 'rate' | 'elapsed' | 'eta' | 'containers';
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
    isMap(call) && doneFact(call, trans),
    isMap(call) && isRunning && source.perSecond > 0 && rateFact(source.perSecond, trans),
    elapsed !== undefined && elapsedFact(call, elapsed, trans),
    isMap(call) && isRunning && etaFact(left, trans),
    call.containers > 0 && containersFact(call, trans),
  ];
  return many.filter((fact): fact is Fact => fact !== false);
}

function doneFact(call: CallView, trans: TranslationBundle): Fact {
  return {
    id: 'done',
    name: trans.__('done'),
    value: doneText(call, trans),
    title: trans.__('Inputs that are settled, of all'),
  };
}

function rateFact(perSecond: number, trans: TranslationBundle): Fact {
  const title = trans.__('Inputs settled a second, over the last 30 s');
  return { id: 'rate', name: trans.__('rate'), value: formatRate(perSecond), title };
}

function elapsedFact(call: CallView, seconds: number, trans: TranslationBundle): Fact {
  const value = isFinal(call) ? formatDuration(seconds) : formatClock(seconds);
  return { id: 'elapsed', name: trans.__('elapsed'), value, title: started(call, trans) };
}

function etaFact(seconds: number | undefined, trans: TranslationBundle): Fact {
  const title = trans.__('Time to go, from the rate of the last 30 s');
  return { id: 'eta', name: trans.__('ETA'), value: seconds === undefined ? NOTHING : formatClock(seconds), title };
}

/** What containers without a GPU are called on the wire, count included. */
const ONLY_CPU = /^\d+ × CPU$/;

/** `3 × A100`, as the kernel says it; just the number of containers where they have no GPU. */
function containersFact(call: CallView, trans: TranslationBundle): Fact {
  const isPlain = call.hardware === '' || ONLY_CPU.test(call.hardware);
  const value = isPlain
    ? trans._n('%2 container', '%2 containers', call.containers, formatCount(call.containers))
    : call.hardware;
  return {
    id: 'containers',
    name: trans.__('containers'),
    value,
    title: trans.__('Containers, and what each one has'),
  };
}

function started(call: CallView, trans: TranslationBundle): string {
  const from = trans.__('Began %1', formatAbsolute(call.created_at));
  return call.ended_at > 0 ? `${from} · ${trans.__('ended %1', formatAbsolute(call.ended_at))}` : from;
}
