// A9 and the decoder's side of A8, in TypeScript: whatever the bytes are, decode() answers or throws ProtocolError, soon,
// and leaves nothing behind. FARCALL_FUZZ=1000000 for the long run, FARCALL_SEED=n to replay one.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { decode, ProtocolError, unpackMap } from '@farcall/kernel-bridge/wire';
import { describe, expect, test } from 'vitest';

import { isShallow } from '../../kernel-bridge/src/wire/depth.js';
import { corpus, dice, mutated } from './fuzz.js';

const FRAMES = corpus();
const ROUNDS = Number(process.env['FARCALL_FUZZ'] ?? 50_000);
const SEED = Number(process.env['FARCALL_SEED'] ?? 20_260_901);
/** What one frame may take, however busy the machine: a hang takes for ever. */
const HANG_MS = 5_000;
const MEMORY = 48 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What decode made of it: a message's type, or ProtocolError. Anything else is thrown on, with the bytes. */
function outcomeOf(frame: Buffer, note: string): string {
  try {
    return decode(frame).message.type;
  } catch (error) {
    if (error instanceof ProtocolError) return 'ProtocolError';
    throw new Error(`${note}: ${frame.toString('hex')}`, { cause: error });
  }
}

function deep(unit: string, depth: number): Buffer {
  const header = Buffer.concat([
    Buffer.from('82a474797065a470696e67a46d6f7265', 'hex'),
    Buffer.from(unit.repeat(depth), 'hex'),
    Buffer.from('c0', 'hex'),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(header.length);
  return Buffer.concat([size, header]);
}

/** The best of several tries: what it takes when nobody else has the processor. */
function fastest(act: () => void): number {
  const times = Array.from({ length: 10 }, () => {
    const began = performance.now();
    act();
    return performance.now() - began;
  });
  return Math.min(...times);
}

describe('a8: message bombs', () => {
  const bombs = new Map([
    ...FRAMES,
    ['deep arrays', deep('91', 100_000)],
    ['deep maps', deep('81a161', 100_000)],
    ['deep in a header of 512 KiB', deep('91', 512 * 1024 - 32)],
  ]);

  test.each([...bombs.keys()])(
    '%s: a message or a ProtocolError, in less than 5 ms, and nothing is polluted',
    (name) => {
      const frame = bombs.get(name) ?? Buffer.alloc(0);
      outcomeOf(frame, name);
      expect(fastest(() => outcomeOf(frame, name))).toBeLessThan(5);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );

  test('what a decoded map inherits is what every object does', () => {
    for (const name of ['proto.hex', 'constructor.hex']) {
      const { message } = decode(FRAMES.get(name) ?? Buffer.alloc(0));
      expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
      expect(message.constructor === Object || Object.hasOwn(message, 'constructor')).toBe(true);
    }
  });

  test('a failure in a payload is held to the same', () => {
    for (const [name, frame] of FRAMES) {
      try {
        unpackMap(frame.subarray(4));
      } catch (error) {
        expect(error, name).toBeInstanceOf(ProtocolError);
      }
    }
  });
});

describe('a9: mutated frames', () => {
  test(
    `${ROUNDS.toLocaleString('en')} of them from seed ${SEED}: only ProtocolError, no hang, memory flat`,
    { timeout: 1_800_000 },
    () => {
      const frames = [...FRAMES.values()];
      const roll = dice(SEED);
      const seen = new Map<string, number>();
      let slowest = 0;
      collect();
      const before = process.memoryUsage();
      for (let round = 0; round < ROUNDS; round += 1) {
        const frame = mutated(frames, roll);
        const began = performance.now();
        const outcome = outcomeOf(frame, `seed ${SEED}, round ${round}`);
        isShallow(frame.subarray(4)); // as if the header were large
        slowest = Math.max(slowest, performance.now() - began);
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
      collect();
      const after = process.memoryUsage();
      expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(MEMORY);
      expect(slowest).toBeLessThan(HANG_MS);
      expect(seen.get('ProtocolError')).toBeGreaterThan(ROUNDS / 10);
      expect(seen.size, 'some still are messages: the mutations are not only noise').toBeGreaterThan(20);
    },
  );
});
