// Images on hosts: what a function's containers find beside Python. Before its first container the host has to have its
// image; that is asked for here, and who waits is told how far it is. How it is built is the host's business.

import type { FailureCode } from '@farcall/kernel-bridge/wire';

import type { Event } from './events.js';
import type { RemoteFunction } from './function.js';
import type { Host } from './host.js';
import type { State } from './state.js';
import { failQueued } from './verdict.js';

/** building: asked for. ready: containers may start. failed: asked for again when there is work, or after a pause. */
export interface HostImage {
  readonly state: 'building' | 'ready' | 'failed';
  /** What the build does, or why it failed. */
  readonly says: string;
  /** failed: when it may be tried again for nothing but warm containers. */
  readonly retryAt: number;
}
type Of<T extends Event['type']> = Extract<Event, { type: T }>;

/** After a failure nothing is built for min_containers alone, for so long. */
const PAUSE_MS = 60_000;
const BUILDING: HostImage = { state: 'building', says: '', retryAt: 0 };
const READY: HostImage = { state: 'ready', says: '', retryAt: 0 };

export function hasImage(fn: RemoteFunction, host: Host): boolean {
  return fn.image === '' || host.images.get(fn.image)?.state === 'ready';
}

/** Why no container of it can start on any host yet, in words; empty: one can. Asks for the image where it is missing. */
export function imageShortage(s: State, fn: RemoteFunction): string {
  if (fn.image === '') return '';
  let lack = '';
  let isReady = false;
  for (const host of s.hosts.values()) {
    if (hasImage(fn, host)) isReady = true;
    else lack = wantImage(s, fn, host);
  }
  return isReady ? '' : lack;
}

export function imageProgress(s: State, { host: id, image, says }: Of<'image.progress'>): void {
  const images = s.hosts.get(id)?.images;
  if (images?.get(image)?.state !== 'building') return;
  images.set(image, { ...BUILDING, says });
  touchUsers(s, image);
}

export function imageBuilt(s: State, { host: id, image }: Of<'image.built'>): void {
  s.hosts.get(id)?.images.set(image, READY);
  touchUsers(s, image);
}

/** All who wait for it hear why; who calls again has it tried again. */
export function imageFailed(s: State, event: Of<'image.failed'>): void {
  const images = s.hosts.get(event.host)?.images;
  if (images?.get(event.image)?.state !== 'building') return;
  images.set(event.image, { state: 'failed', says: event.message, retryAt: s.now + PAUSE_MS });
  const code: FailureCode = event.code;
  failQueued(
    s,
    [...s.calls.values()].filter(({ fn }) => fn.image === event.image),
    code,
    event.message,
  );
  touchUsers(s, event.image);
}

/** Hosts are about to clear what is not used: what is kept, if anything, is asked for again. */
export function imagesCleared(s: State, { keep }: Of<'images.cleared'>): void {
  const kept = new Set(keep);
  for (const { images } of s.hosts.values())
    for (const [id, { state }] of images) if (state === 'ready' && !kept.has(id)) images.delete(id);
}

/** Images that must not be cleared: somebody has work or containers in them. */
export function imagesInUse(s: State): string[] {
  const used = new Set<string>();
  for (const fn of s.functions.values())
    if (fn.image !== '' && (fn.queued > 0 || fn.containers.size > 0 || fn.wish.desired > 0)) used.add(fn.image);
  for (const { images } of s.hosts.values())
    for (const [id, { state }] of images) if (state === 'building') used.add(id);
  return [...used];
}

/** The connection to the host was lost: what was asked for may have been too. */
export function repeatBuilds(s: State, host: Host): void {
  for (const [image, { state }] of host.images)
    if (state === 'building') s.out.act({ do: 'image.build', host: host.id, image });
}

/** Builds that nobody waits for any more end: their calls were cancelled. */
export function stopUnwanted(s: State): void {
  for (const host of s.hosts.values())
    for (const [image, { state }] of [...host.images]) {
      if (state !== 'building' || isWanted(s, image)) continue;
      host.images.delete(image);
      s.out.act({ do: 'image.stop', host: host.id, image });
    }
}

function wantImage(s: State, fn: RemoteFunction, host: Host): string {
  const known = host.images.get(fn.image);
  const isPaused = known?.state === 'failed' && fn.available === 0 && s.now < known.retryAt;
  if (isPaused) return `its image could not be built: ${known.says.split('\n')[0] ?? ''}`;
  if (known?.state === 'building') return known.says === '' ? 'building an image' : `building an image: ${known.says}`;
  host.images.set(fn.image, BUILDING);
  s.out.act({ do: 'image.build', host: host.id, image: fn.image });
  return 'building an image';
}

function isWanted(s: State, image: string): boolean {
  for (const fn of s.functions.values()) if (fn.image === image && fn.wish.desired > 0) return true;
  return false;
}

function touchUsers(s: State, image: string): void {
  for (const fn of s.functions.values()) if (fn.image === image) s.touch(fn);
}
