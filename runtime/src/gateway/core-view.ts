// What the gateway uses of the core: events in, commands out, and its questions. Named here so that tests can hand in less.

import type { CallView, Questions } from '../core/core.js';
import type { Command } from '../core/commands.js';
import type { Event } from '../core/events.js';

/** `call` knows calls that are not final, and some that just ended. */
export interface CoreView extends Pick<
  Questions,
  | 'call'
  | 'cells'
  | 'rows'
  | 'containers'
  | 'container'
  | 'hosts'
  | 'function'
  | 'explain'
  | 'settings'
  | 'shortage'
  | 'isIdle'
  | 'isKeptWarm'
  | 'imagesInUse'
> {
  apply(event: Event): readonly Command[];
}
export type LiveCall = Pick<
  CallView,
  'state' | 'inputs' | 'sealed' | 'attached' | 'seq' | 'counts' | 'startedAt' | 'endedAt'
>;
