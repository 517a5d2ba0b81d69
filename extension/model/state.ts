// States as people see them: one word each, the same everywhere (api.md §4). Icons are keyed by the same words.

import type { CallState, CallView, Counts } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

export const STATE_WORDS = [
  'queued',
  'starting',
  'running',
  'retrying',
  'succeeded',
  'failed',
  'cancelled',
  'timed out',
  'done',
  'incomplete',
] as const;
export type StateWord = (typeof STATE_WORDS)[number];

/** The letters of a live grid, worst last: a bin shows the worst of its inputs. */
const LETTERS: Readonly<Record<string, StateWord>> = {
  q: 'queued',
  y: 'retrying',
  r: 'running',
  s: 'succeeded',
  f: 'failed',
  c: 'cancelled',
  t: 'timed out',
};

const FINAL: ReadonlySet<CallState> = new Set(['done', 'failed', 'cancelled', 'incomplete']);

export function isFinal(call: CallView): boolean {
  return FINAL.has(call.state);
}

/** What a call is doing, in one word; the kernel's snapshots (words.py) say the same. */
export function stateOf(call: CallView): StateWord {
  const { counts } = call;
  if (call.state === 'done') return endOf(counts);
  if (call.state === 'failed' || call.state === 'cancelled' || call.state === 'incomplete') return call.state;
  if (counts.running > 0) return 'running';
  if (counts.retrying > 0) return 'retrying';
  return call.waiting !== '' || call.containers > 0 || call.inputs === 0 ? 'queued' : 'starting';
}

/** How a call went that ran to its end: in one word where all inputs went the same way. */
function endOf(counts: CallView['counts']): StateWord {
  const all = finished(counts);
  if (counts.succeeded === all) return 'succeeded';
  if (counts.timed_out === all) return 'timed out';
  return failures(counts) === all ? 'failed' : 'done';
}

/** `embed.map`, or the function's name for a single call. */
export function titleOf(call: CallView): string {
  return isMap(call) ? `${call.name}.${call.kind}` : call.name;
}

export function isMap(call: CallView): boolean {
  return call.kind === 'map' || call.kind === 'spawn_map';
}

export function finished(counts: Counts): number {
  return counts.succeeded + failures(counts) + counts.cancelled;
}

/** Failed and timed out alike: what "retry failed" runs again. */
export function failures(counts: Counts): number {
  return counts.failed + counts.timed_out;
}

export function stateOfLetter(letter: string | undefined): StateWord {
  return LETTERS[letter ?? 'q'] ?? 'queued';
}

/** A word from the wire; an unknown one reads as queued, the state that claims nothing. */
export function asStateWord(word: string): StateWord {
  return STATE_WORDS.find((known) => known === word) ?? 'queued';
}

export function stateLabel(word: StateWord, trans: TranslationBundle): string {
  switch (word) {
    case 'queued':
      return trans.__('queued');
    case 'starting':
      return trans.__('starting');
    case 'running':
      return trans.__('running');
    case 'retrying':
      return trans.__('retrying');
    case 'succeeded':
      return trans.__('succeeded');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
    case 'timed out':
      return trans.__('timed out');
    case 'done':
      return trans.__('done');
    case 'incomplete':
      return trans.__('incomplete');
  }
}
