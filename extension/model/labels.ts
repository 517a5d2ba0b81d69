// What a person calls the inputs of calls (`label=`), as one kernel tells it: asked a block at a time when a view shows
// them, kept while that kernel lives. Never saved. Knows neither DOM nor kernels.

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

export type AskLabels = (callId: string, indexes: readonly number[]) => Promise<readonly string[]>;

/** Asked at once, so that moving over a grid takes few messages. */
const BLOCK = 128;
/** What had no label may get one as inputs are pulled: it is asked for again, but not sooner. */
const AGAIN_S = 30;
/** More than these and the call that was asked for longest ago is forgotten. */
const MAX_LABELS = 50_000;

export class Labels {
  readonly #known = new Map<string, Map<number, string>>();
  readonly #askedAt = new Map<string, number>();
  readonly #changed = new Signal<Labels, string>(this);

  constructor(
    private readonly ask: AskLabels,
    private readonly clock: () => number = () => Date.now() / 1000,
  ) {}

  /** Labels of this call came. */
  get changed(): ISignal<Labels, string> {
    return this.#changed;
  }

  /** '' while it is not known, and where there is none. */
  get(callId: string, index: number): string {
    return this.#known.get(callId)?.get(index) ?? '';
  }

  /** A view shows these inputs: what is not known of their blocks is asked for. */
  want(callId: string, indexes: readonly number[]): void {
    const blocks = new Set(indexes.filter((index) => this.get(callId, index) === '').map(blockOf));
    for (const block of blocks) {
      const key = `${callId} ${block}`;
      if (this.clock() - (this.#askedAt.get(key) ?? -Infinity) < AGAIN_S) continue;
      this.#askedAt.set(key, this.clock());
      void this.#read(callId, block);
    }
  }

  /** The kernel is another one now. */
  forget(): void {
    const calls = [...this.#known.keys()];
    this.#known.clear();
    this.#askedAt.clear();
    for (const callId of calls) this.#changed.emit(callId);
  }

  async #read(callId: string, block: number): Promise<void> {
    const indexes = Array.from({ length: BLOCK }, (_, at) => block * BLOCK + at);
    try {
      this.#take(callId, indexes, await this.ask(callId, indexes));
    } catch {
      // Inputs are called by their numbers then, as they are without labels.
    }
  }

  #take(callId: string, indexes: readonly number[], labels: readonly string[]): void {
    const known = this.#known.get(callId) ?? new Map<number, string>();
    this.#known.delete(callId);
    this.#known.set(callId, known);
    indexes.forEach((index, at) => {
      const label = labels[at] ?? '';
      if (label !== '') known.set(index, label);
    });
    this.#forgetOldest();
    this.#changed.emit(callId);
  }

  #forgetOldest(): void {
    let size = [...this.#known.values()].reduce((sum, labels) => sum + labels.size, 0);
    for (const [callId, labels] of this.#known) {
      if (size <= MAX_LABELS || this.#known.size === 1) return;
      size -= labels.size;
      this.#known.delete(callId);
      for (const key of [...this.#askedAt.keys()]) if (key.startsWith(`${callId} `)) this.#askedAt.delete(key);
    }
  }
}

function blockOf(index: number): number {
  return Math.floor(index / BLOCK);
}
