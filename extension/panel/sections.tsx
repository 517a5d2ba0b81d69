// The sections of the sidebar: Runtime, Calls, Containers. Each draws what the panel's model knows.

import type { CallView, ContainerView, RuntimeView } from '@farcall/kernel-bridge/notebook';
import type { ReactNode } from 'react';
import { useEffect, useReducer } from 'react';

import { useAction } from '../calls/actions';
import { briefText } from '../calls/bar';
import { Button, Note } from '../calls/parts';
import { useServices } from '../calls/services';
import { StateIcon } from '../calls/icons';
import { formatAbsolute, formatBytes, formatClock, formatCount, formatDuration, shortId } from '../model/format';
import { elapsedSeconds } from '../model/progress';
import { asStateWord, isFinal, isMap, stateLabel, stateOf, titleOf } from '../model/state';
import type { PanelModel } from './model';

export function RuntimeSection({ model }: { readonly model: PanelModel }): JSX.Element {
  usePanel(model);
  const { trans } = useServices();
  return (
    <div className="farcall-Panel">
      {model.problem !== '' && (
        <Note glyph={model.runtime === undefined ? 'unplugged' : 'problem'}>{model.problem}</Note>
      )}
      {model.runtime === undefined && model.problem === '' && (
        <p className="farcall-Empty">{trans.__('Asking the kernel…')}</p>
      )}
      {model.runtime !== undefined && <RuntimeFacts runtime={model.runtime} />}
    </div>
  );
}

function RuntimeFacts({ runtime }: { readonly runtime: RuntimeView }): JSX.Element {
  const { trans } = useServices();
  const facts: readonly (readonly [string, ReactNode])[] = [
    [trans.__('Where'), runtime.where],
    [trans.__('Version'), trans.__('farcall %1, Python %2', runtime.version, runtime.python)],
    [trans.__('Latency'), formatDuration(runtime.latency_ms / 1000)],
    [trans.__('Processors'), formatCount(runtime.cpus)],
    [trans.__('Memory'), formatBytes(runtime.memory)],
    [trans.__('GPUs'), runtime.gpus.length === 0 ? trans.__('none') : <Gpus gpus={runtime.gpus} />],
  ];
  return (
    <dl className="farcall-Facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Gpus({ gpus }: { readonly gpus: RuntimeView['gpus'] }): JSX.Element {
  const { trans } = useServices();
  return (
    <ul className="farcall-Gpus">
      {gpus.map((gpu, at) => (
        <li key={at}>
          {gpu.name} · {formatBytes(gpu.memory)} · {gpu.busy ? trans.__('busy') : trans.__('free')}
        </li>
      ))}
    </ul>
  );
}

export function CallsSection({ model }: { readonly model: PanelModel }): JSX.Element {
  usePanel(model);
  const { trans } = useServices();
  const calls = model.calls();
  if (calls.length === 0)
    return (
      <p className="farcall-Panel farcall-Empty">
        {trans.__('Calls appear here when a cell runs a function remotely.')}
      </p>
    );
  return (
    <ul className="farcall-Panel farcall-List" aria-label={trans.__('Calls')}>
      {calls.map((call) => (
        <CallItem key={call.call_id} call={call} />
      ))}
    </ul>
  );
}

function CallItem({ call }: { readonly call: CallView }): JSX.Element {
  const { trans, store, kernels, copy, now } = useServices();
  const known = store.get(call.call_id);
  const bridge = known?.connected === true ? kernels.bridge(known.kernelId) : undefined;
  const { isWaiting, problem, run } = useAction(call, bridge);
  const elapsed = elapsedSeconds(call, now() + (known?.skew ?? 0));
  return (
    <li className="farcall-Item">
      <span className="farcall-Item-title" title={call.call_id}>
        <StateIcon state={stateOf(call)} />
        <code>{titleOf(call)}</code>
      </span>
      <span className="farcall-Item-detail" title={formatAbsolute(call.created_at)}>
        {inLine([
          stateLabel(stateOf(call), trans),
          isMap(call) ? briefText(call, trans) : '',
          elapsed === undefined ? '' : isFinal(call) ? formatDuration(elapsed) : formatClock(elapsed),
        ])}
      </span>
      <span className="farcall-Item-tools">
        {!isFinal(call) && bridge !== undefined && (
          <Button
            label={trans.__('Cancel')}
            isDisabled={isWaiting}
            onClick={() => run({ intent: 'cancel', call_id: call.call_id, scope: 'all' })}
          />
        )}
        <Button label={trans.__('Copy id')} title={call.call_id} onClick={() => copy(call.call_id)} />
      </span>
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
    </li>
  );
}

export function ContainersSection({ model }: { readonly model: PanelModel }): JSX.Element {
  usePanel(model);
  const { trans } = useServices();
  const containers = model.runtime?.containers ?? [];
  if (containers.length === 0)
    return (
      <p className="farcall-Panel farcall-Empty">{trans.__('No containers now. They start with the first call.')}</p>
    );
  return (
    <ul className="farcall-Panel farcall-List" aria-label={trans.__('Containers')}>
      {containers.map((container) => (
        <ContainerItem key={container.container_id} container={container} />
      ))}
    </ul>
  );
}

/** States of containers beside those of calls; what a ready one does is running. */
const ICONS: Readonly<Record<string, string>> = {
  ready: 'running',
  draining: 'retrying',
  requested: 'queued',
  lost: 'failed',
  gone: 'cancelled',
};

function ContainerItem({ container }: { readonly container: ContainerView }): JSX.Element {
  const { trans, now } = useServices();
  const details = [
    container.state,
    container.hardware,
    container.pid > 0 ? trans.__('process %1', container.pid) : '',
    trans._n('%2 input', '%2 inputs', container.inputs, formatCount(container.inputs)),
    container.started_at > 0 ? formatClock(Math.max(0, now() - container.started_at)) : '',
  ];
  return (
    <li className="farcall-Item">
      <span className="farcall-Item-title" title={container.container_id}>
        <StateIcon state={asStateWord(ICONS[container.state] ?? container.state)} />
        <code>{container.function}</code>
        <span className="farcall-Item-id">{shortId(container.container_id)}</span>
      </span>
      <span className="farcall-Item-detail">{inLine(details)}</span>
    </li>
  );
}

/** Facts in a line that breaks only between them; empty ones are left out. */
export function inLine(facts: readonly string[]): string {
  return facts
    .filter((fact) => fact !== '')
    .map((fact) => fact.replaceAll(' ', '\u00a0'))
    .join(' · ');
}

/** Draws again whenever the model changes. */
export function usePanel(model: PanelModel): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    model.changed.connect(draw);
    return () => void model.changed.disconnect(draw);
  }, [model]);
}
