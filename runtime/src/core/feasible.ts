// What can never be: GPUs that no host has, and GPUs that the asking input's own ancestors hold while they wait for it.

import type { Gpu, Parent } from '@farcall/kernel-bridge/wire';

import type { RemoteFunction } from './function.js';
import { chooseGpus, inventoryOf } from './gpu.js';
import type { State } from './state.js';

/** Why a call of this function can never run, as a sentence; empty if it can (or if no host is known yet). */
export function gpuRefusal(s: State, fn: RemoteFunction, parent: Parent | undefined): string {
  if (fn.spec.gpu.length === 0 || s.hosts.size === 0) return '';
  const inventories = [...s.hosts.values()].map((host) => host.gpus);
  const wanted = fn.spec.gpu.map((choice) => choice || 'none').join(' or ');
  if (!inventories.some((gpus) => chooseGpus(fn.spec.gpu, gpus) !== undefined))
    return `${fn.fullName} asks for the GPU ${wanted}; there is: ${inventoryOf(inventories.flat())}`;
  const held = heldByAncestors(s, parent);
  if (held.size === 0) return '';
  const isLeft = (gpu: Gpu): boolean => !held.has(gpu.uuid);
  if (inventories.some((gpus) => chooseGpus(fn.spec.gpu, gpus.filter(isLeft)) !== undefined)) return '';
  return `${fn.fullName} needs the GPU ${wanted}, but the input that calls it holds it and keeps it while it waits: no other is left`;
}

/** A container that waits keeps its GPUs, so what it waits for can never have them. */
function heldByAncestors(s: State, parent: Parent | undefined): Set<string> {
  const held = new Set<string>();
  for (let at = parent; at !== undefined;) {
    const call = s.calls.get(at.call_id);
    const holder = call?.leaseOf(at.index)?.container;
    for (const uuid of holder?.claim.gpus ?? []) held.add(uuid);
    at = call?.opening.parent;
  }
  return held;
}
