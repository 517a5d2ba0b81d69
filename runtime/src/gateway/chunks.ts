// Recent chunks of inputs, in memory and within a bound, so that they can be assigned before they are committed and without
// reading them back. Committed chunks leave oldest first when the bound is reached; the store has them.
// Ranges are cut out by the table of lengths; nothing here decodes a payload.

import { type BlobId, type CallId, IN_BLOB } from '@farcall/kernel-bridge/wire';

import type { ChunkRow } from '../store/store.js';
import { blobsIn, joined, NOTHING, sizeOf, u32Of } from './tables.js';

/** Consecutive inputs, ready to travel. */
export interface Piece {
  readonly lengths: Uint32Array;
  readonly blobs: readonly BlobId[];
  readonly payload: Uint8Array;
}
export interface Chunk extends Piece {
  readonly call: CallId;
  readonly first: number;
  readonly count: number;
}
interface Held extends Chunk {
  /** Where each input's bytes begin. */
  readonly starts: Uint32Array;
  readonly bytes: number;
  committed: boolean;
}

/** What a chunk costs beside its payload. */
const OVERHEAD = 256;

export class Chunks {
  readonly #calls = new Map<CallId, Held[]>();
  readonly #oldest = new Set<Held>();
  #bytes = 0;

  constructor(private readonly limit: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  hold(chunk: Chunk): void {
    const held = heldOf(chunk);
    const list = this.#calls.get(chunk.call) ?? [];
    this.#calls.set(chunk.call, list);
    const last = list.at(-1);
    list.push(held);
    if (last !== undefined && last.first > held.first) list.sort((a, b) => a.first - b.first);
    this.#oldest.add(held);
    this.#bytes += held.bytes;
  }

  /** The store has this chunk now: it may leave when room is needed. */
  committed(call: CallId, first: number): void {
    const held = this.#find(call, first);
    if (held !== undefined) held.committed = true;
    this.#evict();
  }

  /** The inputs [first, first + count) if all of them are here. */
  cut(call: CallId, first: number, count: number): Piece | undefined {
    const pieces: Piece[] = [];
    let at = first;
    while (at < first + count) {
      const held = this.#find(call, at);
      if (held === undefined) return undefined;
      const end = Math.min(first + count, held.first + held.count);
      pieces.push(slice(held, at - held.first, end - held.first));
      at = end;
    }
    return joinPieces(pieces);
  }

  forget(call: CallId): void {
    for (const held of this.#calls.get(call) ?? []) this.#remove(held);
    this.#calls.delete(call);
  }

  #find(call: CallId, index: number): Held | undefined {
    const list = this.#calls.get(call) ?? [];
    let low = 0;
    let high = list.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const held = list[middle];
      if (held === undefined) return undefined;
      if (index < held.first) high = middle - 1;
      else if (index >= held.first + held.count) low = middle + 1;
      else return held;
    }
    return undefined;
  }

  #evict(): void {
    for (const held of this.#oldest) {
      if (this.#bytes <= this.limit) return;
      if (!held.committed) continue;
      this.#remove(held);
      const left = (this.#calls.get(held.call) ?? []).filter((other) => other !== held);
      if (left.length > 0) this.#calls.set(held.call, left);
      else this.#calls.delete(held.call);
    }
  }

  #remove(held: Held): void {
    if (this.#oldest.delete(held)) this.#bytes -= held.bytes;
  }
}

/** The inputs [first, first + count) out of stored chunks that overlap it, in order. Undefined when some are missing. */
export function cutRows(rows: readonly ChunkRow[], first: number, count: number): Piece | undefined {
  const pieces: Piece[] = [];
  let at = first;
  for (const row of rows) {
    if (at < row.first || at >= row.first + row.count || at >= first + count) continue;
    const end = Math.min(first + count, row.first + row.count);
    pieces.push(slice(heldOf(chunkOf(row)), at - row.first, end - row.first));
    at = end;
  }
  return at === first + count ? joinPieces(pieces) : undefined;
}

export function chunkOf(row: ChunkRow): Chunk {
  const { call_id, first, count, blobs, payload } = row;
  return { call: call_id, first, count, lengths: u32Of(row.lengths), blobs, payload };
}

export function joinPieces(pieces: readonly Piece[]): Piece {
  const only = pieces[0];
  if (pieces.length === 1 && only !== undefined) return only;
  const lengths = new Uint32Array(pieces.reduce((sum, piece) => sum + piece.lengths.length, 0));
  let at = 0;
  for (const piece of pieces) {
    lengths.set(piece.lengths, at);
    at += piece.lengths.length;
  }
  return {
    lengths,
    blobs: pieces.flatMap((piece) => piece.blobs),
    payload: joined(pieces.map((piece) => piece.payload)),
  };
}

/** Inputs [first, end) of a piece, counted from its start. */
export function slicePiece(piece: Piece, first: number, end: number): Piece {
  const from = sizeOf(piece.lengths, 0, first);
  const blobsBefore = piece.blobs.length === 0 ? 0 : blobsIn(piece.lengths, 0, first);
  const lengths = piece.lengths.subarray(first, end);
  return {
    lengths,
    blobs: piece.blobs.length === 0 ? [] : piece.blobs.slice(blobsBefore, blobsBefore + blobsIn(lengths)),
    payload: piece.payload.length === 0 ? NOTHING : piece.payload.subarray(from, from + sizeOf(lengths)),
  };
}

function heldOf(chunk: Chunk): Held {
  const starts = new Uint32Array(chunk.count + 1);
  let at = 0;
  for (let i = 0; i < chunk.count; i++) {
    starts[i] = at;
    const length = chunk.lengths[i] ?? 0;
    if (length !== IN_BLOB) at += length;
  }
  starts[chunk.count] = at;
  return { ...chunk, starts, bytes: chunk.payload.length + 8 * chunk.count + OVERHEAD, committed: false };
}

function slice(held: Held, first: number, end: number): Piece {
  if (first === 0 && end === held.count) return held;
  const lengths = held.lengths.subarray(first, end);
  const blobsBefore = held.blobs.length === 0 ? 0 : blobsIn(held.lengths, 0, first);
  return {
    lengths,
    blobs: held.blobs.length === 0 ? [] : held.blobs.slice(blobsBefore, blobsBefore + blobsIn(lengths)),
    payload: held.payload.subarray(held.starts[first] ?? 0, held.starts[end] ?? 0),
  };
}
