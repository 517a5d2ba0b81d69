// Little-endian tables of a message (u8, u32, f32 per entry) as typed arrays and back, and the sums they stand for.
// A table inside a frame may begin at any byte, so reading one as u32 copies it when it is not aligned.

import { IN_BLOB } from '@farcall/kernel-bridge/wire';

export const NOTHING = new Uint8Array(0);

/** `slice` would not do: a Buffer's shares its memory. */
export function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

export function u32Of(bytes: Uint8Array): Uint32Array {
  if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  return new Uint32Array(copied(bytes).buffer, 0, bytes.length >>> 2);
}

export function f32Of(bytes: Uint8Array): Float32Array {
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  return new Float32Array(copied(bytes).buffer, 0, bytes.length >>> 2);
}

export function bytesOf(table: Uint32Array | Float32Array | Float64Array | Uint8Array): Uint8Array {
  return new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
}

export function filledU32(count: number, value: number): Uint32Array {
  return new Uint32Array(count).fill(value);
}

/** Bytes that entries [first, end) of a table of lengths stand for; those in blobs count nothing. */
export function sizeOf(lengths: Uint32Array, first = 0, end = lengths.length): number {
  let sum = 0;
  for (let i = first; i < end; i++) {
    const length = lengths[i] ?? 0;
    if (length !== IN_BLOB) sum += length;
  }
  return sum;
}

export function blobsIn(lengths: Uint32Array, first = 0, end = lengths.length): number {
  let found = 0;
  for (let i = first; i < end; i++) if (lengths[i] === IN_BLOB) found += 1;
  return found;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const only = parts[0];
  if (parts.length === 1 && only !== undefined) return only;
  return Buffer.concat(parts);
}

/**
 * Bytes that may be kept: a slice of a frame holds the frame's whole buffer alive, so a small slice of a large buffer is
 * copied out, and a slice that is most of its buffer stays as it is.
 */
export function kept(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return NOTHING;
  return bytes.buffer.byteLength > 2 * bytes.length + 1024 ? copied(bytes) : bytes;
}
