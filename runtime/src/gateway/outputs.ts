// What inputs print. Each container's two streams are files of HOME/logs, capped; an outcome names the spans that its input
// wrote. Beside them one text per call, in the order it came, for `output.read` of a whole call. Attached clients that asked
// hear it live. Names of files are ids; nothing here looks into the text.

import { type FileHandle, constants, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { CallId, ContainerId, OutputPut, OutputRead, OutputSpan } from '@farcall/kernel-bridge/wire';

import type { Store } from '../store/store.js';
import type { Containers, Lease } from './containers.js';
import type { Streams } from './streams.js';
import { copied, NOTHING } from './tables.js';

const FILE_LIMIT = 16 * 1024 * 1024;
const PAGE_BYTES = 256 * 1024;
/** Files kept open. */
const OPEN_FILES = 64;

export interface OutputPageText {
  readonly text: Uint8Array;
  readonly next: number;
}
interface Parts {
  readonly folder: string;
  readonly store: Pick<Store, 'outcomesOf'>;
  readonly streams: Streams;
  readonly containers: Containers;
  readonly onError: (error: unknown) => void;
}

export class Outputs implements AsyncDisposable {
  readonly #files = new Map<string, Promise<FileHandle>>();
  /** Writes happen one after the other. */
  #writing: Promise<void> = Promise.resolve();
  readonly #sizes = new Map<CallId, number>();

  constructor(private readonly parts: Parts) {}

  arrived(message: OutputPut, payload: Uint8Array): void {
    const { container_id, stream, offset } = message;
    const container = this.parts.containers.get(container_id);
    if (container === undefined) return;
    const bytes = copied(payload);
    this.#write(container_id, suffixOf(stream), offset, bytes);
    const lease = message.lease === 0 ? container.latest : container.leases.get(message.lease);
    if (lease === undefined) return;
    this.#append(lease, bytes);
    const index = message.lease === 0 ? -1 : message.index;
    for (const client of this.parts.streams.clientsOf(lease.call, 'output'))
      client.send({ type: 'output', call_id: lease.call, index, stream: stream === 1 ? 'stdout' : 'stderr' }, bytes);
  }

  /** A page of what one input, or with index -1 the whole call, printed. `final`: nothing is added any more. */
  async read({ call_id, index, offset }: OutputRead, final: boolean): Promise<OutputPageText> {
    await this.#writing;
    const text =
      index < 0
        ? await this.#readFile(call_id, 'log', offset, PAGE_BYTES)
        : await this.#readSpans(call_id, index, offset);
    const next = offset + text.length;
    return { text, next: final && text.length < PAGE_BYTES ? -1 : next };
  }

  /** Removes files that nothing was added to for so long. */
  async expire(olderThanMs: number): Promise<void> {
    const names = await readdir(this.parts.folder).catch(() => []);
    for (const name of names) {
      const path = join(this.parts.folder, name);
      const found = await stat(path).catch(() => undefined);
      const isOurs = /^(co|fc)-[0-9A-Z]{26,32}\.(out|err|log)$/.test(name) && !this.#files.has(name);
      if (isOurs && found !== undefined && Date.now() - found.mtimeMs > olderThanMs) await rm(path, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    for (const handle of this.#files.values()) await (await handle).close().catch(() => undefined);
    this.#files.clear();
  }

  #append(lease: Lease, bytes: Uint8Array): void {
    this.#inTurn(async () => {
      const handle = await this.#open(`${lease.call}.log`);
      const size = this.#sizes.get(lease.call) ?? (await handle.stat()).size;
      this.#sizes.set(lease.call, size + bytes.length);
      if (size < FILE_LIMIT) await handle.write(bytes, 0, Math.min(FILE_LIMIT - size, bytes.length), size);
    });
  }

  #write(id: ContainerId, suffix: string, offset: number, bytes: Uint8Array): void {
    const room = Math.max(0, FILE_LIMIT - offset);
    if (room === 0 || bytes.length === 0) return;
    this.#inTurn(async () => {
      const handle = await this.#open(`${id}.${suffix}`);
      await handle.write(bytes, 0, Math.min(room, bytes.length), offset);
    });
  }

  #inTurn(step: () => Promise<void>): void {
    this.#writing = this.#writing.then(step).catch(this.parts.onError);
  }

  async #open(name: string): Promise<FileHandle> {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    await mkdir(this.parts.folder, { recursive: true, mode: 0o700 });
    // Not for appending: a segment that comes again after a reconnect falls on its own place.
    const handle = open(join(this.parts.folder, name), constants.O_CREAT | constants.O_RDWR, 0o600);
    this.#files.set(name, handle);
    const [oldest] = this.#files;
    if (this.#files.size > OPEN_FILES && oldest !== undefined) {
      this.#files.delete(oldest[0]);
      await (await oldest[1]).close();
    }
    return handle;
  }

  async #readSpans(call: CallId, index: number, offset: number): Promise<Uint8Array> {
    const rows = await this.parts.store.outcomesOf(call, index, 1);
    const found: { readonly container: string; readonly span: OutputSpan }[] = [];
    for (const row of rows)
      if ('spans' in row)
        for (const span of row.spans) if (span[0] === index) found.push({ container: row.container_id, span });
    const pieces: Uint8Array[] = [];
    let skip = offset;
    let room = PAGE_BYTES;
    for (const {
      container,
      span: [, stream, start, end],
    } of found) {
      const size = end - start;
      if (skip >= size) {
        skip -= size;
        continue;
      }
      const piece = await this.#readFile(container, suffixOf(stream), start + skip, Math.min(room, size - skip));
      pieces.push(piece);
      room -= piece.length;
      skip = 0;
      if (room <= 0) break;
    }
    return Buffer.concat(pieces);
  }

  async #readFile(id: string, suffix: string, offset: number, length: number): Promise<Uint8Array> {
    if (!/^[A-Za-z0-9-]{1,64}$/.test(id)) return NOTHING;
    const handle = await open(join(this.parts.folder, `${id}.${suffix}`), 'r').catch(() => undefined);
    if (handle === undefined) return NOTHING;
    try {
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }
}

function suffixOf(stream: number): string {
  return stream === 1 ? 'out' : 'err';
}
