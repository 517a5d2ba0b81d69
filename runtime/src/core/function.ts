// One version of a function: what it asks for, the calls that wait for it, its containers, and how long its inputs take.
// The scheduler and the autoscaler read it; the ring makes calls take turns. It is `fn` wherever it goes: `function` is taken.

import type { EnvironmentId, FunctionId, FunctionSpec } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import type { Container } from './container.js';

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

export class RemoteFunction {
  readonly containers = new Set<Container>();
  settings: Settings;
  /** A newer version has its name: its idle containers are not worth keeping. */
  isReplaced = false;
  /** Somebody called, deployed or set it since this gateway began: min_containers holds. */
  isWanted = false;
  /** Inputs of its calls that are queued (delayed ones included), and running. */
  queued = 0;
  running = 0;
  delayed = 0;
  /** Expected seconds per input; undefined until the first outcome. */
  seconds: number | undefined;
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
  /** It has work and no container, and waits for what others hold: GPUs, or room in general. */
  starvesFor: '' | 'gpu' | 'room' = '';
  readonly #ring: Call[] = [];
  #head = 0;

  constructor(
    readonly id: FunctionId,
    readonly environment: EnvironmentId,
    readonly spec: FunctionSpec,
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
    return this.#head < this.#ring.length;
  }

  /** The call stands in line, if it has something to run. */
  enlist(call: Call): void {
    if (call.inRing || call.isHeld || call.queue.isEmpty) return;
    call.inRing = true;
    this.#ring.push(call);
  }

  nextCall(): Call | undefined {
    const call = this.#ring[this.#head];
    if (call === undefined) return undefined;
    this.#head += 1;
    call.inRing = false;
    if (this.#head > 256 && this.#head * 2 > this.#ring.length) {
      this.#ring.splice(0, this.#head);
      this.#head = 0;
    }
    return call;
  }

  /** Learns from `count` outcomes that took `total` seconds. */
  measure(total: number, count: number): void {
    if (count === 0) return;
    const mean = Math.max(1e-6, total / count);
    const weight = count >= 32 ? 0.5 : 0.25;
    this.seconds = this.seconds === undefined ? mean : this.seconds + weight * (mean - this.seconds);
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
