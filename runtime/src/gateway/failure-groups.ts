// Failures of a call, grouped by type and the user's line, for views: at most 50 groups, three examples each.

import type { CallId, FailureGroup, FailureSummary } from '@farcall/kernel-bridge/wire';

import type { Row } from './outcomes.js';

const MOST_GROUPS = 50;
const MOST_EXAMPLES = 3;
const LONGEST_MESSAGE = 500;

interface Group {
  readonly kind: string;
  /** The first message whole, or what all of them begin with and `…`. */
  message: string;
  readonly where: string;
  count: number;
  readonly examples: number[];
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
    return [...(this.#calls.get(call)?.values() ?? [])].sort((a, b) => b.count - a.count);
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
      message,
      where: fits ? failure.where : '',
      count: 0,
      examples: [],
    };
    groups.set(fits ? key : OTHERS.key, group);
    group.message = commonMessage(group.message, message);
    group.count += count;
    for (const index of indexes) if (group.examples.length < MOST_EXAMPLES) group.examples.push(index);
  }
}

/** The group of what no longer fits. */
const OTHERS = { key: '\n', kind: 'other' } as const;

const ETC = '…';

/** What two messages say alike: `released in the future: 2046` and `…: 2031` give `released in the future: …`. */
export function commonMessage(known: string, message: string): string {
  if (known === message) return known;
  const begin = known.endsWith(ETC) ? known.slice(0, -1) : known;
  if (known.endsWith(ETC) && message.startsWith(begin)) return known;
  let end = 0;
  while (end < begin.length && begin[end] === message[end]) end += 1;
  const same = begin.slice(0, end);
  // Half a word or number is no common one: back to where it begins. Nor is half a character.
  const isInside = /[\p{L}\p{N}_]/u.test(`${begin[end] ?? ''}${message[end] ?? ''}`);
  return `${same.replace(isInside ? /[\p{L}\p{N}_.-]+$/u : /\p{Cs}$/u, '')}${ETC}`;
}
