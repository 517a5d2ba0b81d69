// What only time brings about: ticks of the core, hosts that fell silent, retention, and leaving when nobody needs us.
// It ticks quickly while calls are open and slowly while none is.

import type { HostId } from '@farcall/kernel-bridge/wire';

import type { Expired, Keep } from '../store/store.js';
import { clearImages } from './image-messages.js';
import type { Parts } from './parts.js';

const BUSY_TICK_MS = 20;
const IDLE_TICK_MS = 500;
const HOUR_MS = 3_600_000;
/** So much of the budget newly used is a reason to look before the hour is over, but not more often than this. */
const NOTABLE_SHARE = 1 / 16;
const SOONEST_MS = 10_000;

export interface KeeperOptions {
  readonly parts: Parts;
  readonly onSilent: (host: HostId) => void;
  /** Seconds without clients and open calls; 0: never leave. */
  readonly idleExit: number;
  readonly keep: Keep;
  /** Bytes of images that are not in use. */
  readonly keepImages: number;
  /** Payload bytes that came so far, from below. */
  readonly bytesSoFar: () => number;
  readonly onExpired: (expired: Expired) => void;
}

export class Keeper {
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;
  #idleSince = performance.now();
  #expireAt = 0;
  #expiredAt = -Infinity;
  #bytesThen = 0;
  #isExpiring = false;

  constructor(private readonly options: KeeperOptions) {}

  start(): void {
    this.#idleSince = performance.now();
    this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Something happened: from now on time matters. */
  wake(): void {
    if (this.#isBusy || this.#timer === undefined || this.options.parts.core.isIdle()) return;
    clearTimeout(this.#timer);
    this.#isBusy = true;
    this.#later();
  }

  #later(): void {
    this.#timer = setTimeout(() => this.#tick(), this.#isBusy ? BUSY_TICK_MS : IDLE_TICK_MS).unref();
  }

  #tick(): void {
    const { parts, onSilent } = this.options;
    const now = performance.now();
    parts.apply({ type: 'tick' });
    for (const host of parts.supervisors.silent(now)) onSilent(host);
    parts.apps.sweep(now);
    this.#isBusy = !parts.core.isIdle();
    this.#leaveIfIdle(now);
    if (!this.#isExpiring && (now >= this.#expireAt || this.#hasGrown(now))) this.#expire(now);
    this.#later();
  }

  #leaveIfIdle(now: number): void {
    const { parts, idleExit } = this.options;
    if (parts.clients.outsideCount > 0 || this.#isBusy || isAwaited(parts)) this.#idleSince = now;
    else if (idleExit > 0 && now - this.#idleSince > idleExit * 1000) parts.leave(false);
  }

  #hasGrown(now: number): boolean {
    const { keep, bytesSoFar } = this.options;
    return now - this.#expiredAt > SOONEST_MS && bytesSoFar() - this.#bytesThen > keep.budgetBytes * NOTABLE_SHARE;
  }

  #expire(now: number): void {
    const { parts, keep, keepImages, bytesSoFar, onExpired } = this.options;
    const { store, outputs, log } = parts;
    this.#expireAt = now + HOUR_MS;
    this.#expiredAt = now;
    this.#isExpiring = true;
    this.#bytesThen = bytesSoFar();
    const images = { seconds: Number.MAX_SAFE_INTEGER, bytes: keepImages, pretend: false };
    Promise.all([
      store.expire({ ...keep, blobs: parts.apps.runningBlobs }),
      outputs.expire(keep.olderThanMs),
      clearImages(parts, images),
    ])
      .then(([expired]) => {
        const { deleted, emptied, bytes } = expired;
        onExpired(expired);
        log.info({ deleted: deleted.length, emptied: emptied.length, bytes }, 'expired');
      })
      .catch((error: unknown) => log.error({ err: error }, 'expire'))
      .finally(() => {
        this.#isExpiring = false;
      });
  }
}

/** What is deployed needs a gateway without anybody asking: to start on its own, or to be kept warm. */
function isAwaited({ apps, core }: Parts): boolean {
  for (const { function: named } of apps.deployedEntries) if (named.schedule !== undefined) return true;
  return core.isKeptWarm();
}
