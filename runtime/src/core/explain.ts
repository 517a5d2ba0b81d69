// Sentences for people: why a call's inputs wait, and why a function has as many containers as it has.

import { QUEUED, RUNNING } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import type { RemoteFunction } from './function.js';
import type { Host } from './host.js';
import type { State } from './state.js';

/** Why queued inputs of the call do not run; empty when they do, or when none is queued. */
export function waitingOf(s: State, call: Call): string {
  const { fn } = call;
  if (call.isEnded || (call.inputs.counts[QUEUED] ?? 0) === 0) return '';
  if (call.isHeld) return 'the gateway restarted: asking the containers what they hold';
  if (call.available === 0) return `${call.delayed.size} inputs wait for their next attempt`;
  const counts = countsOf(fn);
  if (counts.ready > 0 && (call.inputs.counts[RUNNING] ?? 0) > 0) return '';
  if (fn.shortage !== '' && counts.active === 0) return fn.shortage;
  if (counts.ready === 0 && counts.coming > 0)
    return counts.coming === 1 ? 'starting a container' : `starting ${counts.coming} containers`;
  if (fn.shortage !== '') return fn.shortage;
  const { maxContainers } = fn.settings;
  if (maxContainers > 0 && counts.active >= maxContainers) return `at max_containers (${maxContainers})`;
  return counts.ready > 0 ? 'all containers are busy' : unreachable(counts);
}

/** There are containers, but none that could be given something. */
function unreachable({ stopped, away }: ReturnType<typeof countsOf>): string {
  if (stopped > 0) return stopped === 1 ? 'its container is stopped' : `its ${stopped} containers are stopped`;
  if (away === 0) return '';
  return away === 1 ? 'its container lost its connection' : `its ${away} containers lost their connections`;
}

/** Lines about one function: what it has, what it wants and why, what is missing. */
export function explain(s: State, fn: RemoteFunction): string[] {
  const counts = countsOf(fn);
  const has = `${fn.fullName} has ${plural(counts.active, 'container')}: ${counts.ready} ready, ${counts.coming} starting, ${counts.idle} idle`;
  const lines = [counts.waiting > 0 ? `${has}; ${counts.waiting} more wait for nested calls` : has];
  lines.push(`it should have ${fn.wish.desired}: ${fn.wish.because}`);
  if (fn.shortage !== '') lines.push(`it cannot have more now: ${fn.shortage}`);
  if (fn.isReplaced) lines.push('a newer version has its name, so idle containers stop at once');
  else if (counts.idle > 0 && counts.active > fn.wish.desired)
    lines.push(`idle containers stay for ${fn.settings.scaledownWindow} s (scaledown_window)`);
  for (const host of s.hosts.values()) lines.push(hostLine(host));
  return lines;
}

/** `3 × A100`, or `2 × CPU`. */
export function hardwareOf(fn: RemoteFunction): string {
  const kinds = new Map<string, number>();
  for (const { state, claim, host } of fn.containers) {
    if (state !== 'ready') continue;
    const gpu = host?.gpus.find(({ uuid }) => uuid === claim.gpus[0])?.name ?? 'CPU';
    const kind = claim.gpus.length > 1 ? `${gpu}:${claim.gpus.length}` : gpu;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, count]) => `${count} × ${kind}`).join(', ');
}

function countsOf(fn: RemoteFunction): {
  active: number;
  ready: number;
  coming: number;
  idle: number;
  waiting: number;
  stopped: number;
  away: number;
} {
  const counts = { active: 0, ready: 0, coming: 0, idle: 0, waiting: 0, stopped: 0, away: 0 };
  for (const container of fn.containers) {
    if (container.isActive) counts.active += 1;
    if (container.isUsable) counts.ready += 1;
    if (container.isIdle) counts.idle += 1;
    if (container.isWaiting) counts.waiting += 1;
    if (container.isActive && container.stoppedSince > 0) counts.stopped += 1;
    else if (container.state === 'ready' && !container.isConnected) counts.away += 1;
    if (container.state === 'requested' || container.state === 'starting') counts.coming += 1;
  }
  return counts;
}

function hostLine(host: Host): string {
  const cores = `${Math.max(0, host.freeCpus).toFixed(2)} of ${host.cpus} cores`;
  return `the host has ${cores}, ${Math.max(0, host.freeMemory)} of ${host.memory} MiB and ${host.freeGpus.length} of ${host.gpus.length} GPUs unclaimed`;
}

function plural(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
