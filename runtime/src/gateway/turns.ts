// Whose turn it is. A connection's messages are handled for a slice of each turn of the event loop; what came beyond waits, in
// order, and its socket is not read meanwhile. One that floods gets the time that is left and delays others by a slice.
// It knows neither frames nor sockets.

/** Long enough for any lone message, short beside what a person notices. */
const SLICE_MS = 1;

/** One event loop, so one of these. */
class Turns {
  number = 0;
  #isWatched = false;
  #waiting = new Set<Inbox>();

  /** The turn that goes on. */
  get current(): number {
    this.#watch();
    return this.number;
  }

  wait(inbox: Inbox): void {
    this.#waiting.add(inbox);
    this.#watch();
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#isWatched = false;
    this.number += 1;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const inbox of waiting) inbox.serve();
  }
}
const turns = new Turns();

export interface InboxSource {
  readonly pause: () => void;
  readonly resume: () => void;
  readonly take: (data: Buffer, isBinary: boolean) => void;
}
interface Arrived {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** The messages of one connection, as they may be taken. Paused, its source brings little more than one read's worth. */
export class Inbox {
  #queue: Arrived[] = [];
  #turn = -1;
  #spentMs = 0;
  #holds = 0;
  #isPaused = false;
  #allowance: number;
  #countedAt = performance.now();
  #isDeaf = false;
  #onEmpty: (() => void) | undefined;

  /** `perSecond`: messages, a second's worth at once. */
  constructor(
    private readonly source: InboxSource,
    private readonly perSecond: number,
  ) {
    this.#allowance = perSecond;
  }

  /** Something waits here, or nothing may come. */
  get isBusy(): boolean {
    return this.#queue.length > 0 || this.#holds > 0;
  }

  offer(data: Buffer, isBinary: boolean): void {
    if (this.#isDeaf) return;
    if (this.#queue.length === 0 && this.#mayTake()) return this.#take({ data, isBinary });
    this.#queue.push({ data, isBinary });
    this.#pause();
    if (this.#holds === 0) turns.wait(this);
  }

  /** Takes nothing until `release` was called as often. */
  hold(): void {
    this.#holds += 1;
    this.#pause();
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    if (this.#queue.length > 0) turns.wait(this);
    else this.#resume();
  }

  /** What came before the end is still taken; then `onEmpty`. */
  close(onEmpty: () => void): void {
    this.#onEmpty = onEmpty;
    if (this.#queue.length === 0) this.#end();
    else turns.wait(this);
  }

  /** The peer is not listened to any more. */
  discard(): void {
    this.#isDeaf = true;
    this.#queue = [];
  }

  /** Its slice of a turn. */
  serve(): void {
    let taken = 0;
    while (taken < this.#queue.length && this.#mayTake()) {
      const next = this.#queue[taken];
      taken += 1;
      if (next !== undefined) this.#take(next);
    }
    this.#queue.splice(0, taken);
    if (this.#queue.length > 0) {
      if (this.#holds === 0 || this.#onEmpty !== undefined) turns.wait(this);
    } else if (this.#onEmpty !== undefined) this.#end();
    else if (this.#holds === 0) this.#resume();
  }

  #end(): void {
    const onEmpty = this.#onEmpty;
    this.#onEmpty = undefined;
    onEmpty?.();
  }

  #take({ data, isBinary }: Arrived): void {
    const began = performance.now();
    this.source.take(data, isBinary);
    this.#spentMs += performance.now() - began;
    this.#allowance -= 1;
    if (this.#allowance < 1) this.#await(began);
  }

  #mayTake(): boolean {
    if (this.#holds > 0 && this.#onEmpty === undefined) return false;
    if (this.#turn !== turns.current) {
      this.#turn = turns.current;
      this.#spentMs = 0;
    }
    return this.#spentMs < SLICE_MS;
  }

  /** The allowance is used up, or grown again since it was counted. */
  #await(now: number): void {
    this.#allowance = Math.min(this.perSecond, this.#allowance + ((now - this.#countedAt) * this.perSecond) / 1000);
    this.#countedAt = now;
    if (this.#allowance >= 1) return;
    this.hold();
    setTimeout(() => this.release(), Math.max(20, 1000 / this.perSecond)).unref();
    // What grows in that time is there when it is over.
    this.#allowance = 1;
    this.#countedAt = now;
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.source.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.source.resume();
  }
}
