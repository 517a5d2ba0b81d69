// The store's thread: owns the store file and does one request after the other. Bundled by itself as store-thread.mjs.
// It knows statements by name and nothing of operations, files of payloads or the gateway.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { Database, problemOf } from './database.js';
import { bytesOf } from './writes.js';
import type { Opening, Reply, Request, Setup } from './protocol.js';

/** The log is moved into the file when about so much was written and nothing waits, or at once when it is far more. */
const CHECKPOINT_BYTES = 16 * 1024 * 1024;
const CHECKPOINT_AT_LAST_BYTES = 128 * 1024 * 1024;
const PAGE_BYTES = 4096;

type Commit = Extract<Request, { do: 'commit' }>;

class Thread {
  #database: Database | undefined;
  #checkpoint: NodeJS.Immediate | undefined;
  /** What the log may hold, from above: looking at the file would cost as much as a small commit. */
  #logged = 0;

  constructor(
    private readonly port: MessagePort,
    private readonly setup: Setup,
  ) {}

  start(): void {
    const opening = this.#open();
    this.port.postMessage(opening);
    if ('problem' in opening) return;
    this.port.on('message', (request: Request) => this.#answer(request));
  }

  #open(): Opening {
    try {
      this.#database = Database.open(this.setup.file, this.setup.durability);
      return { opened: this.#database.names };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  }

  #answer(request: Request): void {
    const database = this.#database;
    if (database === undefined) return;
    try {
      this.port.postMessage(reply(database, request));
    } catch (error) {
      this.port.postMessage({ id: request.id, problem: problemOf(error) } satisfies Reply);
    }
    if (request.do === 'commit') this.#tidy(database, request.groups);
    else if (request.do === 'close') this.port.close();
  }

  #tidy(database: Database, groups: Commit['groups']): void {
    for (const writes of groups) this.#logged += PAGE_BYTES * (1 + writes.length) + bytesOf(writes);
    if (this.#logged < CHECKPOINT_BYTES) return;
    if (this.#checkpoint !== undefined) clearImmediate(this.#checkpoint);
    if (this.#logged >= CHECKPOINT_AT_LAST_BYTES) this.#move(database);
    // A request that already waits is delivered before this and puts it off.
    else this.#checkpoint = setImmediate(() => this.#move(database));
  }

  /** Where there was no room it is tried again once as much more was written. */
  #move(database: Database): void {
    database.checkpoint();
    this.#logged = 0;
  }
}

function reply(database: Database, request: Request): Reply {
  const { id } = request;
  switch (request.do) {
    case 'commit':
      return { id, problems: database.commit(request.groups, request.logged) };
    case 'read':
      return { id, rows: database.read(request.query, request.parameters) };
    case 'restore':
      return { id, restored: database.restore() };
    case 'copy':
      database.copy(request.file);
      return { id, rows: [] };
    case 'close':
      database.close();
      return { id, rows: [] };
  }
}

if (parentPort !== null) new Thread(parentPort, workerData as Setup).start();
