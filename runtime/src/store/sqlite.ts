// The store of a gateway: rows in one SQLite file owned by a thread (thread.ts), larger payloads in files beside it
// that this half writes and reads. Only the thread touches the file; what it answers is made into rows of the seam
// here.

import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import type { CallId } from '@farcall/kernel-bridge/wire';

import { type AppRow, appsOf } from './apps.js';
import { Commits } from './commits.js';
import { copyStore } from './copy.js';
import { StoreClosed, StoreCorrupt, StoreExpired, StoreFull } from './errors.js';
import { KnownCalls } from './known-calls.js';
import { Link } from './link.js';
import { blobsOf, isNew } from './operations.js';
import { type AnyOutcomes, firstPage, holdsAny, runsOf } from './outcome-rows.js';
import { Payloads } from './payloads.js';
import type { Durability, RestoredRows, Row } from './protocol.js';
import { RedoLog } from './redo-log.js';
import { Retention } from './retention.js';
import { callOf, chunkOf, containerOf, functionOf, keptOf, nestedCallOf, outcomesOf, storedCallOf } from './rows.js';
import { type ScalingRow, scalingOf } from './scaling.js';
import { Seal } from './seal.js';
import { SqliteObjects } from './sqlite-objects.js';
import { sizesOf, type StoreSizes } from './sizes.js';
import { type Measure, Space } from './space.js';
import type {
  Child,
  ChunkRow,
  Copied,
  Expired,
  FunctionRow,
  Keep,
  NestedCall,
  Operation,
  Part,
  Restored,
  SomeInputs,
  Store,
  StoredCall,
  Stored,
} from './store.js';
import { bytesOf, type FileKind, sealedText, type Write, writesOf } from './writes.js';

/** Groups up to this are written down first and brought into the file later. */
const SMALL_BYTES = 16 * 1024;

export interface SqliteOptions {
  /** Holds store.db and payloads/; made if it is not there. */
  readonly folder: string;
  /** process: survives a kill. power: also a loss of power, by an fsync per commit. */
  readonly durability: Durability;
  /** Something that was committed could not be brought into the file. A bug of those who append; said, not hidden. */
  readonly onLost?: (error: unknown) => void;
  /** The store's thread failed: whoever holds the store can keep nothing any more, and a new opening is what helps. */
  readonly onEnded?: (error: Error) => void;
  /** Gives up opening. */
  readonly signal?: AbortSignal;
  /** The bundled thread.ts; where it is not beside the running bundle. */
  readonly threadUrl?: URL;
  readonly measure?: Measure;
  /** Seals secrets; otherwise $FARCALL_KEY or the folder's own key does. */
  readonly seal?: Seal;
}

/** Rejects with StoreBusy, StoreCorrupt (the file was set aside), StoreTooNew. */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  const { folder, durability, signal, onLost = () => undefined, onEnded = () => undefined } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const payloads = await Payloads.open(join(folder, 'payloads'), durability);
  const file = join(folder, 'store.db');
  try {
    const link = await Link.open(
      options.threadUrl ?? new URL('./store-thread.mjs', import.meta.url),
      { file, durability },
      onEnded,
      signal,
    );
    const seal = options.seal ?? Seal.of(folder); // under the store's lock: nobody else makes a key now
    const log = await redone(link, `${file}-redo`, durability);
    return new SqliteStore(link, payloads, { seal, space: new Space(folder, options.measure), log, onLost });
  } catch (error) {
    if (error instanceof StoreCorrupt) throw new StoreCorrupt(error.why, await setAside(file));
    throw error;
  }
}

