// Command ids and the commands themselves: show the panel, cancel a call, copy its id. Without an argument they act on
// the newest call that runs, else on the newest one.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { KnownCall } from './model/run-store';
import { isFinal, titleOf } from './model/state';
import type { IFarcall } from './tokens';

export const COMMANDS = {
  showPanel: 'farcall:show-panel',
  cancelCall: 'farcall:cancel-call',
  copyCallId: 'farcall:copy-call-id',
} as const;

const DESCRIBED = {
  args: {
    type: 'object',
    properties: { call_id: { type: 'string', description: 'The id of the call; the newest one without it.' } },
  },
} as const;

export function addCommands(app: JupyterFrontEnd, farcall: IFarcall): void {
  const { trans } = farcall;
  const { commands } = app;
  commands.addCommand(COMMANDS.cancelCall, {
    label: (args) => labelled(trans.__('Cancel Call'), subject(farcall, args, isRunning)),
    caption: trans.__('Cancels the newest call that runs'),
    describedBy: DESCRIBED,
    isEnabled: (args) => subject(farcall, args, isRunning) !== undefined,
    execute: (args) => cancel(farcall, subject(farcall, args, isRunning)),
  });
  commands.addCommand(COMMANDS.copyCallId, {
    label: (args) =>
      labelled(
        trans.__('Copy Call Id'),
        subject(farcall, args, () => true),
      ),
    caption: trans.__('Copies the id of the newest call'),
    describedBy: DESCRIBED,
    isEnabled: (args) => subject(farcall, args, () => true) !== undefined,
    execute: (args) => {
      const known = subject(farcall, args, () => true);
      if (known !== undefined) farcall.copy(known.call.call_id);
    },
  });
}

function isRunning(known: KnownCall): boolean {
  return known.connected && !isFinal(known.call);
}

function subject(
  { store }: IFarcall,
  args: ReadonlyPartialJSONObject,
  fits: (known: KnownCall) => boolean,
): KnownCall | undefined {
  const callId = args['call_id'];
  if (typeof callId === 'string') {
    const known = store.get(callId);
    return known !== undefined && fits(known) ? known : undefined;
  }
  const all = store.all().filter(fits);
  return all.find(isRunning) ?? all[0];
}

export async function cancel({ kernels }: IFarcall, known: KnownCall | undefined): Promise<void> {
  if (known === undefined) return;
  await kernels.bridge(known.kernelId)?.ask({ intent: 'cancel', call_id: known.call.call_id, scope: 'all' });
}

function labelled(label: string, known: KnownCall | undefined): string {
  return known === undefined ? label : `${label}: ${titleOf(known.call)}`;
}
