// Large payloads through the process: a stream into a file, a file into a stream, by pieces of a megabyte. TLS hands bytes
// over 16 KiB at a time, and a pair of streams does its work for each of them; a fresh buffer costs a page fault for every
// 4 KiB, and the collector's time. So a few buffers are used again and again. Called by payloads.ts; it knows no ids.

import { type FileHandle, open } from 'node:fs/promises';
import { type Readable, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

const PIECE = 1024 * 1024;
/** Bytes that wait for the disk before the stream has to. */
const WAITING = 4 * PIECE;
/** With `sync` the disk gets to work while the rest still arrives. */
const SYNC_EVERY = 16 * PIECE;

export interface PourOptions {
  /** On the disk before it resolves. */
  readonly sync: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the file `path` of what `from` brings, and resolves with its size. When it rejects a part of the file may be
 * there; `from` is left as it is.
 */
export async function pourInto(path: string, from: Readable, { sync, signal }: PourOptions): Promise<number> {
  // Before the file is there: an end that comes meanwhile is not missed.
  const ended = finished(from, { writable: false, cleanup: true, ...(signal === undefined ? {} : { signal }) });
  ended.catch(() => undefined);
  const file = await open(path, 'wx', 0o600);
  const pouring = new Pouring(file, from, sync);
  const onData = (bytes: Uint8Array): void => pouring.take(bytes);
  try {
    from.on('data', onData);
    await Promise.race([ended, pouring.failed]);
    await pouring.end();
    return pouring.size;
  } finally {
    from.off('data', onData);
    from.pause();
    await pouring.settled();
    await file.close();
  }
}

/** Writes the bytes from `start` through `end` of a file into a stream that lets go of a buffer once it was written. */
export async function pourOut(path: string, range: { start: number; end: number }, into: Writable): Promise<void> {
  const file = await open(path, 'r');
  const size = Math.min(PIECE, range.end + 1 - range.start);
  const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
  const written = [Promise.resolve(), Promise.resolve()];
  try {
    for (let at = range.start, turn = 0; at <= range.end; turn = 1 - turn) {
      await written[turn];
      const buffer = (buffers[turn] as Buffer).subarray(0, Math.min(size, range.end + 1 - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error(`${path} ends before byte ${range.end}`);
      at += bytesRead;
      const write = writtenTo(into, buffer.subarray(0, bytesRead));
      write.catch(() => undefined); // it may fail before its turn comes to be waited for
      written[turn] = write;
    }
    await Promise.all(written);
  } finally {
    await file.close();
  }
}

function writtenTo(into: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(new Error('the reader went away'));
    into.once('close', onClose);
    into.write(bytes, (error) => {
      into.off('close', onClose);
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
}

/** What has arrived and is not in the file yet: in a few buffers that are used again and again. One write at a time. */
class Pouring {
  size = 0;
  /** Rejects when the file takes no more. */
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  #piece: Buffer = Buffer.allocUnsafeSlow(PIECE);
  #filled = 0;
  readonly #spare: Buffer[] = [];
  #waiting = 0;
  #writes: Promise<void> = Promise.resolve();
  #syncs: Promise<void> = Promise.resolve();
  #unsynced = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly from: Readable,
    private readonly sync: boolean,
  ) {
    this.failed = new Promise((_resolve, reject) => (this.#fail = reject));
    this.failed.catch(() => undefined);
  }

  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === PIECE) this.#write();
    }
    if (this.#waiting >= WAITING) this.from.pause();
  }

  /** The rest, and with `sync` everything on the disk. */
  async end(): Promise<void> {
    this.#write();
    await this.#writes;
    await this.#syncs;
    if (this.sync) await this.file.datasync();
  }

  /** Nothing uses the file any more. Never rejects. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#writes, this.#syncs]);
  }

  #write(): void {
    const [piece, size, at] = [this.#piece, this.#filled, this.size];
    if (size === 0) return;
    this.#piece = this.#spare.pop() ?? Buffer.allocUnsafeSlow(PIECE);
    this.#filled = 0;
    this.size += size;
    this.#waiting += size;
    this.#writes = this.#writes
      .then(() => writeWhole(this.file, piece.subarray(0, size), at))
      .then(() => this.#wrote(piece, size));
    this.#writes.catch(this.#fail);
  }

  #wrote(piece: Buffer, size: number): void {
    this.#spare.push(piece);
    this.#waiting -= size;
    if (this.from.isPaused()) this.from.resume();
    this.#unsynced += size;
    if (!this.sync || this.#unsynced < SYNC_EVERY) return;
    this.#unsynced = 0;
    this.#syncs = this.#syncs.then(() => this.file.datasync());
    this.#syncs.catch(this.#fail);
  }
}

/** A disk that has little room takes a part, and refuses the next write. */
async function writeWhole(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}
