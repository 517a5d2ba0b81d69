// The calls that run, in JupyterLab's Running panel; its shut-down buttons cancel them.

import { Notification } from '@jupyterlab/apputils';
import type { IRunningSessions } from '@jupyterlab/running';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { briefText } from './calls/bar';
import { cancel } from './commands';
import { farcallIcon } from './icon';
import type { KnownCall } from './model/run-store';
import { isMap, stateLabel, stateOf, titleOf } from './model/state';
import type { IFarcall } from './tokens';

export class RunningCalls implements IRunningSessions.IManager {
  readonly name: string;
  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly shutdownAllConfirmationText: string;
  readonly supportsMultipleViews = false;
  readonly #changed = new Signal<RunningCalls, void>(this);

  constructor(
    private readonly farcall: IFarcall,
    private readonly open: () => void,
  ) {
    const { trans, store } = farcall;
    this.name = trans.__('farcall calls');
    this.shutdownLabel = trans.__('Cancel');
    this.shutdownAllLabel = trans.__('Cancel All');
    this.shutdownAllConfirmationText = trans.__('Cancel all calls that run from this JupyterLab?');
    store.turned.connect(() => this.#changed.emit());
  }

  get runningChanged(): ISignal<RunningCalls, void> {
    return this.#changed;
  }

  running(): IRunningSessions.IRunningItem[] {
    return this.farcall.store.running().map((known) => this.#item(known));
  }

  shutdownAll(): void {
    for (const known of this.farcall.store.running()) this.#cancel(known);
  }

  /** The list is live; there is nothing to fetch. */
  refreshRunning(): void {
    this.#changed.emit();
  }

  #item(known: KnownCall): IRunningSessions.IRunningItem {
    const { store, trans } = this.farcall;
    const now = (): KnownCall => store.get(known.call.call_id) ?? known;
    return {
      icon: () => farcallIcon,
      label: () => titleOf(known.call),
      labelTitle: () => known.call.call_id,
      detail: () => (isMap(known.call) ? briefText(now().call, trans) : stateLabel(stateOf(now().call), trans)),
      open: this.open,
      shutdown: () => this.#cancel(known),
    };
  }

  #cancel(known: KnownCall): void {
    cancel(this.farcall, known).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      Notification.error(this.farcall.trans.__('%1 could not be cancelled. %2', titleOf(known.call), why));
    });
  }
}
