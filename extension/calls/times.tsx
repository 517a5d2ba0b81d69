// How long the inputs of a map took, which took longest, and when its containers worked. Asked when it is opened, at the
// end of the map, and on a click; never by polling.

import type { CallView, SlowInput, TimesView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useCallback, useEffect } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import { formatCount, formatDuration } from '../model/format';
import { asStateWord, isFinal, stateLabel } from '../model/state';
import { hasLanes, measured, parseTimes, quantile } from '../model/times';
import { useAsked } from './asking';
import { Histogram } from './histogram';
import { InputLink } from './input-link';
import { useLabels } from './labelling';
import { Button, Note } from './parts';
import { useServices } from './services';
import { askBridge } from './table';
import { Timeline } from './timeline';

export interface TimesProps {
  readonly call: CallView;
  readonly bridge: KernelBridge | undefined;
  readonly onOpen: (index: number) => void;
}

export function Times({ call, bridge, onOpen }: TimesProps): JSX.Element {
  const { trans } = useServices();
  const { answer, problem, isWaiting, ask } = useAsked<TimesView>();
  const { call_id } = call;
  const isOver = isFinal(call);
  const isOlder = bridge?.lacks('times') === true;
  const load = useCallback(() => {
    if (isOlder) return;
    ask(async () => parseTimes(await askBridge(bridge, trans).ask({ intent: 'times', call_id })));
  }, [ask, bridge, call_id, isOlder, trans]);
  useEffect(load, [load, isOver]);
  if (isOlder) return <p className="farcall-Empty">{olderKernel(trans)}</p>;
  return (
    <div className="farcall-Times" aria-busy={isWaiting}>
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
      {answer === undefined && problem === '' && <p className="farcall-Empty">{trans.__('Reading…')}</p>}
      {answer !== undefined && measured(answer) === 0 && (
        <p className="farcall-Empty">{trans.__('No input has ended so far.')}</p>
      )}
      {answer !== undefined && measured(answer) > 0 && <Measured times={answer} onOpen={onOpen} />}
      {!isOver && <Button label={trans.__('Refresh')} isDisabled={isWaiting} onClick={load} />}
    </div>
  );
}

function olderKernel(trans: TranslationBundle): string {
  return trans.__('This kernel runs an older farcall that does not tell times. Update it, then restart the kernel.');
}

function Measured({
  times,
  onOpen,
}: {
  readonly times: TimesView;
  readonly onOpen: TimesProps['onOpen'];
}): JSX.Element {
  const { trans } = useServices();
  return (
    <>
      <div className="farcall-Times-durations">
        <section aria-label={trans.__('How long inputs took')}>
          <p className="farcall-Times-title">{summary(times, trans)}</p>
          <Histogram times={times} />
        </section>
        <section aria-label={trans.__('The slowest inputs')}>
          <p className="farcall-Times-title">{trans.__('Slowest')}</p>
          <Slowest inputs={times.slowest} onOpen={onOpen} />
        </section>
      </div>
      {hasLanes(times) && <Timeline times={times} />}
    </>
  );
}

function summary(times: TimesView, trans: TranslationBundle): string {
  const at = (share: number): string => formatDuration(quantile(times, share) ?? 0);
  return trans.__('Half of %1 took at most %2, 95 % at most %3', formatCount(measured(times)), at(0.5), at(0.95));
}

interface SlowestProps {
  readonly inputs: readonly SlowInput[];
  readonly onOpen: (index: number) => void;
}

function Slowest({ inputs, onOpen }: SlowestProps): JSX.Element {
  const { trans } = useServices();
  const label = useLabels(inputs.map(({ index }) => index));
  return (
    <ol className="farcall-Slowest">
      {inputs.map(({ index, state, seconds }) => (
        <li key={index}>
          <InputLink index={index} isMarked onOpen={onOpen} />
          <span className="farcall-Slowest-label" title={label(index)}>
            {label(index)}
          </span>
          {state !== 'succeeded' && (
            <span className="farcall-Slowest-state">{stateLabel(asStateWord(state), trans)}</span>
          )}
          <span className="farcall-Slowest-took">{formatDuration(seconds)}</span>
        </li>
      ))}
    </ol>
  );
}
