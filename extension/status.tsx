// The item in the status bar: how many calls run. Hidden while none does; a click shows the sidebar.

import { ReactWidget } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { StateIcon } from './calls/icons';
import type { IFarcall } from './tokens';

export class RunningStatus extends ReactWidget {
  readonly #activeChanged = new Signal<RunningStatus, void>(this);

  constructor(
    private readonly farcall: IFarcall,
    private readonly open: () => void,
  ) {
    super();
    this.addClass('farcall-Status');
    farcall.store.turned.connect(() => {
      this.#activeChanged.emit();
      this.update();
    });
  }

  get activeStateChanged(): ISignal<RunningStatus, void> {
    return this.#activeChanged;
  }

  isActive(): boolean {
    return this.farcall.store.running().length > 0;
  }

  protected override render(): JSX.Element {
    const { store, trans } = this.farcall;
    const count = store.running().length;
    return (
      <button
        type="button"
        className="farcall-Status-button"
        title={trans.__('Show the farcall sidebar')}
        onClick={this.open}
      >
        <StateIcon state="running" />
        {trans._n('farcall: %1 call', 'farcall: %1 calls', count)}
      </button>
    );
  }
}
