// Sentences for what a host lacks: what, and who has it. placement.ts keeps them as a function's shortage; views show them.

import type { Container } from './container.js';
import type { RemoteFunction } from './function.js';
import { choiceOf, matches } from './gpu.js';
import type { Host, Lack } from './host.js';

/** Functions named in one sentence. */
const NAMED = 4;

/** What the host lacks for one more container of the function; empty when it lacks nothing. */
export function sentenceOf(host: Host, fn: RemoteFunction, lacks: Lack): string {
  if (lacks === '') return '';
  if (lacks === 'place') return `the host is not in ${placesOf(fn)}`;
  if (lacks === 'gpu') return gpuSentence(host, fn);
  const claims = (one: Container): number =>
    lacks === 'cpu' ? (one.isWaiting ? 0 : one.claim.cpus) : one.claim.memory;
  const who = holdersIn([...host.containers].filter((container) => claims(container) > 0));
  if (lacks === 'memory') return `${amount(host.freeMemory)} of ${host.memory} MiB of memory are free${heldBy(who)}`;
  const free = Math.max(0, host.freeCpus);
  const cores =
    free < 0.005 ? `all ${host.cpus} cores are claimed` : `${free.toFixed(2)} of ${host.cpus} cores are free`;
  return `${cores}${heldBy(who)}`;
}

export function crowdSentence(host: Host, perCore: number): string {
  const who = holdersIn([...host.containers].filter(({ isWaiting }) => !isWaiting));
  return `${perCore} containers a core run already${heldBy(who)}; max_containers asks for more`;
}

/** Only GPUs that would do count; who else uses them is said as well: it is why memory on them is short. */
function gpuSentence(host: Host, { spec }: RemoteFunction): string {
  const names = spec.gpu.map((text) => choiceOf(text)).filter(({ count }) => count > 0);
  const gpus = host.gpus.filter((gpu) => names.some(({ name }) => matches(name, gpu.name)));
  const held = holdersIn([...new Set(gpus.flatMap(({ uuid }) => host.holdersOf(uuid)))]);
  const others = [...new Set(gpus.flatMap(({ uuid }) => host.used[uuid] ?? []))];
  const used = others.length > 0 ? `; also used by ${others.join(', ')}` : '';
  return `no GPU ${spec.gpu.filter((choice) => choice !== '').join(' or ')} is free${heldBy(held)}${used}`;
}

/** `app.f, app.g (3)`: whose containers, the most first. */
function holdersIn(containers: readonly Container[]): string {
  const counts = new Map<string, number>();
  for (const { fn } of containers) counts.set(fn.fullName, (counts.get(fn.fullName) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const named = sorted.slice(0, NAMED).map(([name, count]) => (count > 1 ? `${name} (${count})` : name));
  return sorted.length > NAMED ? `${named.join(', ')} and ${sorted.length - NAMED} more` : named.join(', ');
}

function heldBy(who: string): string {
  return who === '' ? '' : `; held by ${who}`;
}

function amount(value: number): string {
  return String(Math.max(0, Math.round(value)));
}

function placesOf({ spec: { region = [], cloud = '' } }: RemoteFunction): string {
  return [...(region.length > 0 ? [region.join(' or ')] : []), ...(cloud === '' ? [] : [cloud])].join(' in ');
}
