// Arguments and results as text, for views, which never unpickle: a ready container of the call's function makes it.
// One question has ten seconds; without a container the view is told so.

import type { BlobId, PreviewAsk, PreviewMade } from '@farcall/kernel-bridge/wire';

import type { ClientSession } from './clients.js';
import type { ContainerSession } from './containers.js';
import { pageOf } from './reading-messages.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';

const ANSWER_MS = 10_000;

interface Question {
  readonly client: ClientSession;
  readonly request: number;
  readonly container: ContainerSession;
  readonly timer: NodeJS.Timeout;
}

export class Previews {
  readonly #asked = new Map<number, Question>();
  #last = 0;

  constructor(private readonly parts: () => Parts) {}

  async ask(client: ClientSession, message: PreviewAsk): Promise<void> {
    const parts = this.parts();
    const entry = await parts.calls.find(message.call_id);
    const { payload, blob } = await this.#pickle(message);
    const ready = parts.containers.ofFunction(entry.function);
    const container = ready.find(({ leases }) => leases.size === 0) ?? ready[0];
    if (container === undefined) return say(client, message.request, 'No container of this function is up to show it.');
    this.#last += 1;
    const request = this.#last;
    const timer = setTimeout(() => this.#late(request), ANSWER_MS).unref();
    this.#asked.set(request, { client, request: message.request, container, timer });
    container.send(
      {
        type: 'preview.make',
        request,
        what: message.what,
        call_id: message.call_id,
        ...(blob === undefined ? {} : { blob }),
      },
      payload,
    );
  }

  made(container: ContainerSession, { request, bundle }: PreviewMade): void {
    const question = this.#asked.get(request);
    if (question?.container !== container) return;
    this.#forget(request);
    question.client.send({ type: 'preview.made', request: question.request, bundle });
  }

  #late(request: number): void {
    const question = this.#asked.get(request);
    this.#forget(request);
    if (question !== undefined)
      say(question.client, question.request, 'The container is busy; try again when it is idle.');
  }

  #forget(request: number): void {
    clearTimeout(this.#asked.get(request)?.timer);
    this.#asked.delete(request);
  }

  async #pickle({
    call_id,
    index,
    what,
  }: PreviewAsk): Promise<{ readonly payload: Uint8Array; readonly blob?: BlobId }> {
    const parts = this.parts();
    const found =
      what === 'arguments'
        ? await parts.calls.inputs(await parts.calls.find(call_id), index, 1)
        : pageOf(await parts.store.outcomesOf(call_id, index, 1), index, 1);
    if (found.lengths.length === 0) throw new Refusal('not.found', `input ${index} of ${call_id} has no outcome yet`);
    return { payload: found.payload, ...(found.blobs[0] === undefined ? {} : { blob: found.blobs[0] }) };
  }
}

function say(client: ClientSession, request: number, text: string): void {
  client.send({ type: 'preview.made', request, bundle: { 'text/plain': text } });
}
