// Outcome rows: made from a container's batch, cut for a client's stream, picked by index for a page.
// A row is the store's shape; a Part is a run of outcomes with its tables in typed arrays. Payloads stay slices.

import {
  type BlobId,
  type CallId,
  type FailureCode,
  FAILURES,
  type FailureSummary,
  IN_BLOB,
  NO_RETRY,
  type OutcomesPut,
} from '@farcall/kernel-bridge/wire';

import type { OutcomeRow, SettledRow } from '../store/store.js';
import { failurePayload } from './failures.js';
import { bytesOf, f32Of, filledU32, joined, NOTHING, sizeOf, u32Of } from './tables.js';

export type Row = OutcomeRow | SettledRow;
/** Consecutive outcomes of a stream. */
export interface Part {
  readonly indexes: Uint32Array;
  readonly statuses: Uint8Array;
  readonly attempts: Uint32Array;
  readonly seconds: Float32Array;
  readonly lengths: Uint32Array;
  readonly blobs: readonly BlobId[];
  readonly payload: Uint8Array;
}
/** A payload above this is not in the stream; it is read by index. */
export const INLINE_LIMIT = 4096;

export function countOf(row: Row): number {
  return 'ranges' in row ? row.ranges.reduce((sum, [, count]) => sum + count, 0) : row.count;
}

export interface Batch {
  readonly message: OutcomesPut;
  readonly payload: Uint8Array;
  readonly container: { readonly id: string };
}
/** The row of a batch's outcomes, or of those of them that the core took. */
export function rowOf({ message: batch, payload, container }: Batch, seq: number, taken?: Uint32Array): OutcomeRow {
  const statuses = batch.statuses.map((status) => status & ~NO_RETRY);
  const whole: OutcomeRow = {
    call_id: batch.call_id,
    seq,
    count: statuses.length,
    container_id: container.id,
    indexes: batch.indexes,
    statuses,
    attempts: bytesOf(filledU32(statuses.length, batch.attempt)),
    seconds: batch.seconds,
    lengths: batch.lengths,
    blobs: batch.blobs ?? [],
    failures: batch.failures ?? [],
    spans: batch.spans ?? [],
    at: Date.now() / 1000,
    payload,
  };
  return taken === undefined ? whole : narrowed(whole, taken);
}

function narrowed(row: OutcomeRow, taken: Uint32Array): OutcomeRow {
  const part = pick(partOf(row), taken);
  const indexes = new Set(part.indexes);
  return {
    ...row,
    count: taken.length,
    indexes: bytesOf(part.indexes),
    statuses: part.statuses,
    attempts: bytesOf(part.attempts),
    seconds: bytesOf(part.seconds),
    lengths: bytesOf(part.lengths),
    blobs: part.blobs,
    payload: part.payload,
    failures: row.failures.filter((failure) => indexes.has(failure.index)),
    spans: row.spans.filter(([index]) => indexes.has(index)),
  };
}

export interface Settlement {
  readonly call: CallId;
  readonly seq: number;
  readonly ranges: readonly (readonly [number, number])[];
  readonly status: number;
  readonly attempts: readonly number[];
  readonly code: FailureCode;
  readonly message: string;
}
/** The row of outcomes that no container made. */
export function settledRowOf(settlement: Settlement): SettledRow {
  const { call, seq, ranges, status, attempts, code, message } = settlement;
  const says = message === '' ? FAILURES[code].says : message;
  const { payload, kind } = failurePayload(code, says);
  const failure: FailureSummary = { index: ranges[0]?.[0] ?? 0, code, kind, message: says, where: '' };
  return { call_id: call, seq, ranges, attempts, status, failure, payload };
}

/** A settled row, narrowed to inputs [first, first + count) before it is spelled out: it may stand for millions. */
export function windowOf(row: Row, first: number, count: number): Row {
  if (!('ranges' in row)) return row;
  const ranges: [number, number][] = [];
  const attempts: number[] = [];
  row.ranges.forEach(([start, size], at) => {
    const from = Math.max(start, first);
    const end = Math.min(start + size, first + count);
    if (from >= end) return;
    ranges.push([from, end - from]);
    attempts.push(row.attempts[at] ?? 0);
  });
  return { ...row, ranges, attempts };
}

/** Outcomes [from, from + limit) of a row, counted from its start. */
export function partOf(row: Row, from = 0, limit = Number.MAX_SAFE_INTEGER): Part {
  return 'ranges' in row ? settledPart(row, from, limit) : storedPart(row, from, limit);
}

