// A kernel connection without a kernel: events are put in by hand, and what the page sends is kept.

import type { BridgeIntent } from '@farcall/kernel-bridge/notebook';
import { BRIDGE } from '@farcall/kernel-bridge/notebook';
import { Signal } from '@lumino/signaling';

import type { BridgeKernel } from '../../../extension/bridge/messages';

type Status = BridgeKernel['status'];
type Sent = BridgeIntent & { readonly channel: string };

export class FakeKernel {
  readonly clientId = 'page';
  readonly username = '';
  readonly iopubMessage = new Signal<unknown, unknown>(this);
  readonly statusChanged = new Signal<unknown, Status>(this);
  readonly connectionStatusChanged = new Signal<unknown, BridgeKernel['connectionStatus']>(this);
  readonly disposed = new Signal<unknown, void>(this);
  readonly sent: Sent[] = [];
  status: Status = 'busy';
  connectionStatus: BridgeKernel['connectionStatus'] = 'connected';
  isDisposed = false;
  /** Called with every intent; the answers of a kernel that lives. */
  answer: (intent: BridgeIntent, kernel: FakeKernel) => void = () => undefined;
  #seq = 0;
  epoch = 'epoch-1';

  constructor(readonly id = 'kernel-1') {}

  /** As the parts of the page take it. */
  get asKernel(): BridgeKernel {
    return this as unknown as BridgeKernel;
  }

  sendControlMessage = (message: { content: { data: BridgeIntent } }): void => this.#take(message, 'control');
  sendShellMessage = (message: { content: { data: BridgeIntent } }): void => this.#take(message, 'shell');

  /** An event with the next number; `skip` leaves a gap before it. */
  emit(event: object, { skip = 0 }: { readonly skip?: number } = {}): void {
    this.#seq += 1 + skip;
    this.emitRaw({ v: 1, epoch: this.epoch, seq: this.#seq, ...event });
  }

  emitRaw(data: unknown, commId: string = BRIDGE): void {
    const header = { msg_type: 'comm_msg', date: new Date().toISOString() };
    this.iopubMessage.emit({ header, content: { comm_id: commId, data } });
  }

  restartEpoch(name: string): void {
    this.epoch = name;
    this.#seq = 0;
  }

  turn(status: Status): void {
    this.status = status;
    this.statusChanged.emit(status);
  }

  connection(status: BridgeKernel['connectionStatus']): void {
    this.connectionStatus = status;
    this.connectionStatusChanged.emit(status);
  }

  intents(): string[] {
    return this.sent.map((sent) => sent.intent);
  }

  #take(message: { content: { data: BridgeIntent } }, channel: string): void {
    this.sent.push({ ...message.content.data, channel });
    this.answer(message.content.data, this);
  }
}
