// Answers to changes of dicts and queues, each under its client's own number, until the client has it: a change that is said again
// after a lost connection, or after a restart, is answered as before and not done twice.

import type { ClientId } from '@farcall/kernel-bridge/wire';

import type { AnswerRow } from '../store/objects.js';
import { Refusal } from './refusal.js';

export type Answer = Pick<AnswerRow, 'count' | 'value'>;

const NOTHING_DONE: Answer = { count: 0 };

interface Known {
  /** The client has the answers to all below. */
  before: number;
  readonly answers: Map<number, AnswerRow>;
  /** Takings that ended: a late repetition of one takes nothing. */
  readonly ended: Set<number>;
}
/** Of one client. It asks one thing a thread at a time. */
const MOST = 10_000;

export class Answers {
  readonly #clients = new Map<ClientId, Known>();

  restore(rows: readonly AnswerRow[]): void {
    for (const row of rows) this.#of(row.client).answers.set(row.op, row);
  }

  clients(): Iterable<ClientId> {
    return this.#clients.keys();
  }

  /** What was answered. An echo of what the client has its answer to, or wants no more, is answered with nothing. */
  to(client: ClientId, op: number): Answer | undefined {
    const known = this.#clients.get(client);
    if (known === undefined) return undefined;
    return op < known.before || known.ended.has(op) ? NOTHING_DONE : known.answers.get(op);
  }

  keep(row: AnswerRow): void {
    const { answers } = this.#of(row.client);
    if (answers.size >= MOST)
      throw new Refusal('resource.exhausted', `${MOST} changes wait for their answers to be read`);
    answers.set(row.op, row);
  }

  end(client: ClientId, op: number): void {
    this.#of(client).ended.add(op);
  }

  /** The client has the answers below `before`. Returns those that are not needed any more. */
  had(client: ClientId, before: number): readonly AnswerRow[] {
    const known = this.#of(client);
    if (before <= known.before) return [];
    known.before = before;
    for (const op of known.ended) if (op < before) known.ended.delete(op);
    const gone = [...known.answers.values()].filter(({ op }) => op < before);
    for (const { op } of gone) known.answers.delete(op);
    return gone;
  }

  /** The client will not ask again. */
  forget(client: ClientId): readonly AnswerRow[] {
    const known = this.#clients.get(client);
    this.#clients.delete(client);
    return [...(known?.answers.values() ?? [])];
  }

  #of(client: ClientId): Known {
    let known = this.#clients.get(client);
    if (known === undefined) this.#clients.set(client, (known = { before: 0, answers: new Map(), ended: new Set() }));
    return known;
  }
}
