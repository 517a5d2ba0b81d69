// Makes what the autoscaler wishes so, within what the hosts have: starts containers, stops idle ones, and lets functions
// give way to others that wait. Says what is missing when it cannot.

import { desire } from './autoscaler.js';
import { Container } from './container.js';
import { activeOf, type RemoteFunction } from './function.js';
import { choiceOf, compete, matches } from './gpu.js';
import type { Host, Lack } from './host.js';
import { failIfImpossible, order } from './hosts.js';
import { hasImage, imageShortage } from './images.js';
import { leave } from './life.js';
import { isAwaited, reservation } from './nesting.js';
import { crowdSentence, sentenceOf } from './shortage.js';
import type { State } from './state.js';

/** Containers a core carries unless max_containers asks for more. */
const PER_CORE = 4;

export function scale(s: State, fn: RemoteFunction): void {
  fn.wish = desire(s, fn);
  let active = activeOf(fn);
  fn.shortage = '';
  fn.starvesFor = '';
  for (; active < fn.wish.desired; active += 1) {
    fn.shortage = startOne(s, fn, active);
    if (fn.shortage !== '') break;
  }
  if (fn.shortage === '' || active > fn.wish.desired) stopSurplus(s, fn, active);
}

/** Starts one more; else says why not. */
function startOne(s: State, fn: RemoteFunction, active: number): string {
  if (s.hosts.size === 0) return s.hostless === '' ? 'no host is connected yet' : `no host is connected: ${s.hostless}`;
  const imageLack = imageShortage(s, fn);
  if (imageLack !== '') return imageLack;
  if (s.now < fn.startAfter)
    return `starting again in ${Math.ceil((fn.startAfter - s.now) / 1000)} s: ${fn.lastStartFailure}`;
  const returning = returningOf(fn);
  const { maxContainers } = fn.settings;
  if (returning > 0 && maxContainers > 0 && active + returning >= maxContainers)
    return `${returning} of its containers come back from before the restart, and max_containers is ${maxContainers}`;
  if (fn.startFailures > 0 && isComing(fn)) return `one start at a time: ${fn.lastStartFailure}`;
  // Inputs that others wait for must not wait for limits, or a deep recursion would never end.
  const isUrgent = active === 0 && isAwaited(s, fn);
  const first = isUrgent ? undefined : whoIsFirst(s, fn, active);
  if (first !== undefined) return `${first.fullName} waits for its first container`;
  const waiting = waitingOf(fn);
  if (!isUrgent && waiting > mostWaiting(s, fn))
    return `${waiting} of its containers wait for calls of their own: more of them would only wait as well`;
  let lack = '';
  let starvesFor: RemoteFunction['starvesFor'] = 'room';
  for (const host of s.hosts.values()) {
    if (!hasImage(fn, host)) continue;
    const { claim, lacks } = host.fit(fn.spec);
    const kept = lacks === 'gpu' || lacks === 'place' ? '' : reservation(s, fn, host, claim);
    if (lacks !== 'place' || lack === '') lack = kept || lackOf(fn, host, lacks);
    if (lacks === 'gpu' || kept !== '') starvesFor = 'gpu';
    if (lacks === 'place' || lacks === 'gpu' || kept !== '' || (lack !== '' && !isUrgent)) continue;
    start(s, fn, host, claim);
    return '';
  }
  if (starvesFor === 'gpu') failIfImpossible(s, fn);
  if (active === 0 && fn.available > 0) fn.starvesFor = isUrgent && starvesFor === 'gpu' ? 'awaited gpu' : starvesFor;
  giveWay(s, fn, { active, lacksGpu: starvesFor === 'gpu', isUrgent });
  return lack;
}

/**
 * Somebody who has work and no container: who has one, or only wants to be warm, leaves them what becomes free. A GPU that
 * inputs wait for is left by all others: some GPU is held until they have it.
 */
function whoIsFirst(s: State, fn: RemoteFunction, active: number): RemoteFunction | undefined {
  const hasNone = active === 0 && fn.available > 0;
  for (const other of s.functions.values()) {
    if (other === fn || other.starvesFor === '') continue;
    if (other.starvesFor === 'room' ? !hasNone : competes(s, fn, other) && (!hasNone || other.starvesFor !== 'gpu'))
      return other;
  }
  return undefined;
}

function competes(s: State, fn: RemoteFunction, other: RemoteFunction): boolean {
  if (fn.spec.gpu.length === 0) return false;
  return [...s.hosts.values()].some(({ gpus }) => compete(fn.spec.gpu, other.spec.gpu, gpus));
}

function waitingOf(fn: RemoteFunction): number {
  let waiting = 0;
  for (const container of fn.containers) if (container.isWaiting) waiting += 1;
  return waiting;
}

/**
 * Containers that wait count to no limit, so each would let another input begin that then waits as well: a crowd that holds
 * memory and slows down what it waits for. As many as may run may wait beside them.
 */
