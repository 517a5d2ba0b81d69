// Arguments and results as text, for views, which never unpickle: a container of the call's function makes it. When none is
// up, the core is told that one is wanted. A question has fifteen seconds; then the view is told why there is no answer.

import type { BlobId, FunctionId, PreviewAsk, PreviewMade } from '@farcall/kernel-bridge/wire';

import type { ClientSession } from './clients.js';
import type { ContainerSession } from './containers.js';
import type { Parts } from './parts.js';
import { pageOf } from './outcome-pages.js';
import { Refusal } from './refusal.js';
import { kept } from './tables.js';

const ANSWER_MS = 15_000;
/** Questions without an answer; each holds a payload. */
const MOST_ASKED = 64;

interface Pickle {
  readonly payload: Uint8Array;
  readonly blob?: BlobId;
}
interface Question {
  readonly client: ClientSession;
  readonly message: PreviewAsk;
  readonly function: FunctionId;
  readonly pickle: Pickle;
  readonly timer: NodeJS.Timeout;
  /** Whoever makes it; undefined while none is up. */
  container: ContainerSession | undefined;
}

export class Previews {
  readonly #asked = new Map<number, Question>();
  #last = 0;

  constructor(private readonly parts: () => Parts) {}

  async ask(client: ClientSession, message: PreviewAsk): Promise<void> {
    const entry = await this.parts().calls.find(message.call_id);
    const pickle = await this.#pickle(message);
    if (this.#asked.size >= MOST_ASKED)
      return say(client, message, 'Too much is asked at once; try again in a moment.');
    this.#last += 1;
    const request = this.#last;
    const timer = setTimeout(() => this.#late(request), ANSWER_MS).unref();
    const question: Question = { client, message, function: entry.function, pickle, timer, container: undefined };
    this.#asked.set(request, question);
    this.#place(request, question);
  }

  made(container: ContainerSession, { request, bundle }: PreviewMade): void {
    const question = this.#asked.get(request);
    if (question?.container !== container) return;
    this.#forget(request);
    question.client.send({ type: 'preview.made', request: question.message.request, bundle });
  }

  /** A container came up. */
  ready(container: ContainerSession): void {
    for (const [request, question] of this.#asked)
      if (question.container === undefined && question.function === container.function_)
        this.#give(request, question, container);
  }

  /** A container is no more: what it was asked goes to another. */
  gone(container: ContainerSession): void {
    for (const [request, question] of this.#asked) {
      if (question.container !== container) continue;
      question.container = undefined;
      this.#place(request, question);
    }
  }

  #place(request: number, question: Question): void {
    const parts = this.parts();
    const ready = parts.containers.ofFunction(question.function);
    const container = ready.find(({ isIdle }) => isIdle) ?? ready[0];
    if (container !== undefined) this.#give(request, question, container);
    // Also when one is up: it stays as long as someone looks.
    parts.apply({ type: 'preview.wanted', function: question.function });
  }

  #give(request: number, question: Question, container: ContainerSession): void {
    const { payload, blob } = question.pickle;
    const { what, call_id } = question.message;
    question.container = container;
    const named = blob === undefined ? {} : { blob };
    container.send({ type: 'preview.make', request, what, call_id, ...named }, payload);
  }

  #late(request: number): void {
    const question = this.#asked.get(request);
    this.#forget(request);
    if (question === undefined) return;
    const why = this.parts().core.shortage(question.function);
    const absent = `No container came up within ${ANSWER_MS / 1000} s: ${why || 'it is still starting'}.`;
    const busy = 'The container is busy with an input; try again when that has ended.';
    say(question.client, question.message, question.container === undefined ? absent : busy);
  }

  #forget(request: number): void {
    clearTimeout(this.#asked.get(request)?.timer);
    this.#asked.delete(request);
  }

  async #pickle({ call_id, index, what }: PreviewAsk): Promise<Pickle> {
    const parts = this.parts();
    const found =
      what === 'arguments'
        ? await parts.calls.inputs(await parts.calls.find(call_id), index, 1)
        : pageOf(await parts.store.outcomesOf(call_id, index, 1), index, 1);
    if (found.lengths.length === 0) throw new Refusal('not.found', `input ${index} of ${call_id} has no outcome yet`);
    return { payload: kept(found.payload), ...(found.blobs[0] === undefined ? {} : { blob: found.blobs[0] }) };
  }
}

function say(client: ClientSession, { request }: PreviewAsk, text: string): void {
  client.send({ type: 'preview.made', request, bundle: { 'text/plain': text } });
}
