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
/** A piece that is cut often. */
interface Indexed extends Piece {
  /** Where each input's bytes begin, and at the end where the last one's end. */
  readonly starts: Uint32Array;
}
interface Held {
  readonly call: CallId;
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
  isCommitted: boolean;
  /** Undefined: it has left. */
  inputs: Indexed | undefined;
}
/** In the order of their inputs. What has gone stays until half of them have, so that letting one go costs the same however
 *  many there are. */
interface Series {
  list: Held[];
  gone: number;
}

/** What a chunk costs beside its payload. */
const OVERHEAD = 256;

export class Chunks {
  readonly #calls = new Map<CallId, Series>();
  readonly #oldest = new Set<Held>();
  #bytes = 0;

  constructor(private readonly limit: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  hold(chunk: Chunk): void {
    const { call, first, count } = chunk;
    const bytes = chunk.payload.length + 8 * count + OVERHEAD;
    const held: Held = { call, first, count, bytes, isCommitted: false, inputs: indexed(chunk) };
    const series = this.#calls.get(chunk.call) ?? { list: [], gone: 0 };
    this.#calls.set(chunk.call, series);
    const { list } = series;
    const last = list.at(-1);
    list.push(held);
    if (last !== undefined && last.first > held.first) list.sort((a, b) => a.first - b.first);
    this.#oldest.add(held);
    this.#bytes += held.bytes;
  }

  /** The store has this chunk now: it may leave when room is needed. */
  committed(call: CallId, first: number): void {
    const held = this.#find(call, first);
    if (held !== undefined) held.isCommitted = true;
    this.#evict();
  }

  /** The inputs [first, first + count) if all of them are here. */
  cut(call: CallId, first: number, count: number): Piece | undefined {
    const pieces: Piece[] = [];
    let at = first;
    while (at < first + count) {
      const held = this.#find(call, at);
      if (held?.inputs === undefined) return undefined;
      const end = Math.min(first + count, held.first + held.count);
      pieces.push(slice(held.inputs, at - held.first, end - held.first));
      at = end;
    }
    return joinPieces(pieces);
  }

  forget(call: CallId): void {
    for (const held of this.#calls.get(call)?.list ?? []) this.#remove(held);
    this.#calls.delete(call);
  }

  #find(call: CallId, index: number): Held | undefined {
    const list = this.#calls.get(call)?.list ?? [];
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
      if (!held.isCommitted) continue;
      this.#remove(held);
      const series = this.#calls.get(held.call);
      if (series !== undefined) this.#thin(held.call, series);
    }
  }

  /** One more of the series has gone. */
  #thin(call: CallId, series: Series): void {
    series.gone += 1;
    if (series.gone === series.list.length) this.#calls.delete(call);
    else if (series.gone * 2 > series.list.length) {
      series.list = series.list.filter((held) => held.inputs !== undefined);
      series.gone = 0;
    }
  }

  #remove(held: Held): void {
    held.inputs = undefined;
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
    pieces.push(slice(indexed(chunkOf(row)), at - row.first, end - row.first));
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

function indexed({ lengths, blobs, payload }: Piece): Indexed {
  const starts = new Uint32Array(lengths.length + 1);
  let at = 0;
  for (let i = 0; i < lengths.length; i++) {
    starts[i] = at;
    const length = lengths[i] ?? 0;
    if (length !== IN_BLOB) at += length;
  }
  starts[lengths.length] = at;
  return { lengths, blobs, payload, starts };
}

function slice(piece: Indexed, first: number, end: number): Piece {
  if (first === 0 && end === piece.lengths.length) return piece;
  const lengths = piece.lengths.subarray(first, end);
  const blobsBefore = piece.blobs.length === 0 ? 0 : blobsIn(piece.lengths, 0, first);
  return {
    lengths,
    blobs: piece.blobs.length === 0 ? [] : piece.blobs.slice(blobsBefore, blobsBefore + blobsIn(lengths)),
    payload: piece.payload.subarray(piece.starts[first] ?? 0, piece.starts[end] ?? 0),
  };
}
