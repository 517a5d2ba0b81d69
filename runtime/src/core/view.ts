// What may be read of the core, and how: calls, inputs, cells for the grid, containers, functions, hosts. Read only, made
// when asked for. The runtime turns these into rows of the store and messages of the wire.

import {
  CANCELLED,
  FAILED,
  QUEUED,
  RUNNING,
  SUCCEEDED,
  TIMED_OUT,
  type CallId,
  type CallState,
  type ContainerId,
  type ContainerState,
  type Counts,
  type FunctionId,
  type FunctionSpec,
  type Gpu,
  type HostId,
  type Parent,
} from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import { roomOf, runsSeveral } from './capacity.js';
import type { Container } from './container.js';
import type { CallOpening } from './events.js';
import { hardwareOf, waitingOf } from './explain.js';
import type { RemoteFunction, Settings } from './function.js';
import type { Host } from './host.js';
import type { State } from './state.js';

/** A call, without its values. Times are Unix seconds, 0 = not yet. */
export interface CallView {
  readonly call: CallId;
  readonly function: FunctionId;
  readonly spec: FunctionSpec;
  readonly opening: CallOpening;
  readonly state: CallState;
  /** Accepted so far; final once sealed. */
  readonly inputs: number;
  readonly sealed: boolean;
  readonly attached: boolean;
  /** Disjoint: they add up to `inputs`. */
  readonly counts: Counts;
  readonly seq: number;
  readonly createdAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly parent?: Parent;
  readonly base?: CallId;
  /** Outcomes per second over the last 30 s. */
  readonly rate: number;
  /** Ready containers of its function, and what they are. */
  readonly containers: number;
  readonly hardware: string;
  /** Why queued inputs do not run; empty when they do. */
  readonly waiting: string;
}
export interface InputView {
  readonly index: number;
  readonly state: number;
  /** Of settled inputs of large calls only the store knows it: 1 here. */
  readonly attempt: number;
  /** Who runs it; empty if nobody does. */
  readonly container: ContainerId | '';
}
export interface ContainerView {
  readonly container: ContainerId;
  readonly function: FunctionId;
  readonly name: string;
  readonly state: ContainerState;
  readonly isConnected: boolean;
  readonly isWaiting: boolean;
  /** While it is cut off: the last of its leases, all of which others have now; else 0. */
  readonly revoked: number;
  readonly pid: number;
  readonly hardware: string;
  readonly gpus: readonly string[];
  readonly startedAt: number;
  /** Outcomes it brought. */
  readonly inputs: number;
}
export interface FunctionView {
  readonly function: FunctionId;
  readonly spec: FunctionSpec;
  readonly settings: Settings;
  readonly backlog: number;
  readonly running: number;
  readonly containers: number;
  /** All there are, those that wait for nested calls too. */
  readonly present: number;
  /** Inputs that its ready containers could begin at once. */
  readonly headroom: number;
  readonly desired: number;
  /** Expected seconds per input; undefined until measured. */
  readonly seconds?: number;
}
export interface HostView {
  readonly host: HostId;
  readonly cpus: number;
  readonly memory: number;
  /** `container_id` is whoever holds it now, or empty. */
  readonly gpus: readonly Gpu[];
}

export function callView(s: State, call: Call): CallView {
  const { opening, inputs, fn } = call;
  let ready = 0;
  for (const container of fn.containers) if (container.state === 'ready') ready += 1;
  return {
    call: call.id,
    function: fn.id,
    spec: fn.spec,
    opening,
    state: call.state,
    inputs: inputs.length,
    sealed: call.isSealed,
    attached: call.attached,
    counts: countsOf(call),
    seq: call.seq,
    createdAt: call.createdAt,
    startedAt: call.startedAt,
    endedAt: call.endedAt,
    ...(opening.parent && { parent: opening.parent }),
    ...(opening.base && { base: opening.base.call }),
    rate: call.rate(s.now),
    containers: ready,
    hardware: hardwareOf(fn),
    waiting: waitingOf(s, call),
  };
}

export function inputView(call: Call, index: number): InputView {
  const { inputs } = call;
  const state = inputs.state(index);
  const container = state === RUNNING ? (call.leaseOf(index)?.container.id ?? '') : '';
  return { index, state, attempt: inputs.attempt(index), container };
}