function mostWaiting(s: State, { settings }: RemoteFunction): number {
  if (settings.maxContainers > 0) return settings.maxContainers;
  const cores = [...s.hosts.values()].reduce((sum, host) => sum + host.cpus, 0);
  return Math.max(1, Math.floor(PER_CORE * cores));
}

/** Their supervisor has them, and they have not been heard of since the restart: within 20 seconds they are back or lost. */
function returningOf(fn: RemoteFunction): number {
  let returning = 0;
  for (const { isAwaited: isAway, host } of fn.containers) if (isAway && host !== undefined) returning += 1;
  return returning;
}

function isComing(fn: RemoteFunction): boolean {
  for (const { state } of fn.containers) if (state === 'requested' || state === 'starting') return true;
  return false;
}

function start(s: State, fn: RemoteFunction, host: Host, claim: Container['claim']): void {
  const container = new Container(s.newContainerId(), fn, claim, s);
  container.host = host;
  host.containers.add(container);
  fn.containers.add(container);
  s.containers.set(container.id, container);
  order(s, container);
}

function isCrowded(fn: RemoteFunction, host: Host): boolean {
  return fn.settings.maxContainers === 0 && host.crowd >= Math.max(1, Math.floor(PER_CORE * host.cpus));
}

function lackOf(fn: RemoteFunction, host: Host, lacks: Lack): string {
  return lacks === '' && isCrowded(fn, host) ? crowdSentence(host, PER_CORE) : sentenceOf(host, fn, lacks);
}

interface Need {
  readonly active: number;
  readonly lacksGpu: boolean;
  /** Others wait for what it runs, and it has no container. */
  readonly isUrgent: boolean;
}

/** Another function's idle container leaves for this one; or, if this one has none at all, one of whoever has most. */
function giveWay(s: State, fn: RemoteFunction, { active, lacksGpu, isUrgent }: Need): void {
  const missing = fn.wish.desired - active;
  const helps = (other: Container): boolean => (lacksGpu ? holdsGpuFor(fn, other) : !other.isWaiting);
  const others = [...s.containers.values()].filter((other) => other.fn !== fn && helps(other));
  const leaving = others.filter((other) => other.leavingAt > 0).length;
  const idle = others.filter((other) => other.isIdle && other.leavingAt === 0 && isSpare(other));
  idle.sort((a, b) => a.idleSince - b.idleSince);
  for (const other of idle.slice(0, Math.max(0, missing - leaving))) leave(s, other, 'drain');
  if (leaving > 0 || idle.length > 0 || active > 0) return;
  const last = fn.available > 0 ? lastResort(others, isUrgent ? 0 : 1) : undefined;
  if (last !== undefined) leave(s, last, 'drain');
}

/**
 * A busy one of whoever has most, who keeps `least` at least; else an idle one that is only kept warm: min_containers must
 * not keep others from running at all.
 */
function lastResort(others: readonly Container[], least: number): Container | undefined {
  const usable = others.filter((other) => other.isUsable && other.leavingAt === 0);
  const busy = usable.filter(({ fn }) => activeOf(fn) > (least === 0 ? 0 : Math.max(least, fn.settings.minContainers)));
  busy.sort((a, b) => activeOf(b.fn) - activeOf(a.fn) || a.held - b.held);
  const warm = usable.filter((other) => other.isIdle);
  warm.sort((a, b) => activeOf(b.fn) - activeOf(a.fn) || a.idleSince - b.idleSince);
  return busy[0] ?? warm[0];
}

/** It holds a GPU that the function asks for. */
function holdsGpuFor(fn: RemoteFunction, { claim, host }: Container): boolean {
  const names = fn.spec.gpu.map((text) => choiceOf(text)).filter(({ count }) => count > 0);
  const held = host?.gpus.filter((gpu) => claim.gpus.includes(gpu.uuid)) ?? [];
  return held.some((gpu) => names.some(({ name }) => matches(name, gpu.name)));
}

function isSpare({ fn }: Container): boolean {
  return fn.isReplaced || activeOf(fn) > fn.settings.minContainers;
}

/** Idle containers beyond what is wished for leave after their window; those of replaced versions at once. */
function stopSurplus(s: State, fn: RemoteFunction, active: number): void {
  const windowMs = fn.isReplaced ? 0 : fn.settings.scaledownWindow * 1000;
  let surplus = active - fn.wish.desired;
  if (surplus <= 0) return;
  const idle = [...fn.containers].filter((container) => container.isIdle && container.leavingAt === 0);
  idle.sort((a, b) => a.idleSince - b.idleSince);
  for (const container of idle) {
    if (surplus <= 0 || s.now - container.idleSince < windowMs) return;
    leave(s, container, 'drain');
    surplus -= 1;
  }
}
