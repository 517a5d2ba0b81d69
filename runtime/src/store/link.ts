// The main thread's end of the store's thread: requests out, replies back to whoever asked, problems as errors.

import { Worker } from 'node:worker_threads';

import { StoreBusy, StoreClosed, StoreCorrupt, StoreFull, StoreTooNew } from './errors.js';
import type { Opened, Opening, Problem, Reply, Request, RestoredRows, Row, Setup } from './protocol.js';
import { MIGRATIONS, type QueryName } from './schema.js';
import { compact, type Write } from './writes.js';

type Body = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;
interface Asker {
  readonly done: (reply: Reply) => void;
  readonly failed: (error: Error) => void;
}

export class Link {
  readonly #waiting = new Map<number, Asker>();
  #next = 1;
  #ended: Error | undefined;
  /** Has to be done before a read: what is committed elsewhere is on its way to the thread then. */
  beforeReading: (() => Promise<void>) | undefined;

  private constructor(
    private readonly worker: Worker,
    readonly file: string,
    readonly names: Opened,
    /** The thread ended, and nobody had told it to. */
    private readonly onEnded: (error: Error) => void,
  ) {
    worker.on('message', (reply: Reply) => this.#answered(reply));
    worker.on('error', (error) => this.#died(error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => this.#died('its thread ended'));
  }

  /** Why nothing is answered any more. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  /** Starts the thread and waits until it holds the file. Rejects with a StoreError; the thread is gone then. */
  static async open(thread: URL, setup: Setup, onEnded: (error: Error) => void, signal?: AbortSignal): Promise<Link> {
    const worker = new Worker(thread, { workerData: setup, name: 'store' });
    const stop = (): void => void worker.terminate();
    signal?.addEventListener('abort', stop);
    try {
      const opening = await opened(worker);
      signal?.throwIfAborted();
      if ('problem' in opening) throw errorOf(opening.problem, setup.file);
      return new Link(worker, setup.file, opening.opened, onEnded);
    } catch (error) {
      await worker.terminate();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async commit(groups: readonly (readonly Write[])[], logged = 0): Promise<readonly (Error | undefined)[]> {
    const compacted = compact(groups);
    const reply = await this.#ask({ do: 'commit', groups: compacted.groups, logged }, [compacted.buffer]);
    if (!('problems' in reply)) return [];
    return reply.problems.map((problem) => (problem === null ? undefined : errorOf(problem, this.file)));
  }

  async read(query: QueryName, ...parameters: (string | number)[]): Promise<readonly Row[]> {
    await this.beforeReading?.();
    const reply = await this.#ask({ do: 'read', query, parameters });
    return 'rows' in reply ? reply.rows : [];
  }

  async restore(): Promise<RestoredRows> {
    await this.beforeReading?.();
    const reply = await this.#ask({ do: 'restore' });
    return 'restored' in reply ? reply.restored : { functions: [], containers: [], calls: [] };
  }

  /** Writes all that is committed into another file. Commits wait meanwhile. */
  async copy(file: string): Promise<void> {
    await this.beforeReading?.();
    await this.#ask({ do: 'copy', file });
  }

  /** Idempotent. Resolves when the file is closed and the thread gone. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    await this.#ask({ do: 'close' });
    this.#end('the store is closed');
    await this.worker.terminate();
  }

  /** Ends the thread without closing the file: for a file that is of no use. */
  async abandon(): Promise<void> {
    this.#end('the store was given up');
    await this.worker.terminate();
  }

  async #ask(body: Body, transfer: ArrayBuffer[] = []): Promise<Reply> {
    if (this.#ended !== undefined) throw this.#ended;
    const id = this.#next;
    this.#next += 1;
    const reply = await new Promise<Reply>((done, failed) => {
      this.#waiting.set(id, { done, failed });
      this.worker.postMessage({ ...body, id } satisfies Request, transfer);
    });
    if ('problem' in reply) throw errorOf(reply.problem, this.file);
    return reply;
  }

  #answered(reply: Reply): void {
    const asker = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    asker?.done(reply);
  }

  #died(why: string): void {
    if (this.#ended !== undefined) return;
    this.#end(why);
    this.onEnded(new StoreClosed(why));
  }

  #end(why: string): void {
    this.#ended ??= new StoreClosed(why);
    for (const { failed } of this.#waiting.values()) failed(this.#ended);
    this.#waiting.clear();
  }
}

function opened(worker: Worker): Promise<Opening> {
  return new Promise((done, failed) => {
    worker.once('message', done);
    worker.once('error', failed);
    worker.once('exit', () => failed(new StoreClosed('its thread ended before it opened the store')));
  });
}

function errorOf(problem: Problem, file: string): Error {
  switch (problem.kind) {
    case 'busy':
      return new StoreBusy(file);
    case 'full':
      return new StoreFull(`${file}: ${problem.message}`);
    case 'corrupt':
      return new StoreCorrupt(problem.message, undefined);
    case 'newer':
      return new StoreTooNew(problem.schema ?? 0, MIGRATIONS.length);
    case 'other':
      return new Error(`${file}: ${problem.message}`);
  }
}
