// Whose text is whose, for one stream of one container. Text comes from the supervisor by offset, spans of it come from the
// container with its outcomes; whichever is first waits for the other. Every byte is given out once. It knows no files.

import type { CallId } from '@farcall/kernel-bridge/wire';

export interface Owner {
  readonly call: CallId;
  readonly index: number;
}
export interface AttributionEvents {
  readonly onText: (owner: Owner, bytes: Uint8Array) => void;
  /** Text of this input is on its way; `onComplete` follows once all of it is here. */
  readonly onAwaited: (owner: Owner) => void;
  readonly onComplete: (owner: Owner) => void;
  /** No input wrote this. */
  readonly onUnclaimed: (bytes: Uint8Array) => void;
}
interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}
interface Span {
  readonly owner: Owner;
  start: number;
  readonly end: number;
}
/** Text that waits to be claimed; beyond this the oldest of it counts as nobody's. */
const HELD_LIMIT = 1024 * 1024;

export class Attribution {
  /** Text that came and is nobody's yet, by offset. */
  #held: Chunk[] = [];
  /** Spans whose text has not come in full, by offset. */
  #awaited: Span[] = [];
  /** Where the spans that are known end: one that comes again is not taken again. */
  #spanned = 0;
  /** The input that is certainly running, and where its text begins. */
  #live: Span | undefined;

  /** `arrived`: up to here text has come already. */
  constructor(
    private readonly events: AttributionEvents,
    private arrived: number,
  ) {}

  /** The next text; `owner` if it is certainly this running input's. */
  text(offset: number, bytes: Uint8Array, owner?: Owner): void {
    const end = offset + bytes.length;
    if (end <= this.arrived) return;
    const fresh = offset < this.arrived ? bytes.subarray(this.arrived - offset) : bytes;
    const start = end - fresh.length;
    this.arrived = end;
    this.#held.push({ offset: start, bytes: fresh });
    const whole = end - splitLength(fresh);
    this.#meet(whole);
    if (owner !== undefined) this.#runs(owner, start, whole);
    const held = this.#held.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
    if (held > HELD_LIMIT) this.unclaimed(end - HELD_LIMIT);
  }

  /** A stretch that an input wrote, now or earlier. */
  span(owner: Owner, start: number, end: number): void {
    if (end <= this.#spanned) return;
    const from = Math.max(start, this.#spanned);
    this.#spanned = end;
    this.unclaimed(from);
    this.#give(owner, from, Math.min(end, this.arrived));
    if (end <= this.arrived) return;
    this.#awaited.push({ owner, start: Math.max(from, this.arrived), end });
    this.events.onAwaited(owner);
  }

  /** No span comes any more for what lies before `end`. */
  unclaimed(end = Infinity): void {
    if (this.#held.length === 0) return;
    const bytes = this.#take(0, end);
    if (bytes.length > 0) this.events.onUnclaimed(bytes);
  }

  /** The container is gone: nothing comes any more. */
  close(): void {
    this.unclaimed();
    for (const { owner } of this.#awaited.splice(0)) this.events.onComplete(owner);
  }

  #meet(whole: number): void {
    let done = 0;
    for (const span of this.#awaited) {
      if (span.start >= this.arrived) break;
      const end = span.end <= this.arrived ? span.end : whole;
      this.#give(span.owner, span.start, end);
      span.start = Math.max(span.start, end);
      if (span.end > this.arrived) break;
      done += 1;
    }
    for (const { owner } of this.#awaited.splice(0, done)) this.events.onComplete(owner);
  }

  #runs(owner: Owner, start: number, end: number): void {
    const { call, index } = this.#live?.owner ?? {};
    // What is left of a character that was cut stays with its input.
    if (call !== owner.call || index !== owner.index || this.#live === undefined)
      this.#live = { owner, start, end: Infinity };
    this.#give(owner, this.#live.start, end);
    this.#live.start = Math.max(this.#live.start, end);
  }

  #give(owner: Owner, start: number, end: number): void {
    const bytes = this.#take(start, end);
    if (bytes.length > 0) this.events.onText(owner, bytes);
  }

  /** Takes what is held of [start, end). */
  #take(start: number, end: number): Uint8Array {
    const taken: Uint8Array[] = [];
    const left: Chunk[] = [];
    for (const chunk of this.#held) {
      const { offset, bytes } = chunk;
      const from = Math.max(0, start - offset);
      const to = Math.min(bytes.length, end - offset);
      if (from >= to) {
        left.push(chunk);
        continue;
      }
      if (from > 0) left.push({ offset, bytes: bytes.subarray(0, from) });
      taken.push(bytes.subarray(from, to));
      if (to < bytes.length) left.push({ offset: offset + to, bytes: bytes.subarray(to) });
    }
    if (taken.length > 0) this.#held = left;
    return taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken);
  }
}

/** How many bytes at the end are the beginning of a UTF-8 character whose rest is not there. */
function splitLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return size > back ? back : 0;
  }
  return 0;
}
