// The files that output is kept in: HOME/logs, one a container's stream and two a call, each up to a limit. Writes happen one
// after the other, in the order they were asked for; what is added to one file meanwhile goes in one write.

import { type FileHandle, constants, mkdir, open, opendir, rm, stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { join } from 'node:path';

import { NOTHING } from './tables.js';

export const FILE_LIMIT = 16 * 1024 * 1024;
/** Files kept open. */
const OPEN_FILES = 64;
const NAME = /^(co|fc)-[0-9A-Za-z-]{1,64}\.(out|err|log|map)$/;

interface OpenFile {
  readonly handle: FileHandle;
  size: number;
}

export class OutputFiles implements AsyncDisposable {
  readonly #files = new Map<string, OpenFile>();
  readonly #added = new Map<string, Uint8Array[]>();
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** At a place: a segment that comes again falls on its own. */
  write(name: string, offset: number, bytes: Uint8Array): void {
    const room = FILE_LIMIT - offset;
    if (room <= 0 || bytes.length === 0) return;
    this.#inTurn(async () => {
      const file = await this.#open(name);
      await file.handle.write(bytes, 0, Math.min(room, bytes.length), offset);
    });
  }

  append(name: string, bytes: Uint8Array): void {
    const added = this.#added.get(name);
    if (added !== undefined) return void added.push(bytes);
    this.#added.set(name, [bytes]);
    this.#inTurn(() => this.#append(name));
    return undefined;
  }

  /** Resolves when everything asked for so far is written. */
  settled(): Promise<void> {
    return this.#writing;
  }

  /** How large a file was before this process wrote to it. */
  sizeBefore(name: string): number {
    return statSync(join(this.folder, name), { throwIfNoEntry: false })?.size ?? 0;
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    if (!NAME.test(name)) return NOTHING;
    const handle = await open(join(this.folder, name), 'r').catch(() => undefined);
    if (handle === undefined) return NOTHING;
    try {
      const { size } = await handle.stat();
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  /** Removes files that nothing was added to for so long. */
  async expire(olderThanMs: number): Promise<void> {
    const folder = await opendir(this.folder).catch(() => []);
    for await (const { name } of folder) {
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => undefined);
      const isOurs = NAME.test(name) && !this.#files.has(name);
      if (isOurs && found !== undefined && Date.now() - found.mtimeMs > olderThanMs) await rm(path, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    for (const { handle } of this.#files.values()) await handle.close().catch(() => undefined);
    this.#files.clear();
  }

  async #append(name: string): Promise<void> {
    const bytes = Buffer.concat(this.#added.get(name) ?? []);
    this.#added.delete(name);
    const file = await this.#open(name);
    const room = Math.max(0, FILE_LIMIT - file.size);
    if (room > 0) await file.handle.write(bytes, 0, Math.min(room, bytes.length), file.size);
    file.size += Math.min(room, bytes.length);
  }

  #inTurn(step: () => Promise<void>): void {
    this.#writing = this.#writing.then(step).catch(this.onError);
  }

  async #open(name: string): Promise<OpenFile> {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const handle = await open(join(this.folder, name), constants.O_CREAT | constants.O_RDWR, 0o600);
    const file = { handle, size: (await handle.stat()).size };
    this.#files.set(name, file);
    const [oldest] = this.#files;
    if (this.#files.size > OPEN_FILES && oldest !== undefined) {
      this.#files.delete(oldest[0]);
      await oldest[1].handle.close();
    }
    return file;
  }
}
