// The life of containers: asked for, started, connected, ready; waiting, stopped, disconnected; told to leave; gone.
// What they hold on the way is leases.ts's business, whether there should be more of them the autoscaler's.

import type { FailureCode } from '@farcall/kernel-bridge/wire';

import { isBatched, runsSeveral } from './capacity.js';
import type { Container } from './container.js';
import type { Event } from './events.js';
import type { RemoteFunction } from './function.js';
import type { Lease } from './lease.js';
import { endLease, keepOnlyRunning, loseLeases, type Blame } from './leases.js';
import { takeBackUnseen } from './several.js';
import type { State } from './state.js';
import { CANCEL_GRACE_MS, cancelLease, failQueued } from './verdict.js';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

/** A container without a connection keeps its inputs for so long. */
const DISCONNECTED_MS = 60_000;
/** A stopped process is lost after so long; it is reported with every heartbeat, so it goes on when it is not. */
const STOPPED_MS = 20_000;
const STOPPED_REPORT_MS = 8_000;
/** What does not end a cancelled lease is killed after this. */
const LEAVE_MS = 30_000;
/** What was told to leave is killed after this, once it holds nothing: its supervisor gives it 30 s to run what ends it. */
const EXIT_MS = 45_000;
const START_FAILURES = 5;
/** The user's own code raised while a container started (`@enter`): less likely to go better than what others did. */
const ENTER_FAILURES = 3;
const UNREADABLE = 2;
/** A supervisor ends what does not come up in time and knows what it said; only if it is silent, we do. */
const START_GRACE_MS = 5_000;
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 60_000;

export function containerStarted(s: State, { container: id, pid }: Of<'container.started'>): void {
  const container = s.containers.get(id);
  if (container === undefined) return;
  container.pid = pid;
  if (container.state === 'requested') container.state = 'starting';
}

export function containerConnected(s: State, { container: id, held }: Of<'container.connected'>): void {
  const container = s.containers.get(id);
  if (container === undefined || container.isGone) return s.out.act({ do: 'dismiss', container: id });
  const isAdopted = container.isAwaited;
  container.isConnected = true;
  container.isCutOff = false;
  container.isAwaited = false;
  // It says so again if its input still waits.
  container.isWaiting = container.isStill = false;
  if (isAdopted) container.adoptedAt = s.now;
  if (container.state === 'requested') container.state = 'starting';
  for (const [number, first] of held) {
    container.lastLease = Math.max(container.lastLease, number);
    // Its inputs were given to others while it was away. After a restart it may be work of a call that is yet to come back.
    if (container.lease(number) === undefined && !isAdopted)
      s.out.act({ do: 'lease.cancel', container: id, lease: number, first, graceMs: CANCEL_GRACE_MS });
  }
  repeatAssignments(s, container, new Set(held.map(([number]) => number)));
  repeatOrders(s, container);
  s.touch(container.fn);
}

export function containerReady(s: State, { container: id }: Of<'container.ready'>): void {
  const container = s.containers.get(id);
  if (container?.state === 'starting' || container?.state === 'requested') becomeReady(s, container);
}

export function containerBroken(s: State, { container: id, failure }: Of<'container.broken'>): void {
  const container = s.containers.get(id);
  if (container === undefined || container.leavingAt > 0) return;
  leave(s, container, 'drain');
  const most = failure.code === 'container.start' ? ENTER_FAILURES : START_FAILURES;
  startFailed(s, container.fn, { code: failure.code, detail: `${failure.kind}: ${failure.message}`, most });
}

export function containerWaiting(s: State, { container: id, waiting, newest }: Of<'container.waiting'>): void {
  const container = s.containers.get(id);
  if (container === undefined) return;
  // What it waited for was not its own time.
  if (!waiting) container.progressAt = s.now;
  container.isWaiting = waiting;
  container.isStill = waiting && newest !== undefined;
  if (newest !== undefined) takeBackUnseen(s, container, newest);
  else if (waiting && !runsSeveral(container.fn.spec)) keepOnlyRunning(s, container);
  s.touch(container.fn);
  s.touchAll();
}

export function containerDisconnected(s: State, { container: id }: Of<'container.disconnected'>): void {
  const container = s.containers.get(id);
  if (container === undefined) return;
  container.isConnected = false;
  container.disconnectedAt = s.now;
}

export function containersStopped(s: State, { containers }: Of<'containers.stopped'>): void {
  for (const id of containers) {
    const container = s.containers.get(id);
    if (container === undefined) continue;
    if (container.stoppedSince === 0) container.stoppedSince = s.now;
    container.stoppedSeen = s.now;
  }
}

export function containerExited(s: State, event: Of<'container.exited'>): void {
  const container = s.containers.get(event.container);
  if (container === undefined) return;
  // One of before a restart has served, or was told to leave, for all that is known now.
  const isNew = !container.isAwaited && container.adoptedAt === 0;
  const neverServed = isNew && container.taken === 0 && container.leavingAt === 0 && event.reason !== 'stopped';
  bury(s, container, event);
  if (neverServed)
    startFailed(s, container.fn, {
      code: 'container.start',
      detail: event.detail || `it ended with code ${event.code}`,
    });
}

