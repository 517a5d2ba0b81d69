// Virtual time: what is to happen, in order. Milliseconds.

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class Clock {
  now = 1_000;
  #order = 0;
  readonly #heap: Entry[] = [];

  after(ms: number, run: () => void): void {
    this.at(this.now + Math.max(0, ms), run);
  }

  /** At equal times, in the order they were asked for. */
  at(at: number, run: () => void): void {
    this.#order += 1;
    this.#push({ at, order: this.#order, run });
  }

  /** Runs until `isDone` or until nothing is left before `limit`. */
  run(isDone: () => boolean, limit: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= limit && !isDone(); next = this.#heap[0]) {
      this.#pop();
      this.now = next.at;
      next.run();
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
