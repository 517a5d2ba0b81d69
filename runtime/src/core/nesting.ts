// Calls made by inputs: who waits for whom, and GPUs that are held meanwhile. A container that waits keeps its GPUs, so
// functions that hold some and call for more could take them all and wait for each other for ever. placement.ts asks here
// before it starts one too many; where that was not enough, the youngest of the calls that can never run is failed.

import type { Call } from './call.js';
import { runsSeveral } from './capacity.js';
import type { Container } from './container.js';
import type { RemoteFunction } from './function.js';
import { chooseGpus, type Held, needsGpu, wantedOf } from './gpu.js';
import type { Host } from './host.js';
import type { State } from './state.js';
import { failQueued } from './verdict.js';

/** Whether some container waits for a call of this function that has not got all it needs. */
export function isAwaited(s: State, fn: RemoteFunction): boolean {
  for (const siblings of s.children.values())
    for (const child of siblings) {
      if (child.fn !== fn || child.available === 0) continue;
      const caller = callerOf(s, child);
      // One of several inputs may wait while its container as a whole does not.
      if (caller !== undefined && (caller.isWaiting || runsSeveral(caller.fn.spec))) return true;
    }
  return false;
}

/**
 * Why a container that would be given these GPUs must not start yet: its inputs would call for GPUs that it, and others
 * like it, hold. The first of them may always start; empty: go ahead.
 */
export function reservation(s: State, fn: RemoteFunction, host: Host, held: Held): string {
  const needed = calleesWithGpu(s, fn);
  if (held.gpus.length === 0 || needed.size === 0) return '';
  const holders = new Map<Container, Host | undefined>();
  for (const other of s.containers.values()) {
    // One that is idle leaves for whoever is awaited.
    if (other.claim.gpus.length === 0 || other.isIdle) continue;
    const theirs = calleesWithGpu(s, other.fn);
    if (theirs.size === 0) continue;
    holders.set(other, other.host);
    for (const callee of theirs) needed.add(callee);
  }
  // What others wait for comes before all rules, or it would never end.
  if (holders.size === 0 || isAwaited(s, fn)) return '';
  const missing = [...needed].find((callee) => !couldStart(s, callee, holders, { host, held }));
  return missing === undefined ? '' : `the GPUs that are left are kept for ${missing.fullName}, which it calls`;
}

/** Functions that its inputs may call and that cannot do without a GPU. */
function calleesWithGpu(s: State, fn: RemoteFunction): Set<RemoteFunction> {
  const found = new Set<RemoteFunction>();
  for (const id of fn.callees) {
    const callee = s.functions.get(id);
    if (callee !== undefined && needsGpu(callee.spec.gpu)) found.add(callee);
  }
  return found;
}

function couldStart(
  s: State,
  fn: RemoteFunction,
  holders: ReadonlyMap<Container, Host | undefined>,
  next: { readonly host: Host; readonly held: Held },
): boolean {
  return [...s.hosts.values()].some((host) => {
    const here = [...holders].flatMap(([holder, at]) => (at === host ? holder : []));
    const parts = host.partsHeldBy(here).map(({ gpu, free }) => {
      const isTaken = next.host === host && next.held.gpus.includes(gpu.uuid);
      return { gpu, free: isTaken ? Math.max(0, free - next.held.share) : free };
    });
    return host.isPlaceFor(fn.spec) && chooseGpus(fn.spec.gpu, parts) !== undefined;
  });
}

/** With every tick: if all GPUs that some call needs are held by inputs that wait for calls like it, the youngest fails. */
export function breakDeadlock(s: State): void {
  if (![...s.containers.values()].some(({ isWaiting, claim }) => isWaiting && claim.gpus.length > 0)) return;
  if (![...s.functions.values()].some(({ starvesFor }) => starvesFor === 'awaited gpu')) return;
  const stuck = stuckContainers(s);
  const victim = youngest(s, stuck);
  if (victim === undefined) return;
  const holders = [...stuck.keys()].filter(({ claim }) => claim.gpus.length > 0).map(({ fn }) => fn.fullName);
  const message =
    `${victim.fn.fullName} needs the GPU ${wantedOf(victim.fn.spec.gpu)}, and all that would do are held by inputs of ` +
    `${[...new Set(holders)].join(' and ')} that wait for calls like this one. None could ever go on, so the youngest ` +
    'was failed. Limit the callers with max_containers so that a GPU is left for what they call, or ask for a share of one';
  failQueued(s, [victim], 'resource.impossible', message);
}

/** Waiting containers that can never go on, with the open calls of their inputs: what is left when all that can is taken out. */
function stuckContainers(s: State): Map<Container, Call[]> {
  const stuck = new Map<Container, Call[]>();
  for (const siblings of s.children.values())
    for (const child of siblings) {
      const caller = callerOf(s, child);
      if (caller?.isWaiting !== true || caller.isKilled || child.isEnded) continue;
      const known = stuck.get(caller);
      if (known === undefined) stuck.set(caller, [child]);
      else known.push(child);
    }
  for (let before = -1; before !== stuck.size;) {
    before = stuck.size;
    for (const [caller, calls] of stuck) if (calls.some((call) => mayGoOn(s, call, stuck))) stuck.delete(caller);
  }
  return stuck;
}

/** Something of the call runs, or could run once all that is not stuck has ended. */
function mayGoOn(s: State, call: Call, stuck: ReadonlyMap<Container, unknown>): boolean {
  if (call.isHeld || call.delayed.size > 0 || call.inputs.unsettled === 0) return true;
  for (const { container, open } of call.leases) if (open > 0 && !stuck.has(container)) return true;
  return call.available > 0 && couldRun(s, call.fn, stuck);
}

function couldRun(s: State, { spec, containers }: RemoteFunction, stuck: ReadonlyMap<Container, unknown>): boolean {
  if (!needsGpu(spec.gpu) || s.hosts.size === 0) return true;
  for (const container of containers) if (container.isActive && container.leavingAt === 0) return true;
  return [...s.hosts.values()].some((host) => {
    const held = host.partsHeldBy([...host.containers].filter((container) => stuck.has(container)));
    return host.isPlaceFor(spec) && chooseGpus(spec.gpu, held) !== undefined;
  });
}

/** The call opened last of those that stuck inputs, holding GPUs themselves or through their callers, wait for. */
function youngest(s: State, stuck: ReadonlyMap<Container, readonly Call[]>): Call | undefined {
  const waited = new Set([...stuck.values()].flat());
  const isVictim = (call: Call): boolean => call.available > 0 && needsGpu(call.fn.spec.gpu) && isBelowGpu(s, call);
  return [...s.calls.values()].findLast((call) => waited.has(call) && isVictim(call));
}

function isBelowGpu(s: State, call: Call): boolean {
  for (let at: Call | undefined = call; at !== undefined; at = parentOf(s, at))
    if ((callerOf(s, at)?.claim.gpus.length ?? 0) > 0) return true;
  return false;
}

function parentOf(s: State, call: Call): Call | undefined {
  const { parent } = call.opening;
  return parent && s.calls.get(parent.call_id);
}

/** The container whose input made the call. */
function callerOf(s: State, call: Call): Container | undefined {
  const { parent } = call.opening;
  return parent && parentOf(s, call)?.leaseOf(parent.index)?.container;
}
