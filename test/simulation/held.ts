// What a simulated container holds, runs and says, as plain data; and how its outcomes become an event.

import { NO_RETRY, type ContainerId, type FunctionSpec } from '@farcall/kernel-bridge/wire';

import type { RestoredLease } from '../../runtime/src/core/events.js';
import type { SimClient } from './client.js';
import type { Gateway } from './gateway.js';
import type { Told } from './history.js';

export interface Held {
  readonly lease: RestoredLease;
  readonly values: readonly number[];
  next: number;
  stop: number;
}
export interface Running {
  readonly held: Held;
  readonly index: number;
  readonly seconds: number;
  /** While it waits for a call of its own: who made it. */
  inside: SimClient | undefined;
}
export interface Batch {
  readonly seq: number;
  readonly lease: RestoredLease;
  readonly told: readonly Told[];
  readonly seconds: number;
  readonly ended: boolean;
}
export interface Death {
  readonly reason: 'exited' | 'signal' | 'timeout' | 'cancelled' | 'memory' | 'stopped' | 'start';
  readonly lease: number;
  readonly index: number;
  /** [lease, index] of all that ran, of a container that runs several. */
  readonly running?: readonly (readonly [number, number])[];
}

export interface Birth {
  readonly id: ContainerId;
  readonly spec: FunctionSpec;
  readonly gpus: readonly string[];
  readonly share: number;
}

export function tell(gateway: Gateway, id: ContainerId, { seq, lease, told, seconds, ended }: Batch): void {
  if (ended) gateway.leaseEnded(id, lease.lease);
  const arrays = {
    indexes: Uint32Array.from(told, ({ index }) => index),
    statuses: Uint8Array.from(told, ({ status }) => status),
  };
  const batch = { container: id, seq, lease: lease.lease, call: lease.call, attempt: lease.attempt, ended };
  gateway.apply(
    { type: 'outcomes.arrived', ...batch, ...arrays, seconds: new Float32Array(told.length).fill(seconds) },
    { outcomes: told.map((outcome) => ({ ...outcome, status: outcome.status & ~NO_RETRY })) },
  );
}
