// One version of a function: what it asks for, the calls that wait for it, its containers, and how long its inputs take.
// The scheduler and the autoscaler read it; the ring makes calls take turns. It is `fn` wherever it goes: `function` is taken.

import type { EnvironmentId, FunctionId, FunctionSpec } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import type { Container } from './container.js';
import { Ring } from './ring.js';

/** The autoscaler's settings, as set by the spec or by `autoscaler.updated`. maxContainers 0: no limit was asked for. */
export interface Settings {
  readonly minContainers: number;
  readonly maxContainers: number;
  readonly bufferContainers: number;
  /** Seconds. */
  readonly scaledownWindow: number;
}
/** The autoscaler's last thought, kept for `explain`. */
export interface Wish {
  readonly desired: number;
  readonly because: string;
}

/** So many turns in a row may be those of nested calls while others wait. */
const NESTED_TURNS = 3;

export class RemoteFunction {
  readonly containers = new Set<Container>();
  /** Functions that inputs of its calls may call. */
  readonly callees = new Set<FunctionId>();
  settings: Settings;
  /** A newer version has its name: its idle containers are not worth keeping. */
  isReplaced = false;
  /** Its app is deployed with it: other processes' newer versions of its name change nothing for it. */
  isDeployed = false;
  /** Somebody called, deployed or set it since this gateway began: min_containers holds. */
  isWanted = false;
  /** Inputs of its calls that are queued (delayed ones included), and running. */
  queued = 0;
  running = 0;
  delayed = 0;
  /** Expected seconds per input; undefined until the first outcome. */
  seconds: number | undefined;
  /** It was measured, and what runs now takes much longer. */
  isOutdated = false;
  /** When its first input was given out, while nothing is measured; 0 before. */
  firstGivenAt = 0;
  /** Some container of it came up: several may be started at once. */
  hasStarted = false;
  startFailures = 0;
  unreadable = 0;
  /** No start before this moment: the last one failed. */
  startAfter = 0;
  lastStartFailure = '';
  /** Until then one container is kept up so that values of it can be shown. */
  shownUntil = 0;
  wish: Wish = { desired: 0, because: 'nothing has asked for it yet' };
  /** Why it has fewer containers than it wants; empty when it has what it wants. */
  shortage = '';
  /** It has work and no container, and waits for what others hold: GPUs (perhaps with others waiting for it), or room in general. */
  starvesFor: '' | 'gpu' | 'awaited gpu' | 'room' = '';
  /** Calls that inputs made take their turns among themselves: somebody's container is held until they are done. */
  readonly #nested = new Ring();
  readonly #ring = new Ring();
  /** Turns that nested calls had in a row. */
  #nestedTurns = 0;

  constructor(
    readonly id: FunctionId,
    readonly environment: EnvironmentId,
    readonly spec: FunctionSpec,
    /** What its containers find beside Python, by id; empty: what the interpreter has. */
    readonly image = '',
  ) {
    this.settings = settingsOf(spec);
  }

  get fullName(): string {
    return nameOf(this.spec.app, this.spec.name);
  }

  /** Inputs that could go to a container now. */
  get available(): number {
    return this.queued - this.delayed;
  }

  get hasWork(): boolean {
    return !this.#ring.isEmpty || !this.#nested.isEmpty;
  }

  /** The call stands in line, if it has something to run. */
  enlist(call: Call): void {
    if (call.inRing || call.isHeld || call.queue.isEmpty) return;
    call.inRing = true;
    this.#ringOf(call).add(call);
  }

  /** The call that was just taken stays the first in line. */
  enlistFirst(call: Call): void {
    if (call.inRing || call.isHeld || call.queue.isEmpty) return;
    call.inRing = true;
    this.#ringOf(call).addFirst(call);
  }

  /** What inputs wait for comes first, but for every fourth turn: else those who only wait themselves might for ever. */
  nextCall(): Call | undefined {
    const isNestedTurn = !this.#nested.isEmpty && (this.#nestedTurns < NESTED_TURNS || this.#ring.isEmpty);
    this.#nestedTurns = isNestedTurn ? this.#nestedTurns + 1 : 0;
    const call = (isNestedTurn ? this.#nested : this.#ring).take();
    if (call !== undefined) call.inRing = false;
    return call;
  }

  #ringOf(call: Call): Ring {
    return call.opening.parent === undefined ? this.#ring : this.#nested;
  }

  /** Learns from `count` outcomes that took `total` seconds. */
  measure(total: number, count: number): void {
    if (count === 0) return;
    this.isOutdated = false;
    const mean = Math.max(1e-6, total / count);
    const weight = count >= 32 ? 0.5 : 0.25;
    this.seconds = this.seconds === undefined ? mean : this.seconds + weight * (mean - this.seconds);
  }

  /** What was measured no longer holds: the next outcome counts as the first. */
  forget(): void {
    this.seconds = undefined;
    this.isOutdated = true;
  }
}

/** Containers that count, and stay. */
export function activeOf(fn: RemoteFunction): number {
  let active = 0;
  for (const container of fn.containers) if (container.isActive) active += 1;
  return active;
}

export function settingsOf(spec: FunctionSpec): Settings {
  return {
    minContainers: spec.min_containers,
    maxContainers: spec.max_containers,
    bufferContainers: spec.buffer_containers,
    scaledownWindow: spec.scaledown_window,
  };
}

export function nameOf(app: string, name: string): string {
  return app === '' ? name : `${app}.${name}`;
}
