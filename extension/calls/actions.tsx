// What a person can do with a call, as a row of buttons: only those that mean something now. One message a click; what
// the kernel answers shows below the row when it is a problem.

import type { CallView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Intent, KernelBridge } from '../bridge/kernel-bridge';
import { parseDerived } from '../model/bridge-event';
import { failures, finished, isFinal, isMap } from '../model/state';
import type { Asked } from './asking';
import { useAsked } from './asking';
import { useInsert } from './insert';
import { Button, Note } from './parts';
import { useServices } from './services';

export interface ActionsProps {
  readonly call: CallView;
  /** Undefined while no kernel speaks of the call: then only what needs none is offered. */
  readonly bridge: KernelBridge | undefined;
}

interface Action {
  readonly label: string;
  readonly title: string;
  readonly intent: Intent;
  readonly isMain?: boolean;
}

export function Actions({ call, bridge }: ActionsProps): JSX.Element {
  const { trans, copy } = useServices();
  const { isWaiting, problem, run } = useAction(call, bridge);
  const insert = useInsert(call, bridge);
  return (
    <>
      <div className="farcall-Actions" role="group" aria-label={trans.__('Actions')}>
        {bridge !== undefined &&
          actionsOf(call, trans).map(({ label, title, intent, isMain = false }) => (
            <Button
              key={label}
              label={label}
              title={title}
              isMain={isMain}
              isDisabled={isWaiting}
              onClick={() => run(intent)}
            />
          ))}
        {isFinal(call) && isMap(call) && insert !== undefined && (
          <Button
            label={trans.__('Join to frame')}
            title={trans.__('Inserts a cell below that puts the results beside the rows they came from')}
            onClick={(event) => insert(event.currentTarget, { what: 'join', index: 0 })}
          />
        )}
        <Button label={trans.__('Copy id')} title={call.call_id} onClick={() => copy(call.call_id)} />
      </div>
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
    </>
  );
}

interface ActionState extends Pick<Asked<null>, 'isWaiting' | 'problem'> {
  run(intent: Intent): void;
}

/** Sends an intent; after a resume the card goes on with the derived call. */
export function useAction(call: CallView, bridge: KernelBridge | undefined): ActionState {
  const { store } = useServices();
  const { isWaiting, problem, ask } = useAsked<null>();
  const run = (intent: Intent): void => {
    if (bridge === undefined) return;
    ask(async () => {
      const result = await bridge.ask(intent);
      if (intent.intent === 'resume' || intent.intent === 'retry') store.follow(call.call_id, parseDerived(result));
      return null;
    });
  };
  return { isWaiting, problem, run };
}

function actionsOf(call: CallView, trans: TranslationBundle): readonly Action[] {
  return isFinal(call) ? endedActions(call, trans) : runningActions(call, trans);
}

function runningActions(call: CallView, trans: TranslationBundle): readonly Action[] {
  const { call_id } = call;
  const actions: Action[] = [
    {
      label: trans.__('Cancel'),
      title: trans.__('Stops what runs, and what waits'),
      intent: { intent: 'cancel', call_id, scope: 'all' },
    },
  ];
  if (!isMap(call)) return actions;
  if (call.counts.queued + call.counts.retrying > 0) {
    const title = trans.__('What runs now may finish; what waits is cancelled');
    actions.push({ label: trans.__('Cancel queued'), title, intent: { intent: 'cancel', call_id, scope: 'queued' } });
  }
  if (call.attached) {
    actions.push({
      label: trans.__('Detach'),
      title: trans.__('Goes on without this cell'),
      intent: { intent: 'detach', call_id },
    });
  }
  return actions;
}

function endedActions(call: CallView, trans: TranslationBundle): readonly Action[] {
  const { call_id, counts } = call;
  const isOpen = call.inputs > finished(counts);
  const actions: Action[] = [];
  if (failures(counts) > 0) {
    const title = trans.__('Runs the inputs that failed again, with the function as it is now');
    const label = isMap(call) ? trans.__('Retry failed') : trans.__('Retry');
    actions.push({ label, title, intent: { intent: 'resume', call_id, which: 'failed' }, isMain: true });
  }
  if (counts.cancelled > 0 || isOpen) {
    const title = trans.__('Runs every input that did not succeed, with the function as it is now');
    actions.push({
      label: trans.__('Resume'),
      title,
      intent: { intent: 'resume', call_id, which: 'unsucceeded' },
      isMain: failures(counts) === 0,
    });
  }
  return actions;
}
