// One call's file of payloads: bytes go to its end and are read by place. What is appended while a write runs goes out
// in the next one, so a busy call costs few system calls. Places are given at once, in the order of calls.

import { constants, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

interface Waiting {
  readonly bytes: Uint8Array;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}
export interface Appended {
  readonly offset: number;
  /** Resolves when the bytes are in the file (and, with `sync`, on the disk). */
  readonly written: Promise<void>;
}

const READ_OR_APPEND = constants.O_RDWR | constants.O_CREAT;

export class AppendFile {
  #handle: Promise<FileHandle> | undefined;
  /** Where the next bytes go. A write that failed leaves a hole: nothing refers to it. */
  #end: number;
  #waiting: Waiting[] = [];
  #waitingAt: number;
  #writing = false;
  #uses = 0;

  constructor(
    private readonly path: string,
    private readonly sync: boolean,
  ) {
    this.#end = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.#waitingAt = this.#end;
  }

  /** Nothing is being written or read: it may be closed. */
  get isIdle(): boolean {
    return this.#uses === 0;
  }

  append(bytes: Uint8Array): Appended {
    const offset = this.#end;
    this.#end += bytes.length;
    const written = new Promise<void>((done, failed) => this.#waiting.push({ bytes, done, failed }));
    if (!this.#writing) void this.#write();
    return { offset, written };
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#uses += 1;
    try {
      const handle = await this.#open();
      const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
      for (let at = 0; at < length;) {
        const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
        if (bytesRead === 0) throw new Error(`${this.path} ends before byte ${offset + length}`);
        at += bytesRead;
      }
      return bytes;
    } finally {
      this.#uses -= 1;
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await (await handle)?.close();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    this.#uses += 1;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      const at = this.#waitingAt;
      this.#waiting = [];
      this.#waitingAt = this.#end;
      try {
        await this.#put(
          batch.map(({ bytes }) => bytes),
          at,
        );
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#writing = false;
    this.#uses -= 1;
  }

  async #put(parts: readonly Uint8Array[], at: number): Promise<void> {
    const handle = await this.#open();
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    const { bytesWritten } = await handle.writev(parts, at);
    // Regular files take less than all only when the disk has no room for the rest.
    if (bytesWritten < size)
      throw Object.assign(new Error(`${this.path} took ${bytesWritten} of ${size} bytes`), { code: 'ENOSPC' });
    if (this.sync) await handle.datasync();
  }

  async #open(): Promise<FileHandle> {
    this.#handle ??= this.#opened();
    try {
      return await this.#handle;
    } catch (error) {
      this.#handle = undefined;
      throw error;
    }
  }

  async #opened(): Promise<FileHandle> {
    const handle = await open(this.path, READ_OR_APPEND, 0o600);
    if (this.sync) await syncPath(dirname(this.path));
    return handle;
  }
}

/** Brings a file, or the names in a folder, to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
