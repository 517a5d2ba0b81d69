// What a node of the graph opens: its calls, those that failed or run first, and of one call its inputs, in the table and the
// drawer that every map has.

import type { CallView, GraphView } from '@farcall/kernel-bridge/notebook';
import type { KeyboardEvent } from 'react';
import { useCallback, useEffect, useRef, useState } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import { parseCalls } from '../model/bridge-event';
import { formatCount, formatDuration, NOTHING, shortId } from '../model/format';
import { finished, isFinal, stateOf } from '../model/state';
import { useAsked } from './asking';
import { Drawer } from './drawer';
import { callsText } from './graph-parts';
import { Glyph } from './icons';
import { OWN_KEYS } from './own-keys';
import { Button, Note, StateText } from './parts';
import { useServices } from './services';
import { askBridge, InputTable } from './table';

export interface NodeCallsProps {
  readonly graph: GraphView;
  readonly at: number;
  readonly bridge: KernelBridge | undefined;
  readonly onClose: () => void;
}

export function NodeCalls({ graph, at, bridge, onClose }: NodeCallsProps): JSX.Element {
  const { trans } = useServices();
  const root = useRef<HTMLElement>(null);
  const { answer, problem, ask } = useAsked<readonly CallView[]>();
  const [chosen, choose] = useState<CallView>();
  const { call_id } = graph;
  const load = useCallback(() => {
    ask(async () => parseCalls(await askBridge(bridge, trans).ask({ intent: 'graph_calls', call_id, node: at })));
  }, [ask, bridge, call_id, at, trans]);
  useEffect(load, [load]);
  useEffect(() => root.current?.focus({ preventScroll: true }), []);
  const node = graph.nodes[at];
  const only = answer?.length === 1 && node?.calls === 1 ? answer[0] : undefined;
  const call = chosen ?? only;
  const panelOnKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    if (chosen === undefined) onClose();
    else choose(undefined);
  };
  return (
    <section
      ref={root}
      {...OWN_KEYS}
      className="farcall-NodeCalls"
      tabIndex={-1}
      aria-label={trans.__('Calls of %1', node?.name ?? '')}
      onKeyDown={panelOnKey}
    >
      <header className="farcall-NodeCalls-head">
        <span className="farcall-Drawer-title">{node?.name}</span>
        {call !== undefined && <code title={call.call_id}>{shortId(call.call_id)}</code>}
        {call === undefined && node !== undefined && (
          <span className="farcall-Graph-size">{callsText(node, trans)}</span>
        )}
        {chosen !== undefined && <Button label={trans.__('All its calls')} onClick={() => choose(undefined)} />}
        <button
          type="button"
          {...OWN_KEYS}
          className="farcall-IconButton"
          aria-label={trans.__('Close (Esc)')}
          title={trans.__('Close (Esc)')}
          onClick={onClose}
        >
          <Glyph name="close" />
        </button>
      </header>
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
      {answer === undefined && problem === '' && <p className="farcall-Empty">{trans.__('Reading…')}</p>}
      {answer !== undefined && call === undefined && <CallRows calls={answer} all={node?.calls ?? 0} onOpen={choose} />}
      {call !== undefined && <CallInputs key={call.call_id} call={call} bridge={bridge} />}
    </section>
  );
}

interface CallRowsProps {
  readonly calls: readonly CallView[];
  readonly all: number;
  readonly onOpen: (call: CallView) => void;
}

function CallRows({ calls, all, onOpen }: CallRowsProps): JSX.Element {
  const { trans } = useServices();
  if (calls.length === 0) return <p className="farcall-Empty">{trans.__('These calls are not kept any more.')}</p>;
  return (
    <div className="farcall-Table">
      <div className="farcall-Table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{trans.__('Call')}</th>
              <th scope="col">{trans.__('State')}</th>
              <th scope="col" className="farcall-mod-number">
                {trans.__('Inputs')}
              </th>
              <th scope="col" className="farcall-mod-number">
                {trans.__('Took')}
              </th>
            </tr>
          </thead>
          <tbody>
            {calls.map((call) => (
              <CallRow key={call.call_id} call={call} onOpen={onOpen} />
            ))}
          </tbody>
        </table>
      </div>
      {calls.length < all && (
        <p className="farcall-Graph-size">
          {trans.__('%1 of %2, those that failed or run first', formatCount(calls.length), formatCount(all))}
        </p>
      )}
    </div>
  );
}

function CallRow({ call, onOpen }: { readonly call: CallView; onOpen(call: CallView): void }): JSX.Element {
  const { trans } = useServices();
  const took = call.ended_at > 0 && call.started_at > 0 ? formatDuration(call.ended_at - call.started_at) : NOTHING;
  const done = finished(call.counts);
  return (
    <tr onClick={() => onOpen(call)}>
      <th scope="row" title={call.call_id}>
        <button
          type="button"
          {...OWN_KEYS}
          className="farcall-Link"
          aria-label={trans.__('Open call %1', call.call_id)}
          onClick={(event) => {
            event.stopPropagation();
            onOpen(call);
          }}
        >
          {shortId(call.call_id)}
        </button>
      </th>
      <td>
        <StateText state={stateOf(call)} />
      </td>
      <td className="farcall-mod-number">
        {isFinal(call) ? formatCount(call.inputs) : trans.__('%1 / %2', formatCount(done), formatCount(call.inputs))}
      </td>
      <td className="farcall-mod-number">{took}</td>
    </tr>
  );
}

/** Of a call of one input the drawer at once; of others the table, whose rows open it. */
function CallInputs({
  call,
  bridge,
}: {
  readonly call: CallView;
  readonly bridge: KernelBridge | undefined;
}): JSX.Element {
  const [index, setIndex] = useState<number | undefined>(call.inputs === 1 ? 0 : undefined);
  const close = (): void => setIndex(undefined);
  return (
    <>
      {(call.inputs !== 1 || index === undefined) && (
        <InputTable call={call} bridge={bridge} members={undefined} onClearMembers={close} onOpen={setIndex} />
      )}
      {index !== undefined && <Drawer call={call} index={index} bridge={bridge} onClose={close} onStep={setIndex} />}
    </>
  );
}
