// The bridges of all kernels that this page is connected to, one a kernel: two notebooks on one kernel have two
// connections, and each would hear every event. Views ask here for the bridge of their call.

import type { ISessionContext } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { RunStore } from '../model/run-store';
import type { BridgeOptions } from './kernel-bridge';
import { KernelBridge } from './kernel-bridge';
import type { BridgeKernel } from './messages';

/** What is needed of a notebook's or console's session. */
export interface KernelOwner {
  readonly session: { readonly kernel: BridgeKernel | null } | null;
  readonly kernelChanged: Pick<ISessionContext['kernelChanged'], 'connect' | 'disconnect'>;
  readonly disposed: Pick<ISessionContext['disposed'], 'connect' | 'disconnect'>;
}

export class Kernels implements IDisposable {
  readonly #owners = new Map<KernelOwner, BridgeKernel | null>();
  readonly #bridges = new Map<string, KernelBridge>();
  readonly #changed = new Signal<Kernels, void>(this);
  #isLive = true;
  isDisposed = false;

  constructor(
    private readonly store: RunStore,
    private readonly options: BridgeOptions,
  ) {}

  /** A kernel came, went, or its bridge turned. */
  get changed(): ISignal<Kernels, void> {
    return this.#changed;
  }

  /** Listens to the owner's kernel, now and after each change, until the owner is disposed. Asks nothing. */
  attach(owner: KernelOwner): void {
    if (this.#owners.has(owner)) return;
    const refresh = (): void => this.#refresh(owner);
    const release = (): void => {
      owner.kernelChanged.disconnect(refresh);
      this.#owners.delete(owner);
      this.#settle();
    };
    owner.kernelChanged.connect(refresh);
    owner.disposed.connect(release);
    this.#refresh(owner);
  }

  /** False: views ask no kernel for anything by themselves, only when a person clicks. */
  get isLive(): boolean {
    return this.#isLive;
  }

  setLive(isLive: boolean): void {
    if (isLive === this.#isLive) return;
    this.#isLive = isLive;
    this.#changed.emit();
  }

  bridge(kernelId: string | undefined): KernelBridge | undefined {
    return kernelId === undefined ? undefined : this.#bridges.get(kernelId);
  }

  all(): readonly KernelBridge[] {
    return [...this.#bridges.values()];
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    for (const bridge of this.#bridges.values()) bridge.dispose();
    this.#bridges.clear();
    Signal.clearData(this);
  }

  #refresh(owner: KernelOwner): void {
    this.#owners.set(owner, owner.session?.kernel ?? null);
    this.#settle();
  }

  /** Makes the bridges match the kernels that owners hold; a bridge whose own connection went moves to another one. */
  #settle(): void {
    const held = new Map<string, BridgeKernel>();
    for (const kernel of this.#owners.values()) {
      if (kernel !== null && !kernel.isDisposed) held.set(kernel.id, this.#keep(kernel, held.get(kernel.id)));
    }
    for (const [id, bridge] of this.#bridges) {
      if (held.get(id) === bridge.kernel && !bridge.isDisposed) continue;
      this.#bridges.delete(id);
      bridge.dispose();
    }
    for (const [id, kernel] of held) if (!this.#bridges.has(id)) this.#bridges.set(id, this.#open(kernel));
    this.#changed.emit();
  }

  /** Of two connections to one kernel, the one that is listened to already. */
  #keep(kernel: BridgeKernel, other: BridgeKernel | undefined): BridgeKernel {
    const current = this.#bridges.get(kernel.id)?.kernel;
    return other !== undefined && (other === current || kernel !== current) ? other : kernel;
  }

  #open(kernel: BridgeKernel): KernelBridge {
    const bridge = new KernelBridge(kernel, this.store, this.options);
    bridge.statusChanged.connect(() => this.#changed.emit());
    return bridge;
  }
}
