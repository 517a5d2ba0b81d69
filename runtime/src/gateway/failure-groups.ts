// Failures of a call, grouped by type and the user's line, for views: at most 50 groups, three examples each.

import type { CallId, FailureGroup, FailureSummary } from '@farcall/kernel-bridge/wire';

import type { Row } from './outcomes.js';

const MOST_GROUPS = 50;
const MOST_EXAMPLES = 3;
const LONGEST_MESSAGE = 500;

interface Group {
  readonly kind: string;
  alike: Alike;
  readonly where: string;
  count: number;
  examples: readonly number[];
}

export class FailureGroups {
  readonly #calls = new Map<CallId, Map<string, Group>>();

  add(row: Row): void {
    if ('ranges' in row) {
      if (row.failure.code === 'user.cancelled') return;
      const count = row.ranges.reduce((sum, [, size]) => sum + size, 0);
      this.#count(
        row.call_id,
        row.failure,
        count,
        row.ranges.slice(0, MOST_EXAMPLES).map(([first]) => first),
      );
    } else for (const failure of row.failures) this.#count(row.call_id, failure, 1, [failure.index]);
  }

  of(call: CallId): readonly FailureGroup[] {
    return [...(this.#calls.get(call)?.values() ?? [])]
      .sort((a, b) => b.count - a.count)
      .map(({ kind, alike: messages, where, count, examples }) => ({
        kind,
        message: textOf(messages),
        where,
        count,
        examples,
      }));
  }

  forget(call: CallId): void {
    this.#calls.delete(call);
  }

  #count(call: CallId, failure: FailureSummary, count: number, indexes: readonly number[]): void {
    const groups = this.#calls.get(call) ?? new Map<string, Group>();
    this.#calls.set(call, groups);
    const key = `${failure.kind}\n${failure.where}`;
    const fits = groups.has(key) || groups.size < MOST_GROUPS;
    const message = fits ? failure.message.slice(0, LONGEST_MESSAGE) : '';
    const group = groups.get(fits ? key : OTHERS.key) ?? {
      kind: fits ? failure.kind : OTHERS.kind,
      alike: { begin: message },
      where: fits ? failure.where : '',
      count: 0,
      examples: [],
    };
    groups.set(fits ? key : OTHERS.key, group);
    group.alike = alike(group.alike, message);
    group.count += count;
    for (const index of indexes)
      if (index < (group.examples[MOST_EXAMPLES - 1] ?? Infinity)) group.examples = firstOf([...group.examples, index]);
  }
}

/** The first ones of the map, whichever failed first. */
function firstOf(indexes: readonly number[]): readonly number[] {
  return [...new Set(indexes)].sort((a, b) => a - b).slice(0, MOST_EXAMPLES);
}

/** The group of what no longer fits. */
const OTHERS = { key: '\n', kind: 'other' } as const;

/** What messages have in common: `begin … end`. Without `end` they are all the same. */
interface Alike {
  readonly begin: string;
  readonly end?: string;
}

/** `released in the future: …` and `'…' object has no attribute 'strip'`: what differs is left out. */
function textOf({ begin, end }: Alike): string {
  return end === undefined ? begin : `${begin}…${end}`;
}

/** The same with one message more. */
function alike(known: Alike, message: string): Alike {
  const { begin, end = begin } = known;
  if (known.end === undefined && message === begin) return known;
  const most = Math.min(begin.length, message.length);
  let from = 0;
  while (from < most && begin[from] === message[from]) from += 1;
  from = wordBefore(message, from, begin[from]);
  const left = Math.min(end.length, message.length) - (known.end === undefined ? from : 0);
  const room = Math.min(left, message.length - from);
  let size = 0;
  while (size < room && end.at(-1 - size) === message.at(-1 - size)) size += 1;
  size = wordAfter(message, size, end.at(-1 - size));
  return { begin: message.slice(0, from), end: size === 0 ? '' : message.slice(-size) };
}

const INSIDE = /[\p{L}\p{N}_\p{Cs}]/u;

/** Half a word or number is no common one: back to where it begins. `other`: what the other message has there. */
function wordBefore(message: string, from: number, other = ''): number {
  if (!INSIDE.test(`${message[from] ?? ''} ${other}`)) return from;
  return message.slice(0, from).replace(/(?:[\p{L}\p{N}_.-]|\p{Cs})+$/u, '').length;
}

function wordAfter(message: string, size: number, other = ''): number {
  if (!INSIDE.test(`${message.at(-1 - size) ?? ''} ${other}`)) return size;
  return size === 0 ? 0 : message.slice(-size).replace(/^(?:[\p{L}\p{N}_.-]|\p{Cs})+/u, '').length;
}

/** The text that stands for all of these messages. */
export function commonMessage(first: string, ...others: readonly string[]): string {
  return textOf(others.reduce(alike, { begin: first }));
}
