// The card of single calls: a row each, with state, function, elapsed time and what it gave. A cell's repeated
// `.remote()` calls share one card.

import type { CallView, InputDetail } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { RefObject } from 'react';
import { useCallback, useEffect, useState } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import { parseDetail } from '../model/bridge-event';
import { formatCount } from '../model/format';
import { isFinal } from '../model/state';
import { Actions } from './actions';
import { useAsked } from './asking';
import { Failures } from './failures';
import { Graph } from './graph';
import { Head } from './head';
import { MimeOutput } from './mime-output';
import { OutputText } from './output';
import { Boundary, Button, Note, Waiting } from './parts';
import { Saved } from './saved';
import { useServices } from './services';
import { useSource } from './source';
import { askBridge } from './table';
import type { Tab } from './tabs';
import { Tabs } from './tabs';
import { Traceback } from './traceback';

export interface CallRowProps {
  readonly call: CallView;
  readonly root: RefObject<HTMLElement | null>;
  readonly isVisible: boolean;
  readonly savedAt: number;
  readonly isTrusted: boolean;
  /** Several calls on one card: each says less until it is opened. */
  readonly isOneOfMany: boolean;
}

type View = 'result' | 'traceback' | 'output' | 'graph';

export function CallRow({ call: saved, isOneOfMany, ...options }: CallRowProps): JSX.Element {
  const { trans } = useServices();
  const source = useSource(saved, options);
  const { call, bridge } = source;
  const [view, setView] = useState<View>();
  const connected = source.isConnected ? bridge : undefined;
  return (
    <article className="farcall-Call" aria-label={call.name}>
      <Head source={source} isVisible={options.isVisible} />
      {call.waiting !== '' && !isFinal(call) && source.isConnected && <Waiting call={call} />}
      {!isOneOfMany && <Saved source={source} />}
      {call.failures.length > 0 && <Failures call={call} isSingle onOpen={() => setView('traceback')} />}
      <Tabs
        label={trans.__('Views of the call')}
        tabs={viewTabs(call, source.live?.related === true, trans)}
        selected={view}
        onSelect={(chosen) => setView(chosen === view ? undefined : chosen)}
        tools={<Actions call={call} bridge={connected} />}
      >
        <Boundary what={trans.__('This view cannot be shown')}>
          {view === 'output' && <OutputText call={call} bridge={bridge} />}
          {view === 'graph' && (
            <Graph key={call.call_id} call={call} bridge={connected} isVisible={options.isVisible} />
          )}
          {(view === 'result' || view === 'traceback') && <Outcome call={call} bridge={bridge} part={view} />}
        </Boundary>
      </Tabs>
    </article>
  );
}

/** Above this many calls, a card shows the newest and says how many more there are. */
const SHOWN_CALLS = 8;

export function CallCard({
  calls,
  ...rest
}: Omit<CallRowProps, 'call' | 'isOneOfMany'> & { readonly calls: readonly CallView[] }): JSX.Element {
  const { trans } = useServices();
  const [isAll, setAll] = useState(false);
  const shown = isAll ? calls : calls.slice(-SHOWN_CALLS);
  const hidden = calls.length - shown.length;
  return (
    <>
      {hidden > 0 && (
        <Button
          label={trans._n('%2 earlier call', '%2 earlier calls', hidden, formatCount(hidden))}
          onClick={() => setAll(true)}
        />
      )}
      {shown.map((call) => (
        <CallRow key={call.call_id} call={call} isOneOfMany={calls.length > 1} {...rest} />
      ))}
    </>
  );
}

function viewTabs(call: CallView, hasGraph: boolean, trans: TranslationBundle): readonly Tab<View>[] {
  const outcome: readonly Tab<View>[] =
    call.counts.failed + call.counts.timed_out > 0 || call.state === 'failed'
      ? [{ id: 'traceback', label: trans.__('Traceback') }]
      : [{ id: 'result', label: trans.__('Result') }];
  return [
    ...(isFinal(call) ? outcome : []),
    { id: 'output', label: trans.__('Output') },
    ...(hasGraph ? [{ id: 'graph', label: trans.__('Graph') } as const] : []),
  ];
}

interface OutcomeProps {
  readonly call: CallView;
  readonly bridge: KernelBridge | undefined;
  readonly part: 'result' | 'traceback';
}

function Outcome({ call, bridge, part }: OutcomeProps): JSX.Element {
  const { trans } = useServices();
  const { answer, problem, ask } = useAsked<InputDetail>();
  const callId = call.call_id;
  const load = useCallback(() => {
    ask(async () => parseDetail(await askBridge(bridge, trans).ask({ intent: 'input', call_id: callId, index: 0 })));
  }, [ask, bridge, callId, trans]);
  useEffect(load, [load]);
  if (problem !== '') return <Note glyph="problem">{problem}</Note>;
  if (answer === undefined) return <p className="farcall-Empty">{trans.__('Asking the container…')}</p>;
  if (answer.traceback !== '') return <Traceback text={answer.traceback} />;
  if (part === 'traceback') return <p className="farcall-Empty">{trans.__('No traceback was kept.')}</p>;
  if (Object.keys(answer.result).length === 0)
    return <p className="farcall-Empty">{trans.__('No preview of the result.')}</p>;
  return <MimeOutput bundle={answer.result} />;
}
