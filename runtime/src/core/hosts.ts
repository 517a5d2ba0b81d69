// Hosts come and go; with a host go its containers. What a supervisor says it owns is the truth about processes.

import type { Container } from './container.js';
import type { Event } from './events.js';
import { refusalOf } from './feasible.js';
import type { RemoteFunction } from './function.js';
import { shareOf } from './gpu.js';
import { Host } from './host.js';
import { repeatBuilds } from './images.js';
import { bury, repeatOrders } from './life.js';
import type { State } from './state.js';
import { failQueued } from './verdict.js';

/** Starts in a row that may fail before those who wait are told. */
const FAILURES = 5;

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

export function hostConnected(s: State, event: Of<'host.connected'>): void {
  const host = s.hosts.get(event.host) ?? new Host(event.host, event);
  s.hosts.set(host.id, host);
  s.hostless = '';
  host.has(event);
  const owned = new Set(event.containers);
  for (const id of owned) {
    const container = s.containers.get(id);
    if (container === undefined) s.out.act({ do: 'stop', container: id, how: 'kill' });
    else settleIn(host, container, event.holds?.[id] ?? []);
  }
  for (const container of [...host.containers]) {
    if (owned.has(container.id)) repeatOrders(s, container);
    // A start that was under way may have been lost with the connection; asking again is harmless.
    else if (container.state === 'requested') order(s, container);
    else bury(s, container);
  }
  repeatBuilds(s, host);
  failImpossible(s);
  for (const fn of s.functions.values()) s.touch(fn);
}

export function hostLost(s: State, { host: id }: Of<'host.lost'>): void {
  const host = s.hosts.get(id);
  if (host === undefined) return;
  s.hosts.delete(id);
  for (const container of [...host.containers]) bury(s, container);
}

/** Other programs use its GPUs, or do not any more: only ever told, they keep nobody from being given them. */
export function gpusUsed(s: State, { host: id, used }: Of<'gpus.used'>): void {
  const host = s.hosts.get(id);
  if (host === undefined) return;
  host.used = used;
  for (const fn of s.functions.values()) if (fn.shortage !== '') s.touch(fn);
}

/** The engine tries on; but who waits for a host that does not come up hears it, rather than waiting for ever. */
export function hostsPending(s: State, { why, failures }: Of<'hosts.pending'>): void {
  if (s.hosts.size > 0) return;
  s.hostless = why;
  s.touchAll();
  if (failures >= FAILURES) failQueued(s, s.calls.values(), 'container.start', `no host came up: ${why}`);
}

/** Asks for the container's process. */
export function order(s: State, container: Container): void {
  s.out.act({ do: 'start', container: container.id, function: container.fn.id, gpus: container.claim.gpus });
}

/** A restored container turns out to live here: from now on its claims count. */
function settleIn(host: Host, container: Container, holds: readonly string[]): void {
  if (container.host === host) return;
  container.host?.containers.delete(container);
  const { spec } = container.fn;
  const gpus = host.gpus.filter((gpu) => gpu.container_id === container.id || holds.includes(gpu.uuid));
  const held = { gpus: gpus.map(({ uuid }) => uuid), share: shareOf(spec.gpu, gpus) };
  container.claim = host.claimOf(spec, gpus.length > 0 ? held : container.claim);
  container.host = host;
  host.containers.add(container);
}

/** Calls that were accepted before any host was known may ask for what is not there; so may inputs that come later. */
function failImpossible(s: State): void {
  for (const fn of s.functions.values()) failIfImpossible(s, fn);
}

export function failIfImpossible(s: State, fn: RemoteFunction): void {
  const sentence = fn.queued > 0 ? refusalOf(s, fn, undefined) : '';
  if (sentence === '') return;
  const calls = [...s.calls.values()].filter((call) => call.fn === fn);
  failQueued(s, calls, 'resource.impossible', sentence);
}