/** Inputs in one of `states` (empty: any) from index `first` on; `next` is where to go on, or -1. */
export function rowsOf(
  call: Call,
  states: readonly number[],
  first: number,
  limit: number,
): { rows: InputView[]; next: number } {
  const rows: InputView[] = [];
  const { inputs } = call;
  for (let at = first; at < inputs.length;) {
    const { state, count } = inputs.stretch(at, inputs.length);
    const isWanted = states.length === 0 || states.includes(state);
    for (let index = at; isWanted && index < at + count; index += 1) {
      if (rows.length >= limit) return { rows, next: index };
      rows.push(inputView(call, index));
    }
    at += count;
  }
  return { rows, next: -1 };
}

/** From the one that matters most in a cell to the one that matters least. */
const LETTERS = 'ftyrqcs';

/** One letter a cell, the worst of its `cell` inputs. */
export function cellsOf(call: Call, max: number): { cells: string; cell: number } {
  const { inputs } = call;
  const cell = Math.max(1, Math.ceil(inputs.length / max));
  const letters: string[] = [];
  for (let first = 0; first < inputs.length; first += cell) {
    const end = Math.min(first + cell, inputs.length);
    let worst = LETTERS.length - 1;
    for (let at = first; at < end;) {
      const stretch = inputs.stretch(at, end);
      worst = Math.min(worst, LETTERS.indexOf(letterOf(stretch.state, stretch.attempt)));
      at += stretch.count;
    }
    letters.push(LETTERS[worst] ?? 's');
  }
  return { cells: letters.join(''), cell };
}

export function containerView(container: Container): ContainerView {
  const { claim, host, fn } = container;
  const gpu = host?.gpus.find(({ uuid }) => uuid === claim.gpus[0])?.name;
  return {
    container: container.id,
    function: fn.id,
    name: fn.fullName,
    state: container.state,
    isConnected: container.isConnected,
    isWaiting: container.isWaiting,
    revoked: container.isCutOff ? container.lastLease : 0,
    pid: container.pid,
    hardware: gpu === undefined ? `${claim.cpus} CPU` : `${claim.share < 1 ? claim.share : claim.gpus.length} × ${gpu}`,
    gpus: claim.gpus,
    startedAt: container.startedAt,
    inputs: container.answered,
  };
}

export function functionView(fn: RemoteFunction): FunctionView {
  const containers = [...fn.containers];
  return {
    function: fn.id,
    spec: fn.spec,
    settings: fn.settings,
    backlog: fn.queued,
    running: fn.running,
    containers: containers.filter(({ isActive }) => isActive).length,
    present: containers.filter(({ isActive, isWaiting }) => isActive || isWaiting).length,
    headroom: headroomOf(fn, containers),
    desired: fn.wish.desired,
    ...(fn.seconds !== undefined && { seconds: fn.seconds }),
  };
}

function headroomOf(fn: RemoteFunction, containers: readonly Container[]): number {
  if (!runsSeveral(fn.spec)) return containers.filter(({ isIdle }) => isIdle).length;
  const open = containers.filter(({ mayBeGiven }) => mayBeGiven);
  return open.reduce((sum, container) => sum + roomOf(fn, container, Infinity), 0);
}

export function hostView(host: Host): HostView {
  const gpus = host.gpus.map((gpu) => ({ ...gpu, container_id: host.holdersOf(gpu.uuid)[0]?.id ?? '' }));
  return { host: host.id, cpus: host.cpus, memory: host.memory, gpus };
}

function countsOf({ inputs: { counts, retrying } }: Call): Counts {
  const count = (state: number): number => counts[state] ?? 0;
  return {
    queued: count(QUEUED) - retrying,
    retrying,
    running: count(RUNNING),
    succeeded: count(SUCCEEDED),
    failed: count(FAILED),
    cancelled: count(CANCELLED),
    timed_out: count(TIMED_OUT),
  };
}

function letterOf(state: number, attempt: number): string {
  return state === QUEUED && attempt > 1 ? 'y' : ('qrsfct'[state] ?? 's');
}
