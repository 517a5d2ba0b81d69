// What only time brings about: ticks of the core, hosts that fell silent, retention, and leaving when nobody needs us.
// It ticks quickly while calls are open and slowly while none is.

import type { HostId } from '@farcall/kernel-bridge/wire';

import type { Parts } from './parts.js';

const BUSY_TICK_MS = 20;
const IDLE_TICK_MS = 500;
const HOUR_MS = 3_600_000;
/** Details of calls are kept for a week, payloads within a budget. */
const KEPT_MS = 7 * 24 * HOUR_MS;
const BUDGET_BYTES = 10 * 1024 ** 3;

export interface KeeperOptions {
  readonly parts: Parts;
  readonly onSilent: (host: HostId) => void;
  /** Seconds without clients and open calls; 0: never leave. */
  readonly idleExit: number;
}

export class Keeper {
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;
  #idleSince = performance.now();
  #expireAt = 0;

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
    this.#isBusy = !parts.core.isIdle();
    this.#leaveIfIdle(now);
    if (now >= this.#expireAt) this.#expire(now);
    this.#later();
  }

  #leaveIfIdle(now: number): void {
    const { parts, idleExit } = this.options;
    if (parts.clients.outsideCount > 0 || this.#isBusy) this.#idleSince = now;
    else if (idleExit > 0 && now - this.#idleSince > idleExit * 1000) parts.leave(false);
  }

  #expire(now: number): void {
    this.#expireAt = now + HOUR_MS;
    const { store, outputs, log } = this.options.parts;
    Promise.all([store.expire({ olderThanMs: KEPT_MS, budgetBytes: BUDGET_BYTES }), outputs.expire(KEPT_MS)])
      .then(([{ deleted, emptied, bytes }]) =>
        log.info({ deleted: deleted.length, emptied: emptied.length, bytes }, 'expired'),
      )
      .catch((error: unknown) => log.error({ err: error }, 'expire'));
  }
}
