// What the gateway reads from the core, beside giving it events. The core answers from memory, at once.

import type {
  CallId, CallState, ContainerId, ContainerState, Counts, FunctionId,
} from '@farcall/kernel-bridge/wire';

import type { Command } from '../core/commands.js';
import type { Event } from '../core/events.js';

export interface LiveCall {
  readonly state: CallState;
  readonly inputs: number;
  readonly sealed: boolean;
  readonly attached: boolean;
  /** Outcomes given so far, committed or not. */
  readonly seq: number;
  readonly counts: Counts;
  readonly startedAt: number;
  readonly endedAt: number;
}
export interface LiveInput {
  readonly index: number;
  readonly state: number;
  readonly attempt: number;
  readonly container: string;
  /** Unix seconds, 0 if unknown. */
  readonly since: number;
}
export interface AutoscalerSettings {
  readonly minContainers: number;
  readonly maxContainers: number;
  readonly bufferContainers: number;
  readonly scaledownWindow: number;
}
export interface CoreView {
  apply(event: Event): readonly Command[];
  /** Calls that are not final, and some that just ended. */
  call(id: CallId): LiveCall | undefined;
  cells(id: CallId, most: number): { readonly cells: string; readonly cell: number };
  rows(id: CallId, states: readonly number[], first: number, limit: number): { readonly rows: readonly LiveInput[]; readonly next: number };
  /** Why queued inputs do not run, in a sentence; empty when they do. */
  waiting(id: CallId): string;
  containers(): readonly { readonly id: ContainerId; readonly function: FunctionId; readonly state: ContainerState }[];
  autoscaler(app: string, name: string): AutoscalerSettings | undefined;
}
