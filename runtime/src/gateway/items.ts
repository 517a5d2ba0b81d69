// Values that generator inputs yield, on their way from container to client. Nothing of them is kept here: the container keeps
// what no reader has taken (64 items or 8 MiB) and sends it again when it is asked to. Large ones are files, deleted once taken.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { BlobId, CallId, CallState, Items as ItemsMessage, ItemsTaken } from '@farcall/kernel-bridge/wire';

import type { ContainerSession, Containers } from './containers.js';
import type { Streams } from './streams.js';

/** How long the files of a call that did not end by a cancel are there for a reader that is still behind. */
const LEFT_FOR_MS = 60_000;

interface Yielding {
  container: ContainerSession;
  /** Files of items that are not taken: below which `through` they still matter. */
  readonly files: { readonly end: number; readonly blob: BlobId }[];
}

export class Items {
  readonly #calls = new Map<CallId, Map<number, Yielding>>();

  constructor(
    private readonly parts: { readonly streams: Streams; readonly containers: Containers; readonly folder: string },
  ) {}

  /** Whether they are the first of this input that come by here. */
  arrived(container: ContainerSession, message: ItemsMessage, payload: Uint8Array): boolean {
    const inputs = this.#calls.get(message.call_id) ?? new Map<number, Yielding>();
    this.#calls.set(message.call_id, inputs);
    const known = inputs.get(message.index);
    const yielding = known ?? { container, files: [] };
    inputs.set(message.index, yielding);
    yielding.container = container;
    const end = message.first + message.lengths.length / 4;
    for (const blob of message.blobs ?? [])
      if (!yielding.files.some((file) => file.blob === blob)) yielding.files.push({ end, blob });
    for (const client of this.parts.streams.clientsOf(message.call_id, 'all')) client.send(message, payload);
    return known === undefined;
  }

  /** They came after the end: nobody reads them. */
  refuse(message: ItemsMessage): void {
    this.#delete(message.blobs ?? []);
  }

  /** A reader that attaches, perhaps again, gets what nobody has taken. */
  attached(call: CallId): void {
    for (const [index, { container }] of this.#calls.get(call) ?? [])
      this.#tell(container, { type: 'items.taken', call_id: call, index, through: 0 });
  }

  taken(message: ItemsTaken): void {
    const yielding = this.#calls.get(message.call_id)?.get(message.index);
    if (yielding === undefined) return;
    const { files, container } = yielding;
    while (files[0] !== undefined && files[0].end <= message.through) {
      this.#delete([files[0].blob]);
      files.shift();
    }
    this.#tell(container, message);
  }

  ended(call: CallId, state: CallState): void {
    const files = [...(this.#calls.get(call)?.values() ?? [])].flatMap((yielding) => yielding.files);
    this.#calls.delete(call);
    if (files.length === 0) return;
    const blobs = files.map(({ blob }) => blob);
    if (state === 'cancelled') this.#delete(blobs);
    else setTimeout(() => this.#delete(blobs), LEFT_FOR_MS).unref();
  }

  #tell(container: ContainerSession, message: ItemsTaken): void {
    if (this.parts.containers.get(container.id) === container) container.send(message);
  }

  #delete(blobs: readonly BlobId[]): void {
    // Nobody waits for it, and what cannot be deleted goes with the next clearing up.
    for (const blob of blobs) void rm(join(this.parts.folder, blob), { force: true }).catch(() => undefined);
  }
}
