// One kernel's bridge as this page sees it: listens to its events, sends intents, matches replies. Only listens until a
// view, a panel or a person wants something; then it says hello once and waits a moment for the answer.

import type { BridgeEvent, BridgeIntent } from '@farcall/kernel-bridge/notebook';
import { BRIDGE_VERSION } from '@farcall/kernel-bridge/notebook';
import type { KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { parseEvent, parseLabels } from '../model/bridge-event';
import { Labels } from '../model/labels';
import { SchemaError } from '../model/reader';
import type { RunStore } from '../model/run-store';
import { isFinal } from '../model/state';
import { Lease } from './lease';
import type { BridgeKernel, Channel } from './messages';
import { bridgeData, clockSkew, sendIntent } from './messages';
import { BridgeError, Pending } from './pending';

/**
 * silent: nothing was asked and nothing heard. asking: a hello is on its way. live: the kernel's side speaks.
 * absent: the hello was not answered (farcall is not imported there). lost: the kernel or its connection is gone.
 * foreign: it speaks a version of the bridge that this page does not know.
 */
export type BridgeStatus = 'silent' | 'asking' | 'live' | 'absent' | 'lost' | 'foreign';

type Without<T> = T extends unknown ? Omit<T, 'v' | 'id'> : never;
export type Intent = Without<BridgeIntent>;

export interface BridgeOptions {
  readonly version: string;
  readonly replyMs?: number;
  readonly helloMs?: number;
}

/** Two tabs on one kernel see each other's replies, so ids begin at a random place. */
const ID_SPACING = 2 ** 21;

export class KernelBridge implements IDisposable {
  readonly lease: Lease;
  readonly labels: Labels;
  readonly #pending: Pending;
  readonly #statusChanged = new Signal<KernelBridge, BridgeStatus>(this);
  #nextId = Math.floor(Math.random() * 2 ** 31) * ID_SPACING;
  #status: BridgeStatus = 'silent';
  #channel: Channel = 'control';
  #epoch = '';
  #seq = -1;
  #problem = '';
  /** What it said that it answers, when it said hello; undefined until then. */
  #knows: ReadonlySet<string> | undefined;
  #hello: Promise<boolean> | undefined;
  #answerHello: ((heard: boolean) => void) | undefined;
  isDisposed = false;

  constructor(
    readonly kernel: BridgeKernel,
    private readonly store: RunStore,
    private readonly options: BridgeOptions,
  ) {
    this.#pending = new Pending(options.replyMs ?? 15_000);
    this.lease = new Lease({ send: (ids) => void this.#sendLease(ids), isOpen: (id) => this.#isOpen(id) });
    this.labels = new Labels(async (call_id, indexes) =>
      parseLabels(await this.ask({ intent: 'labels', call_id, indexes })),
    );
    kernel.iopubMessage.connect(this.#kernelOnMessage, this);
    kernel.statusChanged.connect(this.#kernelOnStatus, this);
    kernel.connectionStatusChanged.connect(this.#kernelOnConnection, this);
    kernel.disposed.connect(this.dispose, this);
  }

  get status(): BridgeStatus {
    return this.#status;
  }

  /** What was wrong with the last event that could not be read; '' when there was none. */
  get problem(): string {
    return this.#problem;
  }

  get statusChanged(): ISignal<KernelBridge, BridgeStatus> {
    return this.#statusChanged;
  }

  /** Whether the kernel answers an intent that the first ones did not know. */
  knows(intent: Intent['intent']): boolean {
    return this.#knows?.has(intent) ?? false;
  }

  /** Whether it is known not to: its farcall is older than this page's. */
  lacks(intent: Intent['intent']): boolean {
    return this.#knows !== undefined && !this.#knows.has(intent);
  }

  /** Asks the kernel's side to introduce itself; false when nobody answers in time. One at a time. */
  hello(): Promise<boolean> {
    this.#hello ??= this.#sayHello().finally(() => (this.#hello = undefined));
    return this.#hello;
  }

  /** As hello, but only if that was not tried yet: opening a view must not knock again and again. */
  async knock(): Promise<boolean> {
    if (this.#status === 'live' && this.#knows !== undefined) return true;
    if (this.#status === 'live') return (await this.hello()) || this.#status === 'live';
    return this.#status === 'silent' || this.#status === 'asking' ? this.hello() : false;
  }

  /** Sends what the person asked for; the result of its reply, or a BridgeError with a sentence. */
  async ask(intent: Intent): Promise<unknown> {
    if (this.isDisposed || this.#status === 'lost') throw new BridgeError('The kernel is gone.');
    if (this.#pending.isFull) throw new BridgeError('The kernel has not answered for some time.');
    const id = (this.#nextId += 1);
    const reply = this.#pending.wait(
      id,
      'The kernel did not answer. It may be busy in compiled code; try again in a moment.',
    );
    this.#send(id, intent);
    return reply;
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.#drop('lost', 'The kernel is gone.');
    this.lease.dispose();
    Signal.clearData(this);
  }

  async #sayHello(): Promise<boolean> {
    if (this.#status !== 'live') this.#turn('asking');
    const heard = new Promise<boolean>((resolve) => (this.#answerHello = resolve));
    this.#sendHello();
    const half = setTimeout(() => this.#tryShell(), (this.options.helloMs ?? 3000) / 2);
    const late = setTimeout(() => this.#answerHello?.(false), this.options.helloMs ?? 3000);
    const answered = await heard;
    clearTimeout(half);
    clearTimeout(late);
    if (!answered && this.#status === 'asking') this.#turn('absent');
    return answered;
  }

  /** Kernels without a control thread; a busy one would answer only when its cell is over. */
  #tryShell(): void {
    if (this.isDisposed || this.kernel.status !== 'idle' || this.#status === 'live') return;
    this.#channel = 'shell';
    this.#sendHello();
  }

  /** A dead kernel refuses at once; then the question is answered with its words. */
  #send(id: number, intent: Intent): void {
    try {
      sendIntent(this.kernel, { v: BRIDGE_VERSION, id, ...intent } as BridgeIntent, this.#channel);
    } catch (error) {
      this.#pending.reject(id, error instanceof Error ? error.message : String(error));
      if (intent.intent === 'hello') this.#answerHello?.(false);
    }
  }

  #sendHello(): void {
    this.#send((this.#nextId += 1), { intent: 'hello', version: this.options.version });
  }

  async #sendLease(callIds: readonly string[], triesLeft = 2): Promise<void> {
    if (!(await this.knock())) return;
    try {
      await this.ask({ intent: 'lease', call_ids: callIds });
    } catch (error) {
      // A lease that fails leaves a card at its snapshot, which says so itself; one that nobody heard is sent again.
      if (!(error instanceof BridgeError)) throw error;
      if (error.isLate && triesLeft > 0) await this.#sendLease(callIds, triesLeft - 1);
    }
  }

  #kernelOnMessage(_: unknown, message: KernelMessage.IIOPubMessage): void {
    const data = bridgeData(message);
    if (data === undefined) return;
    try {
      this.#take(parseEvent(data), clockSkew(message));
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      this.#problem = error.message;
      if ((data as { v?: unknown } | null)?.v !== BRIDGE_VERSION) this.#turn('foreign');
    }
  }

  #take(event: BridgeEvent, skew: number): void {
    if (!this.#isNext(event)) return;
    if (event.event === 'reply') this.#pending.resolve(event.id, event.result);
    else if (event.event === 'error') this.#pending.reject(event.id, event.message);
    else this.store.apply(this.kernel.id, event.calls, skew);
    if (event.event === 'hello') this.#knows = new Set(event.knows ?? []);
    this.#turn('live');
    if (event.event === 'hello') this.#answerHello?.(true);
  }

  /** False for what was heard before. After a gap or in a new epoch the whole state is asked for again. */
  #isNext(event: BridgeEvent): boolean {
    const isKnownEpoch = event.epoch === this.#epoch;
    if (isKnownEpoch && event.seq <= this.#seq) return false;
    const isFirst = this.#epoch === '';
    const isGap = isKnownEpoch && event.seq > this.#seq + 1;
    this.#epoch = event.epoch;
    this.#seq = event.seq;
    if (!isKnownEpoch) this.#forgetKernel();
    if (!isKnownEpoch && !isFirst) this.lease.renew();
    if (event.event !== 'hello' && (isGap || !(isKnownEpoch || isFirst))) void this.hello();
    return true;
  }

  #kernelOnStatus(): void {
    const { status } = this.kernel;
    if (status === 'restarting' || status === 'autorestarting') this.#drop('silent', 'The kernel was restarted.');
    else if (status === 'dead') this.#drop('lost', 'The kernel died.');
  }

  #kernelOnConnection(): void {
    const wasHeard = this.#epoch !== '';
    if (this.kernel.connectionStatus === 'disconnected') this.#drop('lost', 'The connection to the kernel is lost.');
    else if (this.kernel.connectionStatus === 'connected' && this.#status === 'lost') {
      this.#turn('silent');
      if (wasHeard) void this.hello().then((heard) => heard && this.lease.renew());
    }
  }

  #drop(status: BridgeStatus, why: string): void {
    this.#pending.rejectAll(why);
    this.#answerHello?.(false);
    this.store.disconnect(this.kernel.id);
    this.#forgetKernel();
    this.#turn(status);
  }

  /** What another process said is not true of this one. */
  #forgetKernel(): void {
    this.#knows = undefined;
    this.labels.forget();
  }

  #turn(status: BridgeStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#statusChanged.emit(status);
  }

  /** Ended calls are leased once more if their squares are not here, as after a reload. */
  #isOpen(callId: string): boolean {
    const known = this.store.get(callId);
    if (known === undefined || !known.connected || !isFinal(known.call)) return true;
    return known.call.cells === '' && known.call.inputs > 0;
  }
}
