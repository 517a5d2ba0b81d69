// The states of many inputs of many calls, as tables: what is settled as the store has it, the rest as the core does.

import { type CallId, FAILED, RUNNING } from '@farcall/kernel-bridge/wire';

import type { SomeInputs } from '../store/store.js';
import { partOf, type Row, windowOf } from './outcomes.js';
import type { Parts } from './parts.js';

/** In tables of states: no container of its function came up. */
export const NEVER_STARTED = 6;
const START_FAILURES: ReadonlySet<string> = new Set(['container.start', 'payload.unreadable', 'image.build']);

/** States of inputs, one entry for each that was asked for, one call after the other. */
export interface States {
  readonly states: Uint8Array;
  readonly attempts: Uint32Array;
  readonly started: Float64Array;
  readonly ended: Float64Array;
  readonly containers: readonly string[];
  readonly container: Uint32Array;
}

export async function readStates(parts: Parts, asked: readonly SomeInputs[]): Promise<States> {
  const total = asked.reduce((sum, { count }) => sum + count, 0);
  const made = new StateTables(total);
  const rows = asked.length === 0 ? [] : await parts.store.outcomesIn(asked);
  const places = placesOf(asked);
  for (const row of rows) for (const place of places.get(row.call_id) ?? []) made.settle(row, place);
  for (const list of places.values()) for (const place of list) overlay(parts, made, place);
  return made.done();
}

interface Place extends SomeInputs {
  readonly offset: number;
}

function placesOf(asked: readonly SomeInputs[]): Map<CallId, Place[]> {
  const places = new Map<CallId, Place[]>();
  let offset = 0;
  for (const some of asked) {
    const list = places.get(some.call) ?? [];
    list.push({ ...some, offset });
    places.set(some.call, list);
    offset += some.count;
  }
  return places;
}

/** What the core knows of inputs that have no stored outcome. */
function overlay({ core }: Parts, tables: StateTables, { call, first, count, offset }: Place): void {
  const live = core.call(call);
  if (live === undefined) return;
  for (const { index, state, attempt, container } of core.rows(call, [], first, count).rows) {
    if (index >= first + count) return;
    // Only of a lone input is it known when it began.
    const startedAt = state === RUNNING && live.inputs === 1 ? live.startedAt : 0;
    tables.live(offset + index - first, { state, attempt, container, startedAt });
  }
}

class StateTables {
  readonly #tables;
  readonly #containers = new Map<string, number>();

  constructor(total: number) {
    this.#tables = {
      states: new Uint8Array(total),
      attempts: new Uint32Array(total).fill(1),
      started: new Float64Array(total),
      ended: new Float64Array(total),
      container: new Uint32Array(total),
    };
  }

  done(): States {
    return { ...this.#tables, containers: [...this.#containers.keys()] };
  }

  settle(row: Row, { first, count, offset }: Place): void {
    const { states, attempts, started, ended, container } = this.#tables;
    const part = partOf(windowOf(row, first, count));
    const isNever = 'ranges' in row && row.status === FAILED && START_FAILURES.has(row.failure.code);
    const ran = 'ranges' in row ? undefined : row;
    const ends = ran?.at === undefined ? undefined : endsOf(part.seconds, ran.at);
    part.indexes.forEach((index, at) => {
      const place = offset + index - first;
      if (index < first || index >= first + count) return;
      states[place] = isNever ? NEVER_STARTED : (part.statuses[at] ?? 0);
      attempts[place] = part.attempts[at] ?? 1;
      container[place] = this.#container(ran?.container_id ?? '');
      if (ends === undefined) return;
      ended[place] = ends[at] ?? 0;
      started[place] = (ends[at] ?? 0) - (part.seconds[at] ?? 0);
    });
  }

  live(place: number, now: { state: number; attempt: number; container: string; startedAt: number }): void {
    const { states, attempts, started, container } = this.#tables;
    if ((states[place] ?? 0) > RUNNING) return;
    states[place] = now.state;
    attempts[place] = now.attempt;
    started[place] = now.startedAt;
    container[place] = this.#container(now.container);
  }

  #container(id: string): number {
    if (id === '') return 0;
    const known = this.#containers.get(id) ?? this.#containers.size + 1;
    this.#containers.set(id, known);
    return known;
  }
}

/** A batch's inputs ran one after the other, the last of them until the batch came. */
function endsOf(seconds: Float32Array, at: number): Float64Array {
  const ends = new Float64Array(seconds.length);
  let end = at;
  for (let position = seconds.length - 1; position >= 0; position -= 1) {
    ends[position] = end;
    end -= seconds[position] ?? 0;
  }
  return ends;
}
