// Makes what the autoscaler wishes so, within what the hosts have: starts containers, stops idle ones, and lets functions
// give way to others that wait. Says what is missing when it cannot.

import { desire } from './autoscaler.js';
import { Container } from './container.js';
import { activeOf, type RemoteFunction } from './function.js';
import { choiceOf, matches } from './gpu.js';
import type { Host } from './host.js';
import { failIfImpossible, order } from './hosts.js';
import { leave } from './life.js';
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
  if (s.now < fn.startAfter)
    return `starting again in ${Math.ceil((fn.startAfter - s.now) / 1000)} s: ${fn.lastStartFailure}`;
  if (fn.startFailures > 0 && isComing(fn)) return `one start at a time: ${fn.lastStartFailure}`;
  const first = whoIsFirst(s, fn, active);
  if (first !== undefined) return `${first.fullName} waits for its first container`;
  // Inputs that others wait for must not wait for limits, or a deep recursion would never end.
  const isUrgent = active === 0 && isAwaited(s, fn);
  let lack = '';
  let starvesFor: RemoteFunction['starvesFor'] = 'room';
  for (const host of s.hosts.values()) {
    const { claim, lacks } = host.fit(fn.spec);
    lack =
      lacks === '' && isCrowded(fn, host) ? `${PER_CORE} containers a core run already` : sentenceOf(host, fn, lacks);
    if (lacks === 'gpu') starvesFor = 'gpu';
    if (lack !== '' && !(isUrgent && lacks !== 'gpu')) continue;
    start(s, fn, host, claim);
    return '';
  }
  if (starvesFor === 'gpu') failIfImpossible(s, fn);
  if (active === 0 && fn.available > 0) fn.starvesFor = starvesFor;
  giveWay(s, fn, { active, lacksGpu: starvesFor === 'gpu' });
  return lack;
}

/** Somebody who has work and no container: who has one, or only wants to be warm, leaves them what becomes free. */
function whoIsFirst(s: State, fn: RemoteFunction, active: number): RemoteFunction | undefined {
  if (active === 0 && fn.available > 0) return undefined;
  for (const other of s.functions.values())
    if (other.starvesFor === 'room' || (other.starvesFor === 'gpu' && fn.spec.gpu.length > 0)) return other;
  return undefined;
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

function sentenceOf(host: Host, fn: RemoteFunction, lacks: '' | 'gpu' | 'cpu' | 'memory'): string {
  if (lacks === '') return '';
  if (lacks === 'cpu') return `all ${host.cpus} cores are claimed`;
  if (lacks === 'memory') return `all ${host.memory} MiB of memory are claimed`;
  const holders = host.gpus.flatMap((gpu) => host.holderOf(gpu.uuid)?.fn.fullName ?? []);
  const who = holders.length > 0 ? `; held by ${[...new Set(holders)].join(', ')}` : '';
  return `no GPU ${fn.spec.gpu.filter((choice) => choice !== '').join(' or ')} is free${who}`;
}

/** Whether some container waits for a call of this function. */
function isAwaited(s: State, fn: RemoteFunction): boolean {
  for (const siblings of s.children.values())
    for (const child of siblings) {
      const parent = child.opening.parent;
      if (child.fn !== fn || child.available === 0 || parent === undefined) continue;
      if (s.calls.get(parent.call_id)?.leaseOf(parent.index)?.container.isWaiting === true) return true;
    }
  return false;
}

/** Another function's idle container leaves for this one; or, if this one has none at all, one of whoever has most. */
function giveWay(s: State, fn: RemoteFunction, { active, lacksGpu }: { active: number; lacksGpu: boolean }): void {
  const missing = fn.wish.desired - active;
  const helps = (other: Container): boolean => (lacksGpu ? holdsGpuFor(fn, other) : !other.isWaiting);
  const others = [...s.containers.values()].filter((other) => other.fn !== fn && helps(other));
  const leaving = others.filter((other) => other.leavingAt > 0).length;
  const idle = others.filter((other) => other.isIdle && other.leavingAt === 0 && isSpare(other));
  idle.sort((a, b) => a.idleSince - b.idleSince);
  for (const other of idle.slice(0, Math.max(0, missing - leaving))) leave(s, other, 'drain');
  if (leaving > 0 || idle.length > 0 || active > 0) return;
  const last = fn.available > 0 ? lastResort(others) : undefined;
  if (last !== undefined) leave(s, last, 'drain');
}

/** A busy one of whoever has most; else an idle one that is only kept warm: min_containers must not keep others from running at all. */
function lastResort(others: readonly Container[]): Container | undefined {
  const usable = others.filter((other) => other.isUsable && other.leavingAt === 0);
  const busy = usable.filter(({ fn }) => activeOf(fn) > Math.max(1, fn.settings.minContainers));
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
