// Outcomes per second over the last 30 seconds, in one-second buckets. Asked by views.

const SECONDS = 30;

export class Rate {
  readonly #buckets = new Uint32Array(SECONDS);
  readonly #since: number;
  #second: number;

  constructor(now: number) {
    this.#since = now;
    this.#second = Math.floor(now / 1000);
  }

  add(now: number, count: number): void {
    this.#advance(now);
    const at = this.#second % SECONDS;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + count;
  }

  perSecond(now: number): number {
    this.#advance(now);
    const total = this.#buckets.reduce((sum, count) => sum + count, 0);
    return total / Math.min(SECONDS, Math.max(1, (now - this.#since) / 1000));
  }

  /** Empties the buckets of seconds that passed. */
  #advance(now: number): void {
    const second = Math.floor(now / 1000);
    const passed = Math.min(SECONDS, second - this.#second);
    for (let step = 1; step <= passed; step += 1) this.#buckets[(this.#second + step) % SECONDS] = 0;
    if (second > this.#second) this.#second = second;
  }
}
