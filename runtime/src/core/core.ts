// The core: everything the gateway decides. `apply` takes one event and returns what to do; it is deterministic over the
// core's own state, without I/O, clock or dice, so the same code runs in the gateway and in the simulation.
// Beside it are read-only questions. Whoever owns a Core applies events one at a time and runs the commands in order.

import type { CallId, ContainerId, FunctionId } from '@farcall/kernel-bridge/wire';

import { appDeployed, appStopped } from './apps.js';
import { PATIENCE_MS } from './autoscaler.js';
import { censusOf, type Census } from './census.js';
import type { Command } from './commands.js';
import { dropOldCalls, forgetEnded } from './ending.js';
import type { Event } from './events.js';
import { explain } from './explain.js';
import { activeOf, nameOf, type RemoteFunction, type Settings } from './function.js';
import { gpusUsed, hostConnected, hostLost, hostsPending } from './hosts.js';
import { imageBuilt, imageFailed, imageProgress, imagesCleared, imagesInUse, stopUnwanted } from './images.js';
import { leaseRevoked } from './leases.js';
import {
  containerBroken,
  containerConnected,
  containerDisconnected,
  containerExited,
  containerReady,
  containersStopped,
  containerStarted,
  containerWaiting,
  watchContainers,
} from './life.js';
import { breakDeadlock } from './nesting.js';
import { baseInput, callCancelled, callDetached, callOpened, callSealed, inputsArrived } from './opening.js';
import { itemsArrived, outcomesArrived } from './outcome.js';
import { forgetWhatNoLongerHolds } from './overdue.js';
import { clientConnected, clientLost, watchOwners } from './owner.js';
import { scale } from './placement.js';
import { callRestored, containerRestored, releaseHeld, watchRestored } from './restore.js';
import { queueDue } from './retry.js';
import { retireUsedUp, schedule } from './scheduler.js';
import { autoscalerRestored, autoscalerUpdated, functionPut, functionReplaced, previewWanted } from './settings.js';
import { State } from './state.js';
import { steal, UNMEASURED_MS } from './stealing.js';
import {
  callView,
  cellsOf,
  containerView,
  functionView,
  hostView,
  inputView,
  rowsOf,
  type CallView,
  type ContainerView,
  type FunctionView,
  type HostView,
  type InputView,
} from './view.js';

export type { Census } from './census.js';
export type { CallView, ContainerView, FunctionView, HostView, InputView } from './view.js';

/** What may be asked. Calls that ended long ago are unknown here; the store has them. */
export interface Questions {
  call(id: CallId): CallView | undefined;
  /** One letter a cell, at most `max` cells. */
  cells(id: CallId, max?: number): { readonly cells: string; readonly cell: number };
  inputState(id: CallId, index: number): InputView | undefined;
  rows(
    id: CallId,
    states: readonly number[],
    first: number,
    limit: number,
  ): { readonly rows: readonly InputView[]; readonly next: number };
  /** Where an input is stored: through chains of derived calls. */
  baseInput(id: CallId, index: number): { readonly call: CallId; readonly index: number };
  openCalls(): readonly CallId[];
  containers(): readonly ContainerView[];
  container(id: ContainerId): ContainerView | undefined;
  functions(): readonly FunctionView[];
  function(id: FunctionId): FunctionView | undefined;
  hosts(): readonly HostView[];
  /** The autoscaler's settings by name, as `autoscaler.state` tells them. */
  settings(app: string, name: string): Settings | undefined;
  explain(id: FunctionId): readonly string[];
  /** Why it has fewer containers than it wants, in a sentence; empty when it has what it wants. */
  shortage(id: FunctionId): string;
  /** Images that somebody has work or containers in. */
  imagesInUse(): readonly string[];
  /** No call is open. */
  isIdle(): boolean;
  /** Something that is deployed is to have containers though nothing is to be done. */
  isKeptWarm(): boolean;
  /** How much of everything is held. */
  census(): Census;
  /** When, in `now`'s milliseconds, a tick would change something; Infinity: never. Ticking every 100 ms is enough for all else. */
  dueAt(): number;
}

type Handlers = { readonly [T in Event['type']]: (s: State, event: Extract<Event, { type: T }>) => void };

const HANDLERS: Handlers = {
  'function.put': functionPut,
  'function.replaced': functionReplaced,
  'autoscaler.updated': autoscalerUpdated,
  'autoscaler.restored': autoscalerRestored,
  'app.deployed': appDeployed,
  'app.stopped': appStopped,
  'preview.wanted': previewWanted,
  'call.opened': callOpened,
  'inputs.arrived': inputsArrived,
  'call.sealed': callSealed,
  'call.cancelled': callCancelled,
  'call.detached': callDetached,
  'client.connected': clientConnected,
  'client.lost': clientLost,
  'container.connected': containerConnected,
  'container.ready': containerReady,
  'container.broken': containerBroken,
  'container.waiting': containerWaiting,
  'container.disconnected': containerDisconnected,
  'outcomes.arrived': outcomesArrived,
  'items.arrived': itemsArrived,
  'host.connected': hostConnected,
  'host.lost': hostLost,
  'hosts.pending': hostsPending,
  'gpus.used': gpusUsed,
  'containers.stopped': containersStopped,
  'container.started': containerStarted,
  'container.exited': containerExited,
  'lease.revoked': leaseRevoked,
  'image.progress': imageProgress,
  'image.built': imageBuilt,
  'image.failed': imageFailed,
  'images.cleared': imagesCleared,
  tick: ticked,
  'call.restored': callRestored,
  'container.restored': containerRestored,
};