async function setAside(file: string): Promise<string> {
  const target = `${file}.corrupt-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  await rename(file, target);
  for (const log of ['-wal', '-redo']) await rename(file + log, target + log).catch(() => undefined);
  return target;
}

/** Brings into the file what a killed gateway had only written down. The log to go on with; none for "power". */
async function redone(link: Link, file: string, durability: Durability): Promise<RedoLog | undefined> {
  const { id, logged } = link.names;
  const missing = RedoLog.missing(file, id, logged);
  const last = missing.at(-1)?.number ?? logged;
  const problems =
    missing.length === 0
      ? []
      : await link.commit(
          missing.map(({ writes }) => writes),
          last,
        );
  const full = problems.find((problem) => problem instanceof StoreFull);
  if (full !== undefined) throw full; // the others were in the file already
  return durability === 'process' ? new RedoLog(file, id, last) : undefined;
}

interface Means {
  readonly space: Space;
  readonly seal: Seal;
  readonly log: RedoLog | undefined;
  readonly onLost: (error: unknown) => void;
}

export class SqliteStore implements Store {
  readonly id: string;
  readonly epoch: string;
  readonly objects: SqliteObjects;
  readonly #commits: Commits;
  readonly #retention: Retention;
  readonly #known = new KnownCalls();
  #closing: Promise<void> | undefined;
  /** The last that waits to be let in. */
  #entering: Promise<unknown> | undefined;
  #keeping: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly link: Link,
    /** Where blobs are; the gateway streams them through it. */
    readonly payloads: Payloads,
    private readonly means: Means,
  ) {
    this.id = link.names.id;
    this.epoch = link.names.epoch;
    this.objects = new SqliteObjects(link, payloads, (objects) => this.#known.holds(objects));
    this.#commits = new Commits((groups, logged) => link.commit(groups, logged), means.log, means.onLost);
    link.beforeReading = () => this.#commits.told();
    this.#retention = new Retention(link, payloads, (writes) => this.#commits.add(writes, undefined));
  }

  async append(group: readonly Operation[]): Promise<void> {
    this.#mustBeOpen();
    const needsRoom = !this.means.space.isKnownGood && group.some(isNew);
    if (needsRoom || this.#entering !== undefined) await this.#entered(needsRoom);
    const before: Promise<unknown>[] = [];
    const place = (call: CallId, kind: FileKind, payload: Uint8Array): number => {
      const { offset, written } = this.payloads.append(call, kind, payload);
      before.push(written);
      return offset;
    };
    const writes = group.flatMap((operation) => writesOf(operation, { place, seal: this.means.seal }));
    const blobs = group.flatMap(blobsOf);
    if (blobs.length > 0) before.push(this.payloads.settle(blobs));
    await this.#committed(writes, before, this.#known.take(group) && bytesOf(writes) <= SMALL_BYTES);
  }

  async load(): Promise<Restored> {
    const { functions, containers, calls } = await this.#restored();
    const opened = functions.map((row) => functionOf(row, this.means.seal));
    await this.#sealPlain(opened.filter(({ isPlain }) => isPlain).map(({ row }) => row));
    return {
      functions: opened.map(({ row }) => row),
      containers: containers.map(containerOf),
      calls: calls.map(({ row, states, attempts }) => ({
        row: callOf(row),
        hasChildren: row['opened'] === 1,
        settled: runsOf(states),
        attempts: new Map(attempts),
      })),
    };
  }

  async apps(): Promise<readonly AppRow[]> {
    return appsOf(await this.link.read('apps'), await this.link.read('names'));
  }

  async scaling(): Promise<readonly ScalingRow[]> {
    return (await this.link.read('scaling')).map(scalingOf);
  }

  async payload(of: 'function' | 'call', id: string): Promise<Stored | undefined> {
    const [row] = await this.link.read(of === 'function' ? 'code' : 'shared', id);
    if (row === undefined) return undefined;
    if (typeof row['blob'] === 'string') return { blob: row['blob'] } as Stored;
    return { bytes: await this.#bytesOf(id as CallId, 'inputs', row) };
  }

  async call(id: CallId): Promise<StoredCall | undefined> {
    const [row] = await this.link.read('call', id);
    return row === undefined ? undefined : storedCallOf(row);
  }

  async calls(limit: number): Promise<readonly StoredCall[]> {
    const rows = await this.link.read('calls', limit);
    return rows.map(storedCallOf);
  }

  async chunks(call: CallId, first: number, count: number): Promise<readonly ChunkRow[]> {
    const found = await this.link.read('chunks', call, first, first + count);
    this.#wholeRead(call, found);
    const rows = found.filter((row) => Number(row['first']) + Number(row['count']) > first);
    const read = async (row: Row): Promise<ChunkRow> => {
      const payload = await this.#bytesOf(call, 'inputs', row);
      return { ...chunkOf(call, row), payload };
    };
    return Promise.all(rows.map(read));
  }

  async outcomes(call: CallId, seq: number, count: number, part: Part = 'whole'): Promise<readonly AnyOutcomes[]> {
    const found = await this.link.read('outcomes', call, seq, seq + count);
    const rows = found.filter((row) => Number(row['seq']) + Number(row['count']) > seq);
    return this.#outcomes(call, part === 'tables' ? rows : firstPage(rows, (row) => Number(row['length'])), part);
  }

  async outcomesOf(call: CallId, first: number, count: number, part: Part = 'whole'): Promise<readonly AnyOutcomes[]> {
    const found = await this.link.read('outcomes.of', call, first, first + count);
    const rows = found.filter((row) => holdsAny(outcomesOf(row), first, count));
    return this.#outcomes(call, rows, part);
  }

  async outcomesIn(of: readonly SomeInputs[]): Promise<readonly AnyOutcomes[]> {
    const rows = await this.link.read('outcomes.in', textOf(of));
    return rows.map((row) => outcomesOf(row, String(row['id']) as CallId));
  }

  async root(call: CallId): Promise<StoredCall | undefined> {
    const [row] = await this.link.read('root', call);
    return row === undefined ? undefined : storedCallOf(row);
  }

  async children(of: readonly SomeInputs[], after: number, limit: number): Promise<readonly Child[]> {
    const rows = await this.link.read('children', textOf(of), after, limit);
    return rows.map((row) => ({ ...nestedCallOf(row, of[Number(row['asked'])]?.call), asked: Number(row['asked']) }));
  }

  async beneath(root: CallId, after: number, limit: number): Promise<readonly NestedCall[]> {
    const rows = await this.link.read('beneath', root, after, limit);
    return rows.map((row) => nestedCallOf(row));
  }

  async countBeneath(root: CallId): Promise<number> {
    const [row] = await this.link.read('beneath.count', root);
    return Number(row?.['calls'] ?? 0);
  }

  async roots(calls: readonly CallId[]): Promise<readonly number[]> {
    const rows = await this.link.read('roots', JSON.stringify(calls));
    return rows.map((row) => Number(row['root']));
  }

  expire(keep: Keep): Promise<Expired> {
    return this.#alone(() => {
      this.#known.forget();
      return this.#retention.expire(keep);
    });
  }

  copy(folder: string): Promise<Copied> {
    return this.#alone(() => copyStore(this.link, this.payloads.folder, folder));
  }

  /** Commits something of no meaning; rejects when the store does not take writes. */
  async probe(): Promise<void> {
    this.#mustBeOpen();
    await this.#committed([['probe', String(Date.now())]], []);
  }

  sizes(): Promise<StoreSizes> {
    return sizesOf(this.link);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new StoreClosed('the store is closed');
    if (this.link.ended !== undefined) throw this.link.ended;
  }

  /** Before a byte is written of what there is no room for; and one after the other, since groups commit in their order. */
  #entered(needsRoom: boolean): Promise<void> {
    const before = this.#entering ?? Promise.resolve();
    const entered = before.then(() => (needsRoom ? this.means.space.check() : undefined));
    const passed = entered.catch(() => undefined);
    this.#entering = passed;
    void passed.then(() => {
      if (this.#entering === passed) this.#entering = undefined;
    });
    return entered;
  }

  /** A large file is not checked at the opening: this is where its damage shows, early enough to set it aside. */
  async #restored(): Promise<RestoredRows> {
    try {
      return await this.link.restore();
    } catch (error) {
      if (!(error instanceof StoreCorrupt)) throw error;
      await this.link.abandon();
      throw new StoreCorrupt(error.why, await setAside(this.link.file));
    }
  }

  /** Rows of before secrets were sealed. */
  async #sealPlain(rows: readonly FunctionRow[]): Promise<void> {
    if (rows.length === 0) return;
    const writes = rows.map((row): Write => ['function.row', sealedText(row, this.means.seal), row.function_id]);
    await this.#commits.add(writes, undefined);
  }

  async #close(): Promise<void> {
    // When was read what is only a hint: a thread that is gone must not keep the rest from closing.
    await this.#retention.flush().catch(() => undefined);
    await this.#entering;
    await this.#commits.drained();
    await this.link.close();
    this.means.log?.close();
    await this.payloads[Symbol.asyncDispose]();
  }

  /** Copying and expiring, one after the other: nothing of a copy may be deleted while it is made. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#keeping;
    const done = before.then(work);
    this.#keeping = done.catch(() => undefined);
    return done;
  }

  async #committed(writes: readonly Write[], before: readonly Promise<unknown>[], small = false): Promise<void> {
    try {
      await this.#commits.add(writes, before.length === 0 ? undefined : Promise.all(before), small);
    } catch (error) {
      if (isNoSpace(error)) throw new StoreFull(`the disk is full: ${error.message}`, { cause: error });
      throw error;
    }
  }

  async #outcomes(call: CallId, rows: readonly Row[], part: Part): Promise<readonly AnyOutcomes[]> {
    if (part === 'tables') return rows.map((row) => outcomesOf(row, call));
    this.#wholeRead(call, rows);
    const read = async (row: Row): Promise<AnyOutcomes> => {
      const payload = await this.#bytesOf(call, 'outcomes', row);
      return { ...outcomesOf(row, call), payload };
    };
    return Promise.all(rows.map(read));
  }

  #wholeRead(call: CallId, rows: readonly Row[]): void {
    if (rows.some((row) => row['expired'] === 1)) throw new StoreExpired(call);
    this.#retention.wasRead(call);
  }

  async #bytesOf(call: CallId, kind: FileKind, row: Row): Promise<Uint8Array> {
    const kept = keptOf(row);
    if (kept.bytes !== undefined) return kept.bytes;
    try {
      return await this.payloads.readAt(call, kind, kept);
    } catch (error) {
      // The payloads may have been expired between the row and its bytes.
      const found = await this.call(call);
      if (found === undefined || found.expired) throw new StoreExpired(call);
      throw error;
    }
  }
}

function textOf(of: readonly SomeInputs[]): string {
  return JSON.stringify(of.map(({ call, first, count }) => [call, first, first + count]));
}

/** The last: a file may not become larger, by a limit of the process or the file system. */
const NO_SPACE = ['ENOSPC', 'EDQUOT', 'EFBIG'];

function isNoSpace(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && NO_SPACE.includes(String(error.code));
}
