// Cutting ranges out of chunks by their tables, and the bound on chunks in memory.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { type BlobId, type CallId, IN_BLOB } from '@farcall/kernel-bridge/wire';

import { type Chunk, Chunks, cutRows, slicePiece } from '../../../runtime/src/gateway/chunks.js';
import { bytesOf } from '../../../runtime/src/gateway/tables.js';

const CALL = `fc-${'A'.repeat(32)}` as CallId;
const blob = (index: number): BlobId => `bl-${String(index).padStart(26, '0')}` as BlobId;

/** One input a number: so many bytes of its index, or a blob when it is negative. */
function chunkOf(first: number, sizes: readonly number[]): Chunk {
  const payloads = sizes.map((size, at) => Buffer.alloc(Math.max(0, size), (first + at) % 251));
  return {
    call: CALL,
    first,
    count: sizes.length,
    lengths: Uint32Array.from(sizes, (size) => (size < 0 ? IN_BLOB : size)),
    blobs: sizes.flatMap((size, at) => (size < 0 ? [blob(first + at)] : [])),
    payload: Buffer.concat(payloads),
  };
}

const sizes = fc.array(fc.integer({ min: -1, max: 40 }), { minLength: 1, maxLength: 12 });

test('any range of any chunks is what was put in', () => {
  fc.assert(
    fc.property(fc.array(sizes, { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(), (chunkSizes, a, b) => {
      const all = chunkSizes.flat();
      const first = a % all.length;
      const count = 1 + (b % (all.length - first));
      const chunks = new Chunks(1 << 20);
      const made: Chunk[] = [];
      let at = 0;
      for (const part of chunkSizes) {
        made.push(chunkOf(at, part));
        at += part.length;
      }
      for (const chunk of [...made].reverse()) chunks.hold(chunk);
      const whole = chunkOf(0, all);
      const expected = slicePiece(whole, first, first + count);
      const rows = made.map(({ call, lengths, ...rest }) => ({ call_id: call, lengths: bytesOf(lengths), ...rest }));
      for (const piece of [chunks.cut(CALL, first, count), cutRows(rows, first, count)]) {
        expect([...(piece?.lengths ?? [])]).toEqual([...expected.lengths]);
        expect(piece?.blobs).toEqual(expected.blobs);
        expect(Buffer.from(piece?.payload ?? [])).toEqual(Buffer.from(expected.payload));
      }
    }),
  );
});

test('chunks leave oldest first once they are committed, and never before', () => {
  const chunks = new Chunks(2500);
  for (let first = 0; first < 4; first += 1) chunks.hold(chunkOf(first, [1000]));
  chunks.committed(CALL, 1);
  expect(chunks.cut(CALL, 1, 1)).toBeUndefined();
  expect(chunks.cut(CALL, 0, 1)).toBeDefined();
  chunks.committed(CALL, 0);
  expect(chunks.cut(CALL, 0, 1)).toBeUndefined();
  expect(chunks.bytes).toBeLessThanOrEqual(2600);
  expect(chunks.cut(CALL, 2, 2)).toBeDefined();
});

test('what stays is found however much of its call has left', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...Array(30).keys()]), (order) => {
      const chunks = new Chunks(0);
      for (let first = 0; first < 30; first += 1) chunks.hold(chunkOf(first, [first]));
      for (const first of order) chunks.committed(CALL, first);
      for (let first = 0; first < 30; first += 1)
        expect(chunks.cut(CALL, first, 1)?.payload.length).toBe(order.includes(first) ? undefined : first);
      expect(chunks.bytes === 0).toBe(order.length === 30);
    }),
  );
});

test('a range that is not all there is not there', () => {
  const chunks = new Chunks(1 << 20);
  chunks.hold(chunkOf(0, [1, 1]));
  chunks.hold(chunkOf(4, [1]));
  expect(chunks.cut(CALL, 0, 2)).toBeDefined();
  expect(chunks.cut(CALL, 1, 3)).toBeUndefined();
  chunks.forget(CALL);
  expect([chunks.cut(CALL, 0, 1), chunks.bytes]).toEqual([undefined, 0]);
});
