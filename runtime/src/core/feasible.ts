// What can never be: places and GPUs that no host has, and GPUs that the asking input's own ancestors hold while they wait.

import type { Parent } from '@farcall/kernel-bridge/wire';

import type { Container } from './container.js';
import type { RemoteFunction } from './function.js';
import { chooseGpus, inventoryOf, wantedOf } from './gpu.js';
import type { Host } from './host.js';
import type { State } from './state.js';

/** Why a call of this function can never run, as a sentence; empty if it can (or if no host is known yet). */
export function refusalOf(s: State, fn: RemoteFunction, parent: Parent | undefined): string {
  if (s.hosts.size === 0) return '';
  const hosts = [...s.hosts.values()].filter((host) => host.isPlaceFor(fn.spec));
  if (hosts.length === 0) return placeRefusal(s, fn);
  return fn.spec.gpu.length === 0 ? '' : gpuRefusal(s, fn, hosts, parent);
}

function placeRefusal(s: State, { spec, fullName }: RemoteFunction): string {
  const { region = [], cloud = '' } = spec;
  const asked = [
    ...(region.length > 0 ? [`the region ${region.join(' or ')}`] : []),
    ...(cloud === '' ? [] : [`the cloud ${cloud}`]),
  ].join(' in ');
  const places = [...s.hosts.values()].flatMap((host) => placeOf(host) || []);
  const there = places.length > 0 ? `there is: ${[...new Set(places)].join(', ')}` : 'no host here has such a label';
  return `${fullName} asks for ${asked}; ${there} (a host gets its labels with \`farcall serve --region\` and \`--cloud\`)`;
}

/** `eu in aws`, as far as the host has labels. */
function placeOf({ region, cloud }: Host): string {
  return [region, cloud].filter((label) => label !== '').join(' in ');
}

function gpuRefusal(s: State, fn: RemoteFunction, hosts: readonly Host[], parent: Parent | undefined): string {
  const isEnough = (holders: ReadonlySet<Container>): boolean =>
    hosts.some((host) => {
      const here = [...holders].filter((holder) => holder.host === host);
      return chooseGpus(fn.spec.gpu, host.partsHeldBy(here)) !== undefined;
    });
  const wanted = wantedOf(fn.spec.gpu);
  if (!isEnough(new Set()))
    return `${fn.fullName} asks for the GPU ${wanted}; there is: ${inventoryOf(hosts.flatMap(({ gpus }) => gpus))}`;
  if (parent === undefined || isEnough(ancestorsOf(s, parent))) return '';
  return `${fn.fullName} needs the GPU ${wanted}, but the input that calls it holds it and keeps it while it waits: no other is left`;
}

/** A container that waits keeps its GPUs, so what it waits for can never have them. */
function ancestorsOf(s: State, parent: Parent): Set<Container> {
  const found = new Set<Container>();
  for (let at: Parent | undefined = parent; at !== undefined;) {
    const call = s.calls.get(at.call_id);
    const holder = call?.leaseOf(at.index)?.container;
    if (holder !== undefined) found.add(holder);
    at = call?.opening.parent;
  }
  return found;
}
