// One container as the core sees it: a process of one function that was asked for, may be up, and holds leases.
// Its states are architecture.md §5's. How it got there is written in life.ts.

import type { ContainerId, ContainerState } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import type { RemoteFunction } from './function.js';
import type { Held } from './gpu.js';
import type { Host } from './host.js';
import type { Lease } from './lease.js';

export interface Claim extends Held {
  readonly cpus: number;
  /** MiB */
  readonly memory: number;
}

export class Container {
  state: ContainerState = 'requested';
  host: Host | undefined;
  pid = 0;
  isConnected = false;
  /** Its input waits for a call of its own; of several, all that it runs do. */
  isWaiting = false;
  /** Of several: it waits and cannot begin others meanwhile. */
  isStill = false;
  /** Its connection was lost for so long that its inputs went to others. */
  isCutOff = false;
  /** It was there before a restart and has not come back yet. */
  isAwaited = false;
  /** 0, or when it came back after a restart: it now sends again what was not acknowledged. */
  adoptedAt = 0;
  /** In the order they were given; it runs them in this order. */
  leases: Lease[] = [];
  lastLease = 0;
  /** When it last answered, or was given something to do while it had nothing. */
  progressAt = 0;
  /** Inputs it was given, for max_inputs. */
  taken = 0;
  /** Outcomes it brought. */
  answered = 0;
  readonly calls = new Set<Call>();
  readonly requestedAt: number;
  /** Unix seconds, to be shown. */
  readonly startedAt: number;
  idleSince: number;
  disconnectedAt = 0;
  /** 0, or since when and until when its supervisor reports it stopped (SIGSTOP). */
  stoppedSince = 0;
  stoppedSeen = 0;
  /** 0, or when it was told to leave. */
  leavingAt = 0;
  /** The whole process was told to die. */
  isKilled = false;

  constructor(
    readonly id: ContainerId,
    readonly fn: RemoteFunction,
    public claim: Claim,
    moment: { readonly now: number; readonly at: number },
  ) {
    this.requestedAt = moment.now;
    this.startedAt = moment.at;
    this.idleSince = moment.now;
  }

  /** Counts to its function's containers. One that waits for nested calls, or is not there, does not. */
  get isActive(): boolean {
    const isUp = this.state === 'requested' || this.state === 'starting' || this.state === 'ready';
    return isUp && !this.isWaiting && !this.isCutOff && !this.isAwaited;
  }

  /** May be given inputs. */
  get isUsable(): boolean {
    return this.isThere && !this.isWaiting;
  }

  /** Of several: those that wait do not keep it from beginning others. */
  get mayBeGiven(): boolean {
    return this.isThere && !(this.isWaiting && this.isStill);
  }

  /** Up, and within reach. */
  private get isThere(): boolean {
    return this.state === 'ready' && this.isConnected && !this.isAwaited && this.stoppedSince === 0;
  }

  get isIdle(): boolean {
    return this.isUsable && this.leases.length === 0;
  }

  get isGone(): boolean {
    return this.state === 'gone' || this.state === 'lost';
  }

  /** Unsettled inputs it holds. */
  get held(): number {
    return this.leases.reduce((sum, lease) => sum + lease.open, 0);
  }

  lease(number: number): Lease | undefined {
    return this.leases.find((lease) => lease.number === number);
  }

  drop(lease: Lease, now: number): void {
    this.leases = this.leases.filter((other) => other !== lease);
    lease.call.leases.delete(lease);
    if (this.leases.length === 0) this.idleSince = now;
  }
}
