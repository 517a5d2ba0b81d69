// What the sidebar shows: the runtime and the containers of one kernel, and all calls. Asks only when it is shown, when
// a call begins or ends, and on a click: each message makes Lab show a busy kernel as idle for a while. No DOM.

import type { Autoscaling, CallView, FunctionView, RuntimeView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { KernelBridge } from '../bridge/kernel-bridge';
import type { Kernels } from '../bridge/kernels';
import { parseCalls, parseRuntime } from '../model/bridge-event';
import { parseFunctions, parseScaling } from '../model/functions';
import type { RunStore } from '../model/run-store';

export interface PanelModelOptions {
  readonly store: RunStore;
  readonly kernels: Kernels;
  readonly trans: TranslationBundle;
  /** The bridge of the notebook in front. */
  readonly current: () => KernelBridge | undefined;
}

const LIMIT = 50;
/** Calls that begin and end in quick succession share one question. */
const QUIET_MS = 1000;

export class PanelModel implements IDisposable {
  runtime: RuntimeView | undefined;
  /** Undefined: the kernel is an older one, which does not tell. */
  functions: readonly FunctionView[] | undefined;
  problem = '';
  isWaiting = false;
  isDisposed = false;
  #isShown = false;
  #listed: readonly CallView[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;
  #askedKernel: string | undefined;
  readonly #changed = new Signal<PanelModel, void>(this);

  constructor(private readonly options: PanelModelOptions) {
    options.store.turned.connect(this.#storeOnTurn, this);
    options.kernels.changed.connect(this.#kernelsOnChange, this);
  }

  get changed(): ISignal<PanelModel, void> {
    return this.#changed;
  }

  get bridge(): KernelBridge | undefined {
    return this.options.current() ?? this.options.kernels.all().find((bridge) => bridge.status === 'live');
  }

  /** Live calls and listed ones, newest first, those of the notebook in front before the others. */
  calls(): readonly CallView[] {
    const { store } = this.options;
    const front = this.bridge?.kernel.id;
    const live = store.all();
    const known = new Set(live.map(({ call }) => call.call_id));
    const own = live.filter((one) => one.kernelId === front).map(({ call }) => call);
    const others = live.filter((one) => one.kernelId !== front).map(({ call }) => call);
    return [...own, ...others, ...this.#listed.filter((call) => !known.has(call.call_id))];
  }

  show(): void {
    this.#isShown = true;
    void this.refresh();
  }

  hide(): void {
    this.#isShown = false;
    clearTimeout(this.#timer);
  }

  /** Asks the kernel in front; keeps what was there when that fails, and says why. */
  async refresh(): Promise<void> {
    const turn = (this.#turn += 1);
    this.#set({ isWaiting: true, problem: '' });
    const problem = await this.#read(turn);
    if (turn === this.#turn) this.#set({ isWaiting: false, problem });
  }

  /** Changes how many containers a function has; what the kernel answers stands in the list at once. */
  async scale(of: FunctionView, settings: Partial<Autoscaling>): Promise<void> {
    const { bridge } = this;
    if (bridge === undefined) throw new Error(this.options.trans.__('No notebook with a running kernel is open.'));
    const { app, name } = of;
    const scaling = parseScaling(await bridge.ask({ intent: 'scale', app, name, ...settings }));
    const isSame = (one: FunctionView): boolean => one.app === app && one.name === name;
    this.functions = this.functions?.map((one) => (isSame(one) ? { ...one, scaling } : one));
    this.#changed.emit();
  }

  dispose(): void {
    this.isDisposed = true;
    clearTimeout(this.#timer);
    Signal.clearData(this);
  }

  async #read(turn: number): Promise<string> {
    const { bridge } = this;
    const { trans } = this.options;
    this.#askedKernel = bridge?.kernel.id;
    if (bridge === undefined) return trans.__('No notebook with a running kernel is open.');
    if (bridge.status !== 'live' && !(await bridge.hello())) {
      this.runtime = undefined;
      return trans.__('This notebook has not loaded farcall. Run “import farcall” in it.');
    }
    try {
      const [runtime, listed, functions] = await Promise.all([
        bridge.ask({ intent: 'runtime' }),
        bridge.ask({ intent: 'calls', limit: LIMIT }),
        bridge.knows('functions') ? bridge.ask({ intent: 'functions' }) : undefined,
      ]);
      if (turn !== this.#turn) return '';
      [this.runtime, this.#listed] = [parseRuntime(runtime), parseCalls(listed)];
      this.functions = functions === undefined ? undefined : parseFunctions(functions);
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #set(state: { isWaiting: boolean; problem: string }): void {
    if (this.isDisposed) return;
    Object.assign(this, state);
    this.#changed.emit();
  }

  #storeOnTurn(): void {
    this.#changed.emit();
    if (!this.#isShown) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), QUIET_MS);
  }

  /** A kernel that came after the panel was shown, as when Lab restores both, is asked once. */
  #kernelsOnChange(): void {
    this.#changed.emit();
    const { bridge } = this;
    if (this.#isShown && bridge !== undefined && bridge.kernel.id !== this.#askedKernel) void this.refresh();
  }
}
