// Whether this gateway can do its work now: the store takes a write, new work is let in, a host is there to run it.
// Asked by /readyz. An answer is kept for a second, so that asking often costs nothing.

export interface Asked {
  /** Resolves once the store committed something of its own. */
  readonly probe: () => Promise<void>;
  /** The disk has no room for new work. */
  readonly isFull: () => boolean;
  readonly hasSupervisor: () => boolean;
  readonly isDraining: () => boolean;
}

const PATIENCE_MS = 5000;
const FRESH_MS = 1000;

export class Readiness {
  #asked: Promise<string> | undefined;
  #askedAt = -Infinity;

  constructor(private readonly asked: Asked) {}

  /** Why it is not ready, a line each; none: it is. */
  async reasons(): Promise<readonly string[]> {
    const { isFull, hasSupervisor, isDraining } = this.asked;
    const store = await this.#store();
    return [
      isDraining() ? 'the gateway is draining' : '',
      store === '' ? '' : `the store does not take writes: ${store}`,
      isFull() ? 'the disk is nearly full: new work is refused, what runs goes on' : '',
      hasSupervisor() ? '' : 'no supervisor is connected: nothing can run',
    ].filter((reason) => reason !== '');
  }

  #store(): Promise<string> {
    const now = performance.now();
    if (this.#asked === undefined || now - this.#askedAt > FRESH_MS) {
      this.#askedAt = now;
      this.#asked = this.#probed();
    }
    return this.#asked;
  }

  async #probed(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no commit within ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
    });
    const probe = this.asked.probe().then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const said = await Promise.race([probe, late]);
    clearTimeout(timer);
    return said;
  }
}
