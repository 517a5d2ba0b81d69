// Tells a person that a long call is over when no card of it can be seen. One notice a call, only for calls over 30 s.

import { Notification } from '@jupyterlab/apputils';
import type { LiveCall } from '@farcall/kernel-bridge/notebook';

import { progressText } from './calls/bar';
import { elapsedSeconds } from './model/progress';
import { isFinal, stateLabel, stateOf, titleOf } from './model/state';
import type { IFarcall } from './tokens';

const LONG_S = 30;

/** `isSeen`: the notebook of the call's kernel is in front, and so is this page. */
export function noticeEnds(
  farcall: IFarcall,
  isSeen: (kernelId: string) => boolean,
  showCard: (callId: string) => void,
): void {
  const running = new Set<string>();
  farcall.store.turned.connect((store, call) => {
    if (call === undefined) return;
    if (!isFinal(call)) running.add(call.call_id);
    else if (running.delete(call.call_id) && isLong(call) && !isSeen(store.get(call.call_id)?.kernelId ?? ''))
      notify(farcall, call, showCard);
  });
}

function isLong(call: LiveCall): boolean {
  return (elapsedSeconds(call, call.ended_at) ?? 0) >= LONG_S;
}

function notify({ trans }: IFarcall, call: LiveCall, showCard: (callId: string) => void): void {
  const message = trans.__('%1: %2, %3', titleOf(call), stateLabel(stateOf(call), trans), progressText(call, trans));
  const type = call.state === 'done' ? 'success' : 'warning';
  const actions = [{ label: trans.__('Show cell'), callback: () => showCard(call.call_id) }];
  Notification.emit(message, type, { autoClose: 5000, actions });
}
