// Progress of watched calls: whole, at most ten times a second each, only when something changed. A watcher that does not
// read skips rounds. Calls that ended are shown once, from the store.

import { type CallId, INPUT_STATES, type Progress, SUCCEEDED } from '@farcall/kernel-bridge/wire';

import type { ClientSession } from './clients.js';
import type { FailureGroups } from './failure-groups.js';
import { countOf, partOf } from './outcomes.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';
import { storedSummary, summaryOf } from './summaries.js';

const INTERVAL_MS = 100;
export const MOST_CELLS = 4096;
const SLOW_WATCHER_BYTES = 1024 * 1024;
/** As the wire spells states, the worst last. */
const LETTERS = 'qrsfct';
const WORST = 'sqyrctf';

interface Watched {
  readonly clients: Set<ClientSession>;
  sentAt: number;
  /** The reason for waiting that was sent last: it changes with time, containers and hosts, not with the call. */
  waiting: string;
  timer: NodeJS.Timeout | undefined;
}

export class Watches {
  readonly #watched = new Map<CallId, Watched>();

  constructor(
    private readonly parts: () => Parts,
    private readonly failures: FailureGroups,
  ) {}

  async watch(client: ClientSession, call: CallId): Promise<void> {
    const parts = this.parts();
    if (!parts.calls.isOpen(call)) await parts.calls.find(call);
    if (!parts.calls.isOpen(call)) return this.#showEnded(client, call);
    const known = this.#watched.get(call);
    const watched = known ?? { clients: new Set(), sentAt: performance.now(), waiting: '', timer: undefined };
    this.#watched.set(call, watched);
    watched.clients.add(client);
    const progress = this.#progress(call);
    if (progress === undefined) return;
    watched.waiting = progress.waiting;
    client.send(progress);
  }

  unwatch(client: ClientSession, call: CallId): void {
    const watched = this.#watched.get(call);
    watched?.clients.delete(client);
    if (watched?.clients.size === 0) this.#drop(call);
  }

  unwatchAll(client: ClientSession): void {
    for (const call of [...this.#watched.keys()]) this.unwatch(client, call);
  }

  /** The call changed. */
  show(call: CallId): void {
    const watched = this.#watched.get(call);
    if (watched === undefined || watched.timer !== undefined) return;
    const wait = watched.sentAt + INTERVAL_MS - performance.now();
    watched.timer = setTimeout(() => this.#send(call, watched), Math.max(0, wait)).unref();
  }

  /** Time has passed: calls that wait for another reason now are shown. */
  look(): void {
    const { core } = this.parts();
    for (const [id, watched] of this.#watched) if (core.call(id)?.waiting !== watched.waiting) this.show(id);
  }

  /** Its last word. */
  ended(call: CallId): void {
    const watched = this.#watched.get(call);
    if (watched === undefined) return;
    this.#send(call, watched);
    this.#drop(call);
  }

  #send(call: CallId, watched: Watched): void {
    clearTimeout(watched.timer);
    watched.timer = undefined;
    watched.sentAt = performance.now();
    const progress = this.#progress(call);
    if (progress === undefined) return;
    watched.waiting = progress.waiting;
    for (const client of watched.clients) if (client.connection.buffered < SLOW_WATCHER_BYTES) client.send(progress);
  }

  #progress(id: CallId): Progress | undefined {
    const parts = this.parts();
    const call = summaryOf(parts, id);
    const live = parts.core.call(id);
    if (call === undefined || live === undefined) return undefined;
    const { rate, containers, hardware, waiting } = live;
    return {
      type: 'progress',
      call,
      rate,
      containers,
      hardware,
      waiting,
      ...parts.core.cells(id, MOST_CELLS),
      failures: this.failures.of(id),
    };
  }

  async #showEnded(client: ClientSession, id: CallId): Promise<void> {
    const parts = this.parts();
    const call = await storedSummary(parts, id);
    if (call.inputs > 0xffffffff) throw new Refusal('request.invalid', 'the call is too large to show');
    const settled = await cellsOf(parts, id, call.inputs, this.failures);
    client.send({
      type: 'progress',
      call,
      rate: averageRate(call),
      containers: 0,
      hardware: '',
      waiting: '',
      ...settled,
      failures: this.failures.of(id),
    });
    this.failures.forget(id);
  }

  #drop(call: CallId): void {
    clearTimeout(this.#watched.get(call)?.timer);
    this.#watched.delete(call);
  }
}

function averageRate(call: Progress['call']): number {
  const seconds = call.ended_at - call.started_at;
  return seconds > 0 ? call.inputs / seconds : 0;
}

/** The grid and the groups of a call that only the store knows, in one pass over its outcomes. */
async function cellsOf(
  parts: Parts,
  call: CallId,
  inputs: number,
  failures: FailureGroups,
): Promise<{ cells: string; cell: number }> {
  const cell = Math.max(1, Math.ceil(inputs / MOST_CELLS));
  const ranks = new Uint8Array(Math.ceil(inputs / cell)).fill(WORST.indexOf('s'));
  failures.forget(call);
  for (let seq = 0; ;) {
    const rows = await parts.store.outcomes(call, seq, 65_536, 'tables');
    const last = rows.at(-1);
    if (last === undefined || last.seq + countOf(last) <= seq) break;
    for (const row of rows) {
      if (row.seq < seq) continue;
      failures.add(row);
      paint(row, ranks, cell);
    }
    seq = last.seq + countOf(last);
  }
  return { cells: Array.from(ranks, (rank) => WORST[rank] ?? 'q').join(''), cell };
}

function paint(row: Parameters<typeof partOf>[0], ranks: Uint8Array, cell: number): void {
  if ('ranges' in row) {
    const rank = WORST.indexOf(LETTERS[row.status] ?? 'q');
    for (const [first, count] of row.ranges)
      for (let at = Math.floor(first / cell); at <= Math.floor((first + count - 1) / cell); at++)
        ranks[at] = Math.max(ranks[at] ?? 0, rank);
    return;
  }
  const part = partOf(row);
  part.indexes.forEach((index, position) => {
    const status = part.statuses[position] ?? SUCCEEDED;
    const rank = WORST.indexOf(LETTERS[status] ?? 'q');
    const at = Math.floor(index / cell);
    if (rank > (ranks[at] ?? 0)) ranks[at] = rank;
  });
}

export function stateWord(state: number): string {
  return INPUT_STATES[state] ?? 'queued';
}
