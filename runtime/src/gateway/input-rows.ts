// Pages of a call's inputs for tables: states from the core where it still has them, times, containers and errors from the
// stored outcomes.

import { type CallId, FAILED, type FailureSummary, type InputRow, TIMED_OUT } from '@farcall/kernel-bridge/wire';

import { partOf, type Row, windowOf } from './outcomes.js';
import type { Parts } from './parts.js';
import { storedSummary } from './summaries.js';

const LONGEST_ERROR = 200;
/** Inputs looked at for one page of a call that only the store has. */
const WINDOW = 65_536;

export interface RowsAsked {
  readonly call: CallId;
  readonly states: readonly number[];
  readonly first: number;
  readonly limit: number;
}
export interface RowsPage {
  readonly rows: readonly InputRow[];
  readonly next: number;
}

export async function listRows(parts: Parts, asked: RowsAsked): Promise<RowsPage> {
  if (parts.core.call(asked.call) === undefined) return storedRows(parts, asked);
  const { rows, next } = parts.core.rows(asked.call, asked.states, asked.first, asked.limit);
  const [low, high] = [rows[0]?.index ?? 0, rows.at(-1)?.index ?? -1];
  const settled = high < low ? [] : await parts.store.outcomesOf(asked.call, low, high - low + 1, 'tables');
  const details = detailsOf(settled, low, high - low + 1);
  return {
    next,
    rows: rows.map(({ index, state, attempt, container }) => {
      const known = details.get(index);
      if (known === undefined || state < 2)
        return { index, state, attempt, seconds: 0, container_id: container, since: 0, error: '' };
      return { ...known, state, container_id: known.container_id === '' ? container : known.container_id };
    }),
  };
}

async function storedRows(parts: Parts, { call, states, first, limit }: RowsAsked): Promise<RowsPage> {
  await parts.calls.find(call);
  const { inputs } = await storedSummary(parts, call);
  const rows: InputRow[] = [];
  for (let at = first; at < inputs; at += WINDOW) {
    const details = detailsOf(await parts.store.outcomesOf(call, at, WINDOW, 'tables'), at, WINDOW);
    for (let index = at; index < Math.min(inputs, at + WINDOW); index++) {
      const row = details.get(index);
      if (row === undefined || (states.length > 0 && !states.includes(row.state))) continue;
      if (rows.length === limit) return { rows, next: index };
      rows.push(row);
    }
  }
  return { rows, next: -1 };
}

function detailsOf(rows: readonly Row[], first: number, count: number): Map<number, InputRow> {
  const details = new Map<number, InputRow>();
  for (const row of rows) {
    const { indexes, statuses, attempts, seconds } = partOf(windowOf(row, first, count));
    const failed = new Map('ranges' in row ? [] : row.failures.map((failure) => [failure.index, failure]));
    const shared = 'ranges' in row && (row.status === FAILED || row.status === TIMED_OUT) ? row.failure : undefined;
    const container_id = 'ranges' in row ? '' : row.container_id;
    indexes.forEach((index, at) => {
      if (index < first || index >= first + count) return;
      details.set(index, {
        index,
        state: statuses[at] ?? 0,
        attempt: attempts[at] ?? 0,
        seconds: seconds[at] ?? 0,
        container_id,
        since: 0,
        ...errorOf(failed.get(index) ?? shared),
      });
    });
  }
  return details;
}

function errorOf(failure: FailureSummary | undefined): Pick<InputRow, 'error' | 'kind' | 'where'> {
  if (failure === undefined) return { error: '' };
  const { kind, message, where } = failure;
  const short = kind.split('.').at(-1) ?? kind;
  return { error: `${short}: ${message.split('\n')[0] ?? ''}`.slice(0, LONGEST_ERROR), kind, where };
}
