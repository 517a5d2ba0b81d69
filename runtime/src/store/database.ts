// The store file, on the store's thread: opens it alone, brings its schema up to date, runs transactions and reads.
// Everything here is synchronous, which is why it has a thread to itself.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { uptime } from 'node:os';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

import { epochText, storeId } from './ids.js';
import { mark } from './outcome-rows.js';
import type { Durability, Opened, Problem, RestoredRows, Row } from './protocol.js';
import { outcomesOf } from './rows.js';
import { MIGRATIONS, QUERIES, STATEMENTS, type QueryName } from './schema.js';
import type { Write } from './writes.js';

/** Files up to this size are checked whole when they are opened; it costs about a millisecond a MiB. */
const CHECKED_BYTES = 64 * 1024 * 1024;
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
/** SQLITE_IOERR_WRITE */
const WRITE_FAILED = 778;
const NOT_A_DATABASE = 26;

export class Database {
  readonly #statements = new Map<string, StatementSync>();

  private constructor(private readonly db: DatabaseSync) {}

  /** Throws what `problemOf` can name; nothing stays open then. */
  static open(file: string, durability: Durability): Database {
    const db = new DatabaseSync(file);
    try {
      lock(db, durability);
      check(db, file);
      migrate(db);
      begin(db, durability);
      return new Database(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  get names(): Opened {
    const names = { id: metaOf(this.db, 'id') ?? '', epoch: metaOf(this.db, 'epoch') ?? '' };
    return { ...names, logged: Number(metaOf(this.db, 'logged') ?? 0) };
  }

  /**
   * All groups in one transaction; if that fails, each in its own, so that only the guilty one is refused. Those of the
   * redo log are then not noted as held: to write them again changes nothing.
   */
  commit(groups: readonly (readonly Write[])[], logged = 0): readonly (Problem | null)[] {
    try {
      this.#transact(logged === 0 ? groups : [...groups, [['logged', String(logged)]]]);
      return [];
    } catch (error) {
      if (groups.length === 1) return [problemOf(error)];
      return groups.map((group) => this.commit([group])[0] ?? null);
    }
  }

  read(query: QueryName, parameters: readonly (string | number)[]): readonly Row[] {
    return this.#prepared(QUERIES[query]).all(...parameters);
  }

  /** What a restart begins with, the outcomes of each open call folded into one byte an input. */
  restore(): RestoredRows {
    const calls = this.read('open', []).map((row) => {
      const call = Number(row['n']);
      const states = new Uint8Array(Number(row['inputs']));
      const outcomes = this.#prepared(QUERIES['open.outcomes']);
      for (const found of outcomes.iterate(call)) mark(states, outcomesOf(found));
      const attempts = this.read('open.attempts', [call]).map(
        (found) => [Number(found['idx']), Number(found['attempt'])] as const,
      );
      return { row, states, attempts };
    });
    return { functions: this.read('functions', []), containers: this.read('containers', []), calls };
  }

  /**
   * Moves what the log holds into the file; the log is written again from its start, or cut to nothing. What the disk has
   * no room for stays in the log, and is as safe there.
   */
  checkpoint(how: 'PASSIVE' | 'TRUNCATE' = 'PASSIVE'): void {
    try {
      this.db.exec(`PRAGMA wal_checkpoint(${how})`);
    } catch (error) {
      if (kindOf(error) !== 'full') throw error;
    }
  }

  /**
   * All that is committed, as a file of its own. It is another incarnation: what was committed here later never
   * happened there.
   */
  copy(file: string): void {
    this.db.prepare('VACUUM INTO ?').run(file);
    const copied = new DatabaseSync(file);
    try {
      copied.prepare(`UPDATE meta SET value = ? WHERE key = 'epoch'`).run(epochText());
    } finally {
      copied.close();
    }
  }

  close(): void {
    this.checkpoint('TRUNCATE');
    this.db.close();
  }

  #transact(groups: readonly (readonly Write[])[]): void {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      for (const writes of groups)
        for (const [statement, ...values] of writes) this.#prepared(STATEMENTS[statement]).run(...values);
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/**
 * EXCLUSIVE before the first access: no shared memory file, and a second opener is refused for as long as this one
 * lives.
 */
function lock(db: DatabaseSync, durability: Durability): void {
  db.exec('PRAGMA locking_mode = EXCLUSIVE');
  db.exec('PRAGMA journal_mode = WAL');
  db.exec(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`);
  if (durability === 'power') db.exec('PRAGMA fullfsync = 1');
  db.exec('PRAGMA wal_autocheckpoint = 0');
  db.exec('PRAGMA temp_store = MEMORY');
  // What is deleted, or sealed after the fact, is not to be found in the file's free pages.
  db.exec('PRAGMA secure_delete = ON');
  db.exec('BEGIN IMMEDIATE; COMMIT');
}

function check(db: DatabaseSync, file: string): void {
  if (statSync(file).size > CHECKED_BYTES) return;
  const found = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (found !== 'ok') throw new Damaged(String(found));
}

function migrate(db: DatabaseSync): void {
  const found = schemaOf(db);
  if (found > MIGRATIONS.length) throw new Newer(found);
  for (const [step, sql] of MIGRATIONS.entries()) {
    if (step < found) continue;
    db.exec(`BEGIN IMMEDIATE; ${sql}`);
    if (step === 0) db.prepare(`INSERT INTO meta VALUES ('id', ?), ('epoch', ?)`).run(storeId(), epochText());
    db.prepare(`INSERT OR REPLACE INTO meta VALUES ('schema', ?)`).run(String(step + 1));
    db.exec('COMMIT');
  }
}

/**
 * Notes who is at work. Where the note is another one, a loss of power may have taken commits with it, and positions
 * in streams are then given twice: a new epoch tells clients. (If the note itself is lost, so is all that came after
 * it.)
 */
function begin(db: DatabaseSync, durability: Durability): void {
  const run = `${durability} ${bootOf()}`;
  const left = metaOf(db, 'run');
  if (left === run) return;
  const isSafe = left === undefined || (left.startsWith('power ') && durability === 'power');
  const put = db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)');
  db.exec('BEGIN IMMEDIATE');
  if (!isSafe) put.run('epoch', epochText());
  put.run('run', run);
  db.exec('COMMIT');
}

/** Names this boot of the machine; where the system does not say, the time of the boot in hours does well enough. */
function bootOf(): string {
  const file = '/proc/sys/kernel/random/boot_id';
  return existsSync(file)
    ? readFileSync(file, 'utf8').trim()
    : String(Math.round((Date.now() / 1000 - uptime()) / 3600));
}

/** Migrations that ran; 0 for a new file. */
function schemaOf(db: DatabaseSync): number {
  const table = db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'`).get();
  return table === undefined ? 0 : Number(metaOf(db, 'schema') ?? 0);
}

function metaOf(db: DatabaseSync, key: string): string | undefined {
  const value = db.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value'];
  return value === undefined ? undefined : String(value);
}

class Damaged extends Error {}
class Newer extends Error {
  constructor(readonly schema: number) {
    super(`schema ${schema}`);
  }
}

export function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Damaged) return { kind: 'corrupt', message };
  if (error instanceof Newer) return { kind: 'newer', message, schema: error.schema };
  return { kind: kindOf(error), message };
}

function kindOf(error: unknown): Problem['kind'] {
  // SQLite's extended codes keep the primary one in their low byte.
  const extended = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
  const code = extended & 0xff;
  // A write that failed for another reason than ENOSPC: a quota, a limit of the process. Nothing new can be taken either.
  if (extended === WRITE_FAILED) return 'full';
  if (code === BUSY || code === LOCKED) return 'busy';
  if (code === FULL) return 'full';
  return code === CORRUPT || code === NOT_A_DATABASE ? 'corrupt' : 'other';
}
