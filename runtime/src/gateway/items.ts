// Values that generator inputs yield, on their way from container to client: kept until taken, so that a client may attach
// late or again. Each input's producer is bounded by its own credit (64 items or 8 MiB), all of them together by bytes here.

import type { CallId, Items as ItemsMessage, ItemsTaken } from '@farcall/kernel-bridge/wire';

import type { ClientSession } from './clients.js';
import type { ContainerSession, Containers } from './containers.js';
import type { Streams } from './streams.js';
import { copied, kept } from './tables.js';

const KEPT_BYTES = 64 * 1024 * 1024;

interface Kept {
  readonly message: ItemsMessage;
  readonly payload: Uint8Array;
}
interface Yielded {
  container: ContainerSession | undefined;
  readonly untaken: Kept[];
}

export class Items {
  readonly #calls = new Map<CallId, Map<number, Yielded>>();
  #bytes = 0;

  constructor(private readonly parts: { readonly streams: Streams; readonly containers: Containers }) {}

  arrived(container: ContainerSession, message: ItemsMessage, payload: Uint8Array): void {
    const bytes = kept(payload);
    const inputs = this.#calls.get(message.call_id) ?? new Map<number, Yielded>();
    this.#calls.set(message.call_id, inputs);
    const yielded = inputs.get(message.index) ?? { container, untaken: [] };
    inputs.set(message.index, yielded);
    yielded.container = container;
    if (!isResend(yielded, message)) {
      const lengths = bytes === payload ? message.lengths : copied(message.lengths);
      yielded.untaken.push({ message: { ...message, lengths }, payload: bytes });
      this.#bytes += bytes.length;
    }
    for (const client of this.parts.streams.clientsOf(message.call_id, 'all')) client.send(message, payload);
    this.#trim();
  }

  /** A reader that attaches gets what nobody has taken. */
  attached(client: ClientSession, call: CallId): void {
    for (const { untaken } of this.#calls.get(call)?.values() ?? [])
      for (const { message, payload } of untaken) client.send(message, payload);
  }

  taken(message: ItemsTaken): void {
    const yielded = this.#calls.get(message.call_id)?.get(message.index);
    if (yielded === undefined) return;
    while (yielded.untaken[0] !== undefined && endOf(yielded.untaken[0].message) <= message.through)
      this.#bytes -= yielded.untaken.shift()?.payload.length ?? 0;
    const { container } = yielded;
    if (container !== undefined && this.parts.containers.get(container.id) === container) container.send(message);
  }

  /** Calls of long ago give way when too much is kept. */
  #trim(): void {
    for (const [call, inputs] of this.#calls) {
      if (this.#bytes <= KEPT_BYTES || this.#calls.size === 1) return;
      for (const { untaken } of inputs.values()) for (const { payload } of untaken) this.#bytes -= payload.length;
      this.#calls.delete(call);
    }
  }
}

function endOf(message: ItemsMessage): number {
  return message.first + message.lengths.length / 4;
}

function isResend(yielded: Yielded, message: ItemsMessage): boolean {
  const last = yielded.untaken.at(-1)?.message;
  return last !== undefined && last.attempt === message.attempt && message.first < endOf(last);
}
