// Calls in line, each once: who was served stands at the end again. A plain queue that frees its front now and then.

import type { Call } from './call.js';

const SPARE = 256;

export class Ring {
  readonly #calls: Call[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head >= this.#calls.length;
  }

  add(call: Call): void {
    this.#calls.push(call);
  }

  addFirst(call: Call): void {
    if (this.#head > 0) this.#calls[(this.#head -= 1)] = call;
    else this.#calls.unshift(call);
  }

  take(): Call | undefined {
    const call = this.#calls[this.#head];
    if (call === undefined) return undefined;
    this.#head += 1;
    if (this.#head > SPARE && this.#head * 2 > this.#calls.length) {
      this.#calls.splice(0, this.#head);
      this.#head = 0;
    }
    return call;
  }
}
