// The folder of payload files: per call one append-only file of inputs and one of outcomes, and a file per blob. Only
// generated ids become names here. The gateway streams blobs in and out through it; the store places its rows'
// payloads.

import { lstat, mkdir, opendir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';

import { type BlobId, type CallId, isBlobId, isCallId } from '@farcall/kernel-bridge/wire';

import { type Appended, AppendFile, syncPath } from './append-file.js';
import { epochText } from './ids.js';
import { pourInto, pourOut } from './pour.js';
import type { Durability } from './protocol.js';
import type { FileKind } from './writes.js';

export interface Range {
  readonly start: number;
  /** Inclusive, as in HTTP. */
  readonly end: number;
}

/** Call files held open; idle ones beyond this are closed, oldest use first. */
const OPEN_FILES = 128;
const KINDS: readonly FileKind[] = ['inputs', 'outcomes'];

export class Payloads implements AsyncDisposable {
  readonly #files = new Map<string, AppendFile>();
  readonly #sync: boolean;

  private constructor(
    readonly folder: string,
    durability: Durability,
  ) {
    this.#sync = durability === 'power';
  }

  static async open(folder: string, durability: Durability = 'process'): Promise<Payloads> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new Payloads(folder, durability);
  }

  // ── blobs ──

  path(id: BlobId): string {
    if (!isBlobId(id)) throw new Error('not the id of a blob');
    return join(this.folder, id);
  }

  async exists(id: BlobId): Promise<boolean> {
    return (await this.size(id)) !== undefined;
  }

  /** Bytes of a blob; undefined when it is not here. */
  async size(id: BlobId): Promise<number | undefined> {
    return sizeOf(this.path(id));
  }

  /** Writes a blob from a stream; it appears whole or not at all. Resolves with its size. */
  async write(id: BlobId, from: AsyncIterable<Uint8Array> | Readable, signal?: AbortSignal): Promise<number> {
    const path = this.path(id);
    const part = `${path}.${epochText()}.part`;
    try {
      const stream = from instanceof Readable ? from : Readable.from(from);
      const size = await pourInto(part, stream, { sync: this.#sync, signal });
      await rename(part, path);
      await this.#syncFolder();
      return size;
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  /** Writes a range of a blob into a stream that lets go of a buffer once it was written, as those of sockets do. */
  async send(id: BlobId, range: Range, into: Writable): Promise<void> {
    await pourOut(this.path(id), range, into);
  }

  /** Idempotent. */
  async remove(id: BlobId): Promise<void> {
    await rm(this.path(id), { force: true });
  }

  /**
   * With durability "power": brings blobs that others wrote to the disk, before a row refers to them. Missing ones
   * are not noticed.
   */
  async settle(ids: readonly BlobId[]): Promise<void> {
    if (!this.#sync || ids.length === 0) return;
    const here = await Promise.all(ids.map((id) => this.exists(id)));
    await Promise.all(ids.filter((_, at) => here[at]).map((id) => syncPath(this.path(id))));
    await this.#syncFolder();
  }

  // ── payloads of calls ──

  append(call: CallId, kind: FileKind, payload: Uint8Array): Appended {
    return this.#file(call, kind).append(payload);
  }

  readAt(
    call: CallId,
    kind: FileKind,
    place: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array> {
    return this.#file(call, kind).read(place.offset, place.length);
  }

  /** Deletes a call's two files. Idempotent. */
  async removeCall(call: CallId): Promise<void> {
    for (const kind of KINDS) {
      const path = this.#callPath(call, kind);
      const file = this.#files.get(path);
      this.#files.delete(path);
      await file?.close();
      await rm(path, { force: true });
    }
  }

  /** Its time among idle files begins anew. */
  async touch(id: BlobId): Promise<void> {
    const now = new Date();
    await utimes(this.path(id), now, now).catch(() => undefined); // it is gone: who asks for it is told
  }

  /** Files that nobody has touched for `idleMs`, some at a time, by the id that owns them; unfinished writes have none. */
  async *idle(idleMs: number, most: number): AsyncGenerator<ReadonlyMap<string, string>> {
    let found = new Map<string, string>();
    const before = Date.now() - idleMs;
    for await (const { name } of await opendir(this.folder)) {
      const changed = await stat(join(this.folder, name)).catch(() => undefined);
      if (changed === undefined || changed.mtimeMs >= before) continue;
      found.set(name, name.endsWith('.part') ? '' : (name.split('.')[0] ?? ''));
      if (found.size < most) continue;
      yield found;
      found = new Map();
    }
    if (found.size > 0) yield found;
  }

  async removeFile(name: string): Promise<void> {
    await rm(join(this.folder, name), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.all(files.map((file) => file.close()));
  }

  #file(call: CallId, kind: FileKind): AppendFile {
    const path = this.#callPath(call, kind);
    const file = this.#files.get(path) ?? new AppendFile(path, this.#sync);
    // Last in the map = used last.
    this.#files.delete(path);
    this.#files.set(path, file);
    if (this.#files.size > OPEN_FILES) this.#closeIdle(file);
    return file;
  }

  #closeIdle(but: AppendFile): void {
    for (const [path, file] of this.#files) {
      if (file === but || !file.isIdle) continue;
      this.#files.delete(path);
      void file.close();
      if (this.#files.size <= OPEN_FILES) return;
    }
  }

  #callPath(call: CallId, kind: FileKind): string {
    if (!isCallId(call)) throw new Error('not the id of a call');
    return join(this.folder, `${call}.${kind}`);
  }

  async #syncFolder(): Promise<void> {
    if (this.#sync) await syncPath(this.folder);
  }
}

/** Of a file; a link or a folder in its place, put there by who may write here, is none. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found?.isFile() === true ? found.size : undefined;
}