export class Core implements Questions {
  readonly #s: State;

  /** `salt`: up to six base-32 characters, different for each gateway process. */
  constructor(salt = '') {
    this.#s = new State(salt);
  }

  apply(event: Event): Command[] {
    const s = this.#s;
    s.begin(event);
    // The table is typed entry by entry; TypeScript cannot see that key and value agree.
    (HANDLERS[event.type] as (s: State, event: Event) => void)(s, event);
    settleDown(s, event.type);
    return s.out.take();
  }

  call(id: CallId): CallView | undefined {
    const call = this.#s.calls.get(id);
    return call && callView(this.#s, call);
  }

  cells(id: CallId, max = 4096): { cells: string; cell: number } {
    const call = this.#s.calls.get(id);
    return call === undefined ? { cells: '', cell: 1 } : cellsOf(call, max);
  }

  inputState(id: CallId, index: number): InputView | undefined {
    const call = this.#s.calls.get(id);
    return call === undefined || index < 0 || index >= call.inputs.length ? undefined : inputView(call, index);
  }

  rows(id: CallId, states: readonly number[], first: number, limit: number): { rows: InputView[]; next: number } {
    const call = this.#s.calls.get(id);
    return call === undefined ? { rows: [], next: -1 } : rowsOf(call, states, Math.max(0, first), limit);
  }

  baseInput(id: CallId, index: number): { call: CallId; index: number } {
    return baseInput(this.#s, id, index);
  }

  openCalls(): CallId[] {
    return [...this.#s.calls.values()].filter((call) => !call.isEnded).map((call) => call.id);
  }

  containers(): ContainerView[] {
    return [...this.#s.containers.values()].map(containerView);
  }

  container(id: ContainerId): ContainerView | undefined {
    const container = this.#s.containers.get(id);
    return container && containerView(container);
  }

  functions(): FunctionView[] {
    return [...this.#s.functions.values()].map(functionView);
  }

  function(id: FunctionId): FunctionView | undefined {
    const fn = this.#s.functions.get(id);
    return fn && functionView(fn);
  }

  hosts(): HostView[] {
    return [...this.#s.hosts.values()].map(hostView);
  }

  settings(app: string, name: string): Settings | undefined {
    const named = [...this.#s.functions.values()].filter(({ spec }) => spec.app === app && spec.name === name);
    return (named.find(({ isReplaced }) => !isReplaced) ?? named[0])?.settings;
  }

  explain(id: FunctionId): string[] {
    const fn = this.#s.functions.get(id);
    return fn === undefined ? [`${nameOf('', id)} is not known here`] : explain(this.#s, fn);
  }

  shortage(id: FunctionId): string {
    return this.#s.functions.get(id)?.shortage ?? '';
  }

  imagesInUse(): string[] {
    return imagesInUse(this.#s);
  }

  isIdle(): boolean {
    return this.#s.openCalls === 0;
  }

  isKeptWarm(): boolean {
    for (const fn of this.#s.functions.values())
      if (fn.isDeployed && fn.isWanted && fn.spec.is_base !== true && fn.settings.minContainers > 0) return true;
    return false;
  }

  census(): Census {
    return censusOf(this.#s);
  }

  dueAt(): number {
    const s = this.#s;
    let due = s.delays.nextAt;
    for (const { seconds, firstGivenAt, running } of s.functions.values()) {
      if (seconds !== undefined || running === 0) continue;
      const next = [PATIENCE_MS, UNMEASURED_MS].map((ms) => firstGivenAt + ms).find((at) => at > s.now);
      due = Math.min(due, next ?? Infinity);
    }
    return due;
  }
}

function ticked(s: State): void {
  watchOwners(s);
  watchContainers(s);
  stopUnwanted(s);
  watchRestored(s);
  forgetEnded(s);
  dropOldCalls(s);
  breakDeadlock(s);
  for (const fn of s.functions.values())
    if (fn.queued > 0 || fn.containers.size > 0 || fn.settings.minContainers > 0) s.touch(fn);
}

/** Whoever has least is served first, work before warmth: what one function gives up for another must not fall back to it. */
function inTurn(s: State): RemoteFunction[] {
  const fns = [...s.dirty];
  s.dirty.clear();
  const hasWork = (fn: RemoteFunction): number => (fn.available > 0 ? 1 : 0);
  return fns.length < 2 ? fns : fns.sort((a, b) => activeOf(a) - activeOf(b) || hasWork(b) - hasWork(a));
}

/** After every event: what is due is queued, what changed is scheduled and scaled. Scaling may stop what others wait for. */
function settleDown(s: State, after: Event['type']): void {
  if (s.delays.nextAt <= s.now) queueDue(s);
  // While the store is being read, it is not known yet who may hold what.
  if (s.heldBack.size > 0 && !after.endsWith('.restored')) releaseHeld(s);
  for (const fn of inTurn(s)) {
    schedule(s, fn);
    retireUsedUp(s, fn);
    forgetWhatNoLongerHolds(fn, s.now);
    scale(s, fn);
    steal(s, fn);
  }
}
