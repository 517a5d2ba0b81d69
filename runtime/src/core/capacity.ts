// How many inputs a container may hold of functions that run several at once: as tasks or threads (max_concurrent), or as
// one batch (max_batch). Pure questions about one function's containers; who gets what is several.ts's business.

import type { FunctionSpec } from '@farcall/kernel-bridge/wire';

import type { Container } from './container.js';
import type { RemoteFunction } from './function.js';
import type { Lease } from './lease.js';

type Asked = Pick<FunctionSpec, 'max_concurrent' | 'target_concurrent' | 'max_batch' | 'batch_wait'>;

/** An input that was running in so many dead containers runs alone from then on: only so is it known who ends them. */
export const SUSPECT = 2;

/** Its containers hold leases that run beside each other. */
export function runsSeveral(spec: Asked): boolean {
  return (spec.max_concurrent ?? 0) > 0 || isBatched(spec);
}

export function isBatched(spec: Asked): boolean {
  return (spec.max_batch ?? 0) > 0;
}

/** Inputs that one container runs at most. */
export function capacityOf(spec: Asked): number {
  return Math.max(1, spec.max_concurrent ?? 0, spec.max_batch ?? 0);
}

/** Inputs that a container should have, when there are as many containers as there should be. */
export function targetOf(spec: Asked): number {
  const target = spec.target_concurrent ?? 0;
  return target > 0 ? target : capacityOf(spec);
}

/** Inputs that the container could begin now, its quota aside. */
export function roomOf({ spec }: RemoteFunction, container: Container, now: number): number {
  const held = occupiedOf(container);
  if (held === 0) return capacityOf(spec);
  if (container.leases.some((lease) => isSuspect(lease.call, lease.first))) return 0;
  if (isBatched(spec) && !collects(spec, container, now)) return 0;
  // What runs in a thread and does not end when it is cancelled takes its container along.
  const mayDie = !spec.is_async && !isBatched(spec) && container.leases.some(({ cancelledAt }) => cancelledAt > 0);
  return mayDie ? 0 : Math.max(0, capacityOf(spec) - held);
}

/** A lease occupies its places until it has ended, whatever became of its inputs. */
export function occupiedOf(container: Container): number {
  return container.leases.reduce((sum, { open }) => sum + Math.max(1, open), 0);
}

export function isSuspect(call: Lease['call'], index: number): boolean {
  const spent = call.spent.size > 0 ? call.spent.get(index) : undefined;
  return spent !== undefined && spent.deaths + spent.swellings >= SUSPECT;
}

/** The batch that lies there is not full, and waits for more. */
function collects(spec: Asked, { leases }: Container, now: number): boolean {
  const oldest = leases.reduce((at, { givenAt }) => Math.min(at, givenAt), Infinity);
  return leases.every(({ cancelledAt }) => cancelledAt === 0) && now - oldest < (spec.batch_wait ?? 0) * 1000;
}
