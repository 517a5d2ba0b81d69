// Outcomes by index, a message's worth at a time. The tables tell which fit before a payload is read: who asks for all of
// a call of large values gets the first few, and only those are brought from the disk.

import { type CallId, IN_BLOB } from '@farcall/kernel-bridge/wire';

import type { Store } from '../store/store.js';
import { EMPTY_PART, joinParts, type Part, partOf, pick, type Row, windowOf } from './outcomes.js';

const PAGE_BYTES = 960 * 1024;
const PAGE_OUTCOMES = 4096;
/** Outcomes looked at first: if they are large, a page has no more than these. */
const NEAR = 64;

type Reads = Pick<Store, 'outcomesOf'>;
interface Found {
  readonly part: Part;
  readonly at: number;
  readonly index: number;
}

/** The final outcomes among inputs [first, first + count), by index, as many as fit a page. */
export async function readPage(store: Reads, call: CallId, first: number, count: number): Promise<Part> {
  const wanted = Math.min(count, PAGE_OUTCOMES);
  const end = wanted === 1 ? first + 1 : await endOfPage(store, call, first, wanted);
  if (end === first) return EMPTY_PART;
  return pageOf(await store.outcomesOf(call, first, end - first), first, end - first);
}

/** The outcomes of inputs [first, first + count) among the rows, by index, as many as fit a page. */
export function pageOf(rows: readonly Row[], first: number, count: number): Part {
  const found = among(rows, first, count);
  return joinParts(found.slice(0, fitting(found)).map(({ part, at }) => pick(part, [at])));
}

async function endOfPage(store: Reads, call: CallId, first: number, count: number): Promise<number> {
  const near = await tablesOf(store, call, first, Math.min(count, NEAR));
  if (count <= NEAR || fitting(near) < near.length) return endOf(near, first);
  const all = await tablesOf(store, call, first, count);
  return endOf(all, first);
}

async function tablesOf(store: Reads, call: CallId, first: number, count: number): Promise<readonly Found[]> {
  return among(await store.outcomesOf(call, first, count, 'tables'), first, count);
}

function among(rows: readonly Row[], first: number, count: number): Found[] {
  const found: Found[] = [];
  for (const row of rows) {
    const part = partOf(windowOf(row, first, count));
    part.indexes.forEach((index, at) => {
      if (index >= first && index < first + count) found.push({ part, at, index });
    });
  }
  return found.sort((a, b) => a.index - b.index);
}

/** One behind the last that fits; `first` when there is none. */
function endOf(found: readonly Found[], first: number): number {
  const last = found[fitting(found) - 1];
  return last === undefined ? first : last.index + 1;
}

/** How many fit a page; at least one, if there is one. */
function fitting(found: readonly Found[]): number {
  let room = PAGE_BYTES;
  let end = 0;
  for (const { part, at } of found) {
    const length = part.lengths[at] ?? 0;
    room -= (length === IN_BLOB ? 32 : length) + 20;
    if (room < 0 && end > 0) break;
    end += 1;
  }
  return end;
}
