// Frames for the decoder: the vectors of test/vectors and the crafted ones of corpus/, and a mutator that a seed replays.
// Its Python twin is fuzz.py; both know the same tricks.

import { readdirSync, readFileSync } from 'node:fs';

const VECTORS = new URL('../vectors/', import.meta.url);
const CORPUS = new URL('corpus/', import.meta.url);
/** First bytes of MessagePack values that lead somewhere: counts, sizes, extensions, nothing. */
const TELLING = [
  0xc0, 0xc1, 0xc6, 0xc7, 0xc9, 0xcf, 0xd3, 0xd4, 0xd5, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xff, 0x00, 0x7f,
];
const LARGEST = 4096;

export function corpus(): ReadonlyMap<string, Buffer> {
  const vectors = names(VECTORS, '.json').map((name) => {
    const { frame } = JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as { frame: string };
    return [name, Buffer.from(frame, 'hex')] as const;
  });
  const crafted = names(CORPUS, '.hex').map(
    (name) => [name, Buffer.from(readFileSync(new URL(name, CORPUS), 'utf8').trim(), 'hex')] as const,
  );
  return new Map([...vectors, ...crafted]);
}

function names(folder: URL, ending: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort();
}

/** mulberry32: small, and the same everywhere. */
export function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Roll = (below: number) => number;
type Mutation = (frame: Buffer, roll: Roll, others: readonly Buffer[]) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  (frame, roll) => changed(frame, roll, (byte) => byte ^ (1 << roll(8))),
  (frame, roll) => changed(frame, roll, () => roll(256)),
  (frame, roll) => changed(frame, roll, () => TELLING[roll(TELLING.length)] ?? 0),
  (frame, roll) => frame.subarray(0, roll(frame.length + 1)),
  (frame, roll) => {
    const [from, to] = [roll(frame.length + 1), roll(frame.length + 1)];
    return Buffer.concat([frame.subarray(0, Math.min(from, to)), frame.subarray(Math.max(from, to))]);
  },
  (frame, roll) => {
    const at = roll(frame.length + 1);
    const inserted = Buffer.from(Array.from({ length: 1 + roll(8) }, () => roll(256)));
    return Buffer.concat([frame.subarray(0, at), inserted, frame.subarray(at)]);
  },
  (frame, roll, others) => {
    const other = others[roll(others.length)] ?? frame;
    return Buffer.concat([frame.subarray(0, roll(frame.length + 1)), other.subarray(roll(other.length + 1))]);
  },
  (frame, roll) => {
    const from = roll(frame.length + 1);
    const piece = frame.subarray(from, from + roll(64));
    return Buffer.concat([
      frame.subarray(0, from),
      ...Array.from({ length: 1 + roll(8) }, () => piece),
      frame.subarray(from),
    ]);
  },
];

/** One to four changes of one frame; half of the time the header's length is made right again, so that more gets through. */
export function mutated(frames: readonly Buffer[], roll: Roll): Buffer {
  let frame = Buffer.from(frames[roll(frames.length)] ?? Buffer.alloc(0));
  for (let left = 1 + roll(4); left > 0; left -= 1) {
    const mutation = MUTATIONS[roll(MUTATIONS.length)];
    frame = Buffer.from(mutation?.(frame, roll, frames) ?? frame).subarray(0, LARGEST);
  }
  if (frame.length >= 4 && roll(2) === 0)
    frame.writeUInt32LE(frame.length - 4 - roll(Math.min(8, frame.length - 3)), 0);
  return frame;
}

function changed(frame: Buffer, roll: Roll, change: (byte: number) => number): Buffer {
  if (frame.length > 0) {
    const at = roll(frame.length);
    frame[at] = change(frame[at] ?? 0);
  }
  return frame;
}
