// The store's thread: owns the store file and does one request after the other. Bundled by itself as store-thread.mjs.
// It knows statements by name and nothing of operations, files of payloads or the gateway.

import { statSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import { Database, problemOf } from './database.js';
import type { Opening, Reply, Request, Setup } from './protocol.js';

/** The log is moved into the file when it is this long and nothing waits, or at once when it is far longer. */
const CHECKPOINT_BYTES = 16 * 1024 * 1024;
const CHECKPOINT_AT_LAST_BYTES = 128 * 1024 * 1024;

class Thread {
  #database: Database | undefined;
  #checkpoint: NodeJS.Immediate | undefined;

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
    if (request.do === 'commit') this.#tidy(database);
    else if (request.do === 'close') this.port.close();
  }

  #tidy(database: Database): void {
    const bytes = statSync(`${this.setup.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    clearImmediate(this.#checkpoint);
    if (bytes >= CHECKPOINT_AT_LAST_BYTES) database.checkpoint();
    // A request that already waits is delivered before this and puts it off.
    else if (bytes >= CHECKPOINT_BYTES) this.#checkpoint = setImmediate(() => database.checkpoint());
  }
}

function reply(database: Database, request: Request): Reply {
  const { id } = request;
  switch (request.do) {
    case 'commit':
      return { id, problems: database.commit(request.groups) };
    case 'read':
      return { id, rows: database.read(request.query, request.parameters) };
    case 'restore':
      return { id, restored: database.restore() };
    case 'close':
      database.close();
      return { id, rows: [] };
  }
}

if (parentPort !== null) new Thread(parentPort, workerData as Setup).start();