/** The container is no more: its leases are settled or queued, its resources free. */
export function bury(s: State, container: Container, blame?: Blame): void {
  const wasLost = container.isGone;
  container.state = container.leavingAt > 0 ? 'gone' : 'lost';
  // What was killed on purpose is nobody's fault.
  if (!wasLost) loseLeases(s, container, blame && container.isKilled ? { ...blame, reason: 'stopped' } : blame);
  remove(s, container);
}

export function remove(s: State, container: Container): void {
  s.containers.delete(container.id);
  s.forgetful.delete(container);
  container.fn.containers.delete(container);
  container.host?.containers.delete(container);
  for (const call of container.calls) call.containers.delete(container);
  container.calls.clear();
  s.touch(container.fn);
  s.touchAll();
}

/** drain: takes no new inputs and finishes what it holds. kill: now; what it holds comes back once it is gone. */
export function leave(s: State, container: Container, how: 'drain' | 'kill'): void {
  if (container.leavingAt === 0) container.leavingAt = s.now;
  if (how === 'kill') container.isKilled = true;
  if (!container.isGone) container.state = 'draining';
  s.out.act({ do: 'stop', container: container.id, how });
}

/** What a supervisor's lost connection may have swallowed, and so may the container's own. */
export function repeatOrders(s: State, container: Container): void {
  if (container.leavingAt > 0)
    s.out.act({ do: 'stop', container: container.id, how: container.isKilled ? 'kill' : 'drain' });
  for (const lease of container.leases) {
    lease.revokeFrom = Infinity;
    if (lease.cancelledAt > 0) cancelLease(s, lease, lease.cancelFrom);
  }
}

/** Everything about containers that only time decides. */
export function watchContainers(s: State): void {
  for (const container of [...s.containers.values()]) {
    watchConnection(s, container);
    watchStopped(s, container);
    watchStart(s, container);
    watchLeaving(s, container);
  }
}

function becomeReady(s: State, container: Container): void {
  container.state = 'ready';
  container.idleSince = s.now;
  container.fn.hasStarted = true;
  s.touch(container.fn);
}

/** Leases that the lost connection may have swallowed. */
function repeatAssignments(s: State, container: Container, held: ReadonlySet<number>): void {
  const { id } = container;
  container.progressAt = s.now;
  for (const lease of [...container.leases]) {
    const { number, first, end, attempt, open, call } = lease;
    if (held.has(number)) continue;
    // Either it never arrived, or its outcomes are on their way and the container, which counts leases, ignores this.
    if (open > 0)
      s.out.act({ do: 'assign', container: id, lease: number, call: call.id, first, count: end - first, attempt });
    else endLease(s, lease);
  }
}

function watchConnection(s: State, container: Container): void {
  const isAway = !container.isConnected && container.disconnectedAt > 0 && !container.isAwaited;
  if (!isAway || s.now - container.disconnectedAt < DISCONNECTED_MS) return;
  // No supervisor ever answered for it since the restart, so nobody will tell its end.
  if (container.host === undefined) return bury(s, container);
  if (container.isCutOff) return;
  container.isCutOff = true;
  loseLeases(s, container);
  s.touch(container.fn);
}

function watchStopped(s: State, container: Container): void {
  if (container.stoppedSince === 0) return;
  if (s.now - container.stoppedSeen > STOPPED_REPORT_MS) container.stoppedSince = 0;
  else if (s.now - container.stoppedSince >= STOPPED_MS && !container.isGone) {
    leave(s, container, 'kill');
    loseLeases(s, container);
    container.state = 'lost';
  }
}

function watchStart(s: State, container: Container): void {
  const isUp = container.state !== 'requested' && container.state !== 'starting';
  const limitMs = container.fn.spec.startup_timeout * 1000;
  if (isUp || container.isAwaited || limitMs <= 0 || s.now - container.requestedAt < limitMs + START_GRACE_MS) return;
  leave(s, container, 'kill');
  startFailed(s, container.fn, {
    code: 'container.start',
    detail: `it did not come up within ${container.fn.spec.startup_timeout} s`,
  });
}

function watchLeaving(s: State, container: Container): void {
  // One input of a batch cannot end before the others.
  const isDone = ({ open }: Lease): boolean => open === 0;
  const maySpeak = !isBatched(container.fn.spec) || container.leases.every(isDone);
  const isStuck = container.leases.some(
    (lease) => lease.cancelledAt > 0 && lease.open === 0 && s.now - lease.cancelledAt > LEAVE_MS,
  );
  const { leavingAt, idleSince } = container;
  const isLate = leavingAt > 0 && container.leases.length === 0 && s.now - Math.max(leavingAt, idleSince) > EXIT_MS;
  if (((isStuck && maySpeak) || isLate) && !container.isKilled) leave(s, container, 'kill');
}

interface StartFailure {
  readonly code: FailureCode;
  readonly detail: string;
  /** So many of them fail what is queued. */
  readonly most?: number;
}

function startFailed(s: State, fn: RemoteFunction, { code, detail, most = START_FAILURES }: StartFailure): void {
  fn.startFailures += 1;
  if (code === 'payload.unreadable') fn.unreadable += 1;
  fn.lastStartFailure = detail;
  fn.startAfter = s.now + Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (fn.startFailures - 1));
  s.touch(fn);
  if (fn.startFailures < most && fn.unreadable < UNREADABLE) return;
  fn.startFailures = 0;
  fn.unreadable = 0;
  const calls = [...s.calls.values()].filter((call) => call.fn === fn);
  failQueued(s, calls, code, detail);
}
