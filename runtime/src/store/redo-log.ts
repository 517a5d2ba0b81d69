// Small groups, written down before the store's thread has them: one write by the main thread makes them survive a kill,
// and the thread applies many at once, later. Records are numbered; the store file knows the last one it holds, so
// what is replayed after a crash is exactly what is missing. For durability "process" only: nothing here is synced.

import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

import { Packr } from 'msgpackr';

import type { Write } from './writes.js';

/** u32 length, u32 crc32 of the rest, f64 number; then the writes. */
const HEAD = 16;
/** Records that the store file does not hold yet may take so much; groups beyond it go the other way. */
const MOST_BYTES = 4 * 1024 * 1024;

const packr = new Packr({ useRecords: false });

export interface Redo {
  readonly number: number;
  readonly writes: readonly Write[];
}

export class RedoLog {
  readonly #fd: number;
  /** Records of another store do not count. */
  readonly #seed: number;
  #number: number;
  #applied: number;
  #end = 0;

  /** `store`: the id of the store whose log this is; `applied`: the last record that its file holds. */
  constructor(file: string, store: string, applied: number) {
    this.#seed = crc32(store);
    this.#fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#number = this.#applied = applied;
  }

  /** The records that the store file lacks, in order, as far as they are whole. */
  static missing(file: string, store: string, applied: number): readonly Redo[] {
    const found: Redo[] = [];
    for (const record of recordsOf(read(file), crc32(store))) {
      if (record.number > applied + found.length + 1) break;
      if (record.number === applied + found.length + 1) found.push(record);
    }
    return found;
  }

  /** Whether there is room for one more. */
  get hasRoom(): boolean {
    return this.#end < MOST_BYTES;
  }

  /** Writes a group down. Its number; throws what the file system throws, and the record counts for nothing then. */
  append(writes: readonly Write[]): number {
    const body = packr.pack(writes);
    const record = Buffer.allocUnsafe(HEAD + body.length);
    record.writeUInt32LE(body.length, 0);
    record.writeDoubleLE(this.#number + 1, 8);
    body.copy(record, HEAD);
    record.writeUInt32LE(crc32(record.subarray(8), this.#seed), 4);
    for (let at = 0; at < record.length;) at += writeSync(this.#fd, record, at, record.length - at, this.#end + at);
    this.#end += record.length;
    this.#number += 1;
    return this.#number;
  }

  /** The store file holds everything up to this record. Once that is all, the log is written again from its start. */
  applied(through: number): void {
    this.#applied = Math.max(this.#applied, through);
    if (this.#applied === this.#number) this.#end = 0;
  }

  /** Nothing is left to apply: what is in the file is of no use. */
  close(): void {
    if (this.#applied === this.#number) ftruncateSync(this.#fd, 0);
    closeSync(this.#fd);
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Ends at the first record that is torn, or that was written over. */
function* recordsOf(bytes: Buffer, seed: number): Generator<Redo> {
  for (let at = 0; at + HEAD <= bytes.length;) {
    const length = bytes.readUInt32LE(at);
    const end = at + HEAD + length;
    if (length === 0 || end > bytes.length) return;
    if (crc32(bytes.subarray(at + 8, end), seed) !== bytes.readUInt32LE(at + 4)) return;
    yield { number: bytes.readDoubleLE(at + 8), writes: packr.unpack(bytes.subarray(at + HEAD, end)) as Write[] };
    at = end;
  }
}