function storedPart(row: OutcomeRow, from: number, limit: number): Part {
  const end = Math.min(row.count, from + limit);
  const lengths = u32Of(row.lengths);
  const whole: Part = {
    indexes: u32Of(row.indexes),
    statuses: row.statuses,
    attempts: u32Of(row.attempts),
    seconds: f32Of(row.seconds),
    lengths,
    blobs: row.blobs,
    payload: row.payload,
  };
  return from === 0 && end === row.count ? whole : slicePart(whole, from, end);
}

function settledPart(row: SettledRow, from: number, limit: number): Part {
  const count = Math.max(0, Math.min(countOf(row) - from, limit));
  const indexes = new Uint32Array(count);
  const attempts = new Uint32Array(count);
  let at = 0;
  let skip = from;
  row.ranges.forEach(([first, size], range) => {
    for (let i = skip; i < size && at < count; i++) {
      indexes[at] = first + i;
      attempts[at] = row.attempts[range] ?? 0;
      at += 1;
    }
    skip = Math.max(0, skip - size);
  });
  return {
    indexes,
    statuses: new Uint8Array(count).fill(row.status),
    attempts,
    seconds: new Float32Array(count),
    lengths: filledU32(count, row.payload.length),
    blobs: [],
    payload: joined(Array.from({ length: count }, () => row.payload)),
  };
}

export function slicePart(part: Part, from: number, end: number): Part {
  const start = sizeOf(part.lengths, 0, from);
  const size = sizeOf(part.lengths, from, end);
  let blobs: readonly BlobId[] = [];
  if (part.blobs.length > 0) {
    const before = part.lengths.subarray(0, from).filter((length) => length === IN_BLOB).length;
    blobs = part.blobs.slice(
      before,
      before + part.lengths.subarray(from, end).filter((length) => length === IN_BLOB).length,
    );
  }
  return {
    indexes: part.indexes.subarray(from, end),
    statuses: part.statuses.subarray(from, end),
    attempts: part.attempts.subarray(from, end),
    seconds: part.seconds.subarray(from, end),
    lengths: part.lengths.subarray(from, end),
    blobs,
    payload: part.payload.subarray(start, start + size),
  };
}

/** The outcomes at these positions of a part, in that order. */
export function pick(part: Part, positions: ArrayLike<number>): Part {
  return joinParts(Array.from(positions, (at) => slicePart(part, at, at + 1)));
}

export function joinParts(parts: readonly Part[]): Part {
  const only = parts[0];
  if (only === undefined) return EMPTY_PART;
  if (parts.length === 1) return only;
  const count = parts.reduce((sum, part) => sum + part.indexes.length, 0);
  const all = {
    indexes: new Uint32Array(count),
    statuses: new Uint8Array(count),
    attempts: new Uint32Array(count),
    seconds: new Float32Array(count),
    lengths: new Uint32Array(count),
  };
  let at = 0;
  for (const part of parts) {
    all.indexes.set(part.indexes, at);
    all.statuses.set(part.statuses, at);
    all.attempts.set(part.attempts, at);
    all.seconds.set(part.seconds, at);
    all.lengths.set(part.lengths, at);
    at += part.indexes.length;
  }
  return { ...all, blobs: parts.flatMap((part) => part.blobs), payload: joined(parts.map((part) => part.payload)) };
}

/** A part as it travels in a stream: payloads above the limit are marked and left out. */
export function streamed(part: Part): Part {
  if (part.lengths.every((length) => length <= INLINE_LIMIT)) return part;
  const lengths = part.lengths.slice();
  const pieces: Uint8Array[] = [];
  let at = 0;
  part.lengths.forEach((length, i) => {
    if (length === IN_BLOB) return;
    if (length <= INLINE_LIMIT) pieces.push(part.payload.subarray(at, at + length));
    else lengths[i] = IN_BLOB;
    at += length;
  });
  return { ...part, lengths, blobs: [], payload: pieces.length === 0 ? NOTHING : joined(pieces) };
}

/** How many outcomes of a part, from `from`, fit into so many streamed bytes; at least one. */
export function fitting(part: Part, from: number, bytes: number): number {
  let room = bytes;
  let end = from;
  while (end < part.lengths.length) {
    const length = part.lengths[end] ?? 0;
    room -= length <= INLINE_LIMIT ? length + TABLE_BYTES : TABLE_BYTES;
    if (room < 0 && end > from) break;
    end += 1;
  }
  return end - from;
}
export const EMPTY_PART: Part = {
  indexes: new Uint32Array(0),
  statuses: new Uint8Array(0),
  attempts: new Uint32Array(0),
  seconds: new Float32Array(0),
  lengths: new Uint32Array(0),
  blobs: [],
  payload: NOTHING,
};
/** What one outcome takes in the tables. */
export const TABLE_BYTES = 17;
