// Pages of the table of inputs: failures first, then the rest, or one state only. A page is a place to read from, so
// nothing the size of the map is ever held.

import type { InputRow } from '@farcall/kernel-bridge/notebook';

import type { Rows } from './bridge-event';
import type { Members } from './grid';

export const PAGE = 20;
const FAILED = ['failed', 'timed out'] as const;
const REST = ['queued', 'retrying', 'running', 'succeeded', 'cancelled'] as const;

export type Filter = 'all' | 'failed' | 'running' | 'queued' | 'succeeded' | 'cancelled';
export const FILTERS: readonly Filter[] = ['all', 'failed', 'running', 'queued', 'succeeded', 'cancelled'];

/** Where a page begins: in which of the filter's groups of states, and from which input. */
export interface Place {
  readonly group: number;
  readonly first: number;
}

export interface Page {
  readonly rows: readonly InputRow[];
  /** Where the next page begins; undefined at the end. */
  readonly next: Place | undefined;
}

export type ReadRows = (states: readonly string[], first: number, limit: number) => Promise<Rows>;

export const START: Place = { group: 0, first: 0 };

/** Reads one page, going on into the next group when one ends in the middle. */
export async function readPage(filter: Filter, from: Place, read: ReadRows): Promise<Page> {
  const groups = groupsOf(filter);
  const rows: InputRow[] = [];
  let { group, first } = from;
  while (group < groups.length && rows.length < PAGE) {
    const part = await read(groups[group] ?? [], first, PAGE - rows.length);
    rows.push(...part.rows);
    if (part.next === -1) [group, first] = [group + 1, 0];
    else first = part.next;
    if (part.rows.length === 0 && part.next !== -1) break;
  }
  return { rows, next: group < groups.length ? { group, first } : undefined };
}

/** The inputs of one bin of the grid. */
export async function readMembers(members: Members, read: ReadRows): Promise<Page> {
  const { rows } = await read([], members.first, Math.min(members.count, 1000));
  return { rows: rows.filter((row) => row.index < members.first + members.count), next: undefined };
}

function groupsOf(filter: Filter): readonly (readonly string[])[] {
  if (filter === 'all') return [FAILED, REST];
  if (filter === 'failed') return [FAILED];
  if (filter === 'queued') return [['queued', 'retrying']];
  return [[filter]];
}
