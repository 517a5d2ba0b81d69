// Intents that wait for their reply, by id. Every one ends: by its reply, by an error, by its deadline or by the
// kernel going away, because a kernel may strand any message.

/** The kernel did not do what was asked; the message is for the person. */
export class BridgeError extends Error {
  override readonly name = 'BridgeError';
  /** Nobody answered, which may be the message's fault and not the question's. */
  isLate = false;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: BridgeError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** At most this many at once; one more is refused. A person cannot ask faster. */
const MAX_WAITING = 100;

export class Pending {
  readonly #waiting = new Map<number, Waiting>();

  constructor(private readonly timeoutMs: number) {}

  get isFull(): boolean {
    return this.#waiting.size >= MAX_WAITING;
  }

  wait(id: number, late: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, late, true), this.timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  resolve(id: number, result: unknown): void {
    this.#take(id)?.resolve(result);
  }

  reject(id: number, message: string): void {
    this.#settle(id, message, false);
  }

  rejectAll(message: string): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, message);
  }

  #settle(id: number, message: string, isLate: boolean): void {
    const error = new BridgeError(message);
    error.isLate = isLate;
    this.#take(id)?.reject(error);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    return waiting;
  }
}
