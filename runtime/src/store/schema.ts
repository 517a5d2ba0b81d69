// The store file's schema, as the steps that made it, and every statement that runs on it, by name. A step is never
// changed once released: a new one is added, and `meta.schema` counts those that ran. Times are Unix seconds.

import { APP_QUERIES, APP_STATEMENTS, APP_TABLES } from './apps.js';
import { OBJECT_QUERIES, OBJECT_STATEMENTS } from './object-schema.js';
import { SCALING_QUERIES, SCALING_TABLE } from './scaling.js';

/** Step n brings a store from schema n to n + 1. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE functions (id TEXT PRIMARY KEY, row TEXT NOT NULL, code BLOB, blob TEXT) STRICT;
  CREATE TABLE containers (id TEXT PRIMARY KEY, function_id TEXT NOT NULL, key_hash TEXT NOT NULL) STRICT;

  -- What changes while a call runs; widest: from lowest to highest index of one outcome row; bytes: of payloads.
  CREATE TABLE calls (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, base TEXT, created_at REAL NOT NULL,
    state TEXT NOT NULL, inputs INTEGER NOT NULL, sealed INTEGER NOT NULL, attached INTEGER NOT NULL,
    seq INTEGER NOT NULL, started_at REAL NOT NULL, ended_at REAL NOT NULL,
    succeeded INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0, timed_out INTEGER NOT NULL DEFAULT 0,
    widest INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    read_at REAL NOT NULL DEFAULT 0, expired INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX calls_open ON calls(n) WHERE state IN ('open', 'sealed');
  CREATE INDEX calls_base ON calls(base) WHERE base IS NOT NULL;

  -- What never changes, apart from calls so that their updates stay small.
  CREATE TABLE openings (
    call INTEGER PRIMARY KEY, row TEXT NOT NULL, indexes BLOB,
    shared BLOB, offset INTEGER, length INTEGER NOT NULL, blob TEXT
  ) STRICT;

  -- Payloads: in the row, or (payload NULL) length bytes from offset in the call's file.
  CREATE TABLE chunks (
    call INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, lengths BLOB NOT NULL, blobs TEXT,
    payload BLOB, offset INTEGER, length INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX chunks_first ON chunks(call, first);

  CREATE TABLE outcomes (
    call INTEGER NOT NULL, seq INTEGER NOT NULL, count INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
    settled TEXT, container TEXT, indexes BLOB, statuses BLOB, attempts BLOB, seconds BLOB, lengths BLOB,
    details TEXT, blobs TEXT,
    payload BLOB, offset INTEGER, length INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX outcomes_seq ON outcomes(call, seq);
  CREATE INDEX outcomes_low ON outcomes(call, low, high) WHERE settled IS NULL;
  CREATE INDEX outcomes_settled ON outcomes(call, low, high) WHERE settled IS NOT NULL;

  CREATE TABLE attempts (
    call INTEGER, idx INTEGER, attempt INTEGER NOT NULL, PRIMARY KEY (call, idx)
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE blobs (id TEXT PRIMARY KEY, call INTEGER NOT NULL, size INTEGER) STRICT;
  CREATE INDEX blobs_call ON blobs(call);
  `,
  `
  -- Dicts and queues. name NULL: ephemeral, it ends with its client. person: whose it is, '' the home's owner.
  CREATE TABLE objects (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, person TEXT NOT NULL,
    environment TEXT NOT NULL, name TEXT, client TEXT NOT NULL, created_at REAL NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX objects_name ON objects(kind, person, environment, name) WHERE name IS NOT NULL;

  -- key: of a dict's entry, or the partition of a queue's item. until: when the partition goes, 0 never. holder, op: who took the
  -- item and did not yet say that it has it.
  CREATE TABLE entries (
    object INTEGER NOT NULL, n INTEGER NOT NULL, key BLOB, value BLOB, blob TEXT, size INTEGER NOT NULL,
    until REAL NOT NULL, holder TEXT, op INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX entries_n ON entries(object, n);
  CREATE INDEX entries_blob ON entries(blob) WHERE blob IS NOT NULL;

  -- What was answered to changes of objects, by the client's number for each, until the client has the answer.
  CREATE TABLE answers (
    client TEXT NOT NULL, op INTEGER NOT NULL, at REAL NOT NULL, count INTEGER NOT NULL, value BLOB, blob TEXT,
    PRIMARY KEY (client, op)
  ) STRICT, WITHOUT ROWID;

  -- Who opened whom: a row for each call that an input of another one opened. root: the topmost call above it then.
  CREATE TABLE nested (
    call INTEGER PRIMARY KEY, parent INTEGER NOT NULL, idx INTEGER NOT NULL, root INTEGER NOT NULL, function_id TEXT NOT NULL,
    method TEXT
  ) STRICT;
  CREATE INDEX nested_parent ON nested(parent, idx, call);
  CREATE INDEX nested_root ON nested(root, call);
  INSERT INTO nested SELECT openings.call, calls.n, json_extract(row, '$.parent.index'), calls.n,
      json_extract(row, '$.function_id'), NULL
    FROM openings JOIN calls ON calls.id = json_extract(row, '$.parent.call_id');
  WITH RECURSIVE roots(call, root) AS (
      SELECT call, parent FROM nested WHERE parent NOT IN (SELECT call FROM nested)
      UNION ALL SELECT nested.call, roots.root FROM roots JOIN nested ON nested.parent = roots.call)
    UPDATE nested SET root = roots.root FROM roots WHERE roots.call = nested.call;
  ${APP_TABLES}
  `,
  SCALING_TABLE,
];

const CALL = '(SELECT n FROM calls WHERE id = ?)';

/**
 * Writes. Their parameters come from writes.ts, in this order. An unknown call makes `call` NULL, which the tables
 * refuse.
 */
export const STATEMENTS = {
  function: `INSERT INTO functions VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET row = excluded.row, code = excluded.code, blob = excluded.blob`,
  'function.row': 'UPDATE functions SET row = ? WHERE id = ?',
  call: `INSERT INTO calls (id, base, created_at, state, inputs, sealed, attached, seq, started_at, ended_at, bytes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET inputs = max(inputs, excluded.inputs), seq = max(seq, excluded.seq)`,
  opening: `INSERT OR REPLACE INTO openings VALUES (${CALL}, ?, ?, ?, ?, ?, ?)`,
  nested: `INSERT OR REPLACE INTO nested SELECT mine.n, above.n, ?2, coalesce(nested.root, above.n), ?3, ?4
    FROM calls AS mine JOIN calls AS above LEFT JOIN nested ON nested.call = above.n WHERE mine.id = ?5 AND above.id = ?1`,
  state: `UPDATE calls SET state = ?, inputs = ?, sealed = ?, attached = ?, seq = max(seq, ?),
    started_at = ?, ended_at = ? WHERE id = ?`,
  chunk: `INSERT INTO chunks VALUES (${CALL}, ?, ?, ?, ?, ?, ?, ?)`,
  'call.chunk': 'UPDATE calls SET inputs = max(inputs, ?), bytes = bytes + ? WHERE id = ?',
  outcomes: `INSERT INTO outcomes VALUES (${CALL}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  'call.outcomes': `UPDATE calls SET seq = max(seq, ?), succeeded = succeeded + ?, failed = failed + ?,
    cancelled = cancelled + ?, timed_out = timed_out + ?, widest = max(widest, ?), bytes = bytes + ? WHERE id = ?`,
  attempt: `INSERT OR REPLACE INTO attempts SELECT n, ?, ? FROM calls WHERE id = ?`,
  container: 'INSERT OR REPLACE INTO containers VALUES (?, ?, ?)',
  'container.gone': 'DELETE FROM containers WHERE id = ?',
  blob: `INSERT OR IGNORE INTO blobs SELECT ?, n, NULL FROM calls WHERE id = ?`,
  'call.read': 'UPDATE calls SET read_at = max(read_at, ?) WHERE id = ?',
  'blob.size': 'UPDATE blobs SET size = ? WHERE id = ?',
  logged: `INSERT OR REPLACE INTO meta VALUES ('logged', ?)`,
  probe: `INSERT OR REPLACE INTO meta VALUES ('probed', ?)`,
  'delete.outcomes': `DELETE FROM outcomes WHERE call = ${CALL}`,
  'delete.chunks': `DELETE FROM chunks WHERE call = ${CALL}`,
  'delete.attempts': `DELETE FROM attempts WHERE call = ${CALL}`,
  'delete.openings': `DELETE FROM openings WHERE call = ${CALL}`,
  'delete.nested': `DELETE FROM nested WHERE call = ${CALL}`,
  'delete.blobs': `DELETE FROM blobs WHERE call = ${CALL}`,
  'delete.call': 'DELETE FROM calls WHERE id = ?',
  'empty.outcomes': `UPDATE outcomes SET payload = NULL WHERE call = ${CALL} AND payload IS NOT NULL`,
  'empty.opening': `UPDATE openings SET shared = NULL, blob = NULL, offset = NULL WHERE call = ${CALL}`,
  'empty.call': 'UPDATE calls SET expired = 1, bytes = 0 WHERE id = ?',
  ...OBJECT_STATEMENTS,
  ...APP_STATEMENTS,
} as const;
export type StatementName = keyof typeof STATEMENTS;

const CALL_COLUMNS = `calls.*, openings.row, EXISTS (SELECT 1 FROM nested WHERE parent = calls.n) AS opened`;
const NESTED_COLUMNS = `calls.*, nested.call AS place, nested.idx, nested.function_id, nested.method`;
const OPEN = `state IN ('open', 'sealed')`;
/** Open calls and all whose inputs they run again, however long the chain. */
const NEEDED = `needed(id, base) AS (
    SELECT id, base FROM calls WHERE ${OPEN}
    UNION SELECT calls.id, calls.base FROM calls JOIN needed ON calls.id = needed.base)`;

/** Rows of many calls without what they hold of payloads. */
function outcomesIn(index: string, where: string): string {
  return `SELECT calls.id, outcomes.seq, outcomes.count, outcomes.settled, container, outcomes.indexes, statuses,
      attempts, seconds, details FROM json_each(?1) AS asked CROSS JOIN calls ON calls.id = asked.value ->> 0
    CROSS JOIN outcomes INDEXED BY ${index} ON outcomes.call = calls.n AND ${where}
      AND low < asked.value ->> 2 AND high >= asked.value ->> 1`;
}

/** Reads. */
export const QUERIES = {
  functions: 'SELECT row FROM functions',
  containers: 'SELECT id, function_id, key_hash FROM containers',
  open: `SELECT ${CALL_COLUMNS}, openings.indexes FROM calls JOIN openings ON openings.call = calls.n
    WHERE ${OPEN} ORDER BY n`,
  'open.outcomes': 'SELECT settled, count, indexes, statuses FROM outcomes WHERE call = ? ORDER BY seq',
  'open.attempts': 'SELECT idx, attempt FROM attempts WHERE call = ?',
  code: 'SELECT code AS payload, blob, 0 AS offset, coalesce(length(code), 0) AS length FROM functions WHERE id = ?',
  shared: `SELECT shared AS payload, blob, offset, length FROM openings JOIN calls ON calls.n = openings.call
    WHERE calls.id = ? AND NOT calls.expired`,
  call: `SELECT ${CALL_COLUMNS}, openings.indexes FROM calls JOIN openings ON openings.call = calls.n
    WHERE calls.id = ?`,
  calls: `SELECT ${CALL_COLUMNS}, NULL AS indexes FROM calls JOIN openings ON openings.call = calls.n
    ORDER BY n DESC LIMIT ?`,
  chunks: `SELECT chunks.*, calls.expired FROM calls LEFT JOIN chunks ON chunks.call = calls.n AND chunks.first < ?3
      AND chunks.first >= coalesce((SELECT max(first) FROM chunks WHERE call = calls.n AND first <= ?2), ?2)
    WHERE calls.id = ?1 ORDER BY chunks.first`,
  outcomes: `SELECT outcomes.*, calls.expired FROM calls JOIN outcomes ON outcomes.call = calls.n AND outcomes.seq < ?3
      AND outcomes.seq >= coalesce((SELECT max(seq) FROM outcomes WHERE call = calls.n AND seq <= ?2), ?2)
    WHERE calls.id = ?1 ORDER BY outcomes.seq`,
  'outcomes.of': `SELECT outcomes.*, calls.expired FROM calls
    JOIN outcomes INDEXED BY outcomes_low ON outcomes.call = calls.n
      AND outcomes.settled IS NULL AND low < ?3 AND low >= ?2 - calls.widest AND high >= ?2
    WHERE calls.id = ?1
    UNION ALL SELECT outcomes.*, calls.expired FROM calls
    JOIN outcomes INDEXED BY outcomes_settled ON outcomes.call = calls.n
      AND outcomes.settled IS NOT NULL AND low < ?3 AND high >= ?2
    WHERE calls.id = ?1 ORDER BY 2`,
  root: `WITH RECURSIVE above(n) AS (
      SELECT n FROM calls WHERE id = ?
      UNION ALL SELECT calls.n FROM above JOIN nested ON nested.call = above.n JOIN calls ON calls.n = nested.parent)
    SELECT ${CALL_COLUMNS}, NULL AS indexes FROM above JOIN calls ON calls.n = above.n
    JOIN openings ON openings.call = calls.n ORDER BY calls.n LIMIT 1`,
  // Crossed, so that the loops run as they stand: by what was asked, then as the index has it, and no sorting.
  children: `SELECT ${NESTED_COLUMNS}, asked.key AS asked FROM json_each(?1) AS asked
    CROSS JOIN calls AS above ON above.id = asked.value ->> 0
    CROSS JOIN nested INDEXED BY nested_parent ON nested.parent = above.n
      AND nested.idx >= asked.value ->> 1 AND nested.idx < asked.value ->> 2
      AND (asked.key > 0 OR nested.idx > asked.value ->> 1 OR nested.call > ?2)
    CROSS JOIN calls ON calls.n = nested.call LIMIT ?3`,
  beneath: `SELECT ${NESTED_COLUMNS}, above.id AS parent FROM nested JOIN calls ON calls.n = nested.call
    JOIN calls AS above ON above.n = nested.parent
    WHERE nested.call > ?2 AND nested.root = (SELECT coalesce(nested.root, n) FROM calls
      LEFT JOIN nested ON nested.call = n WHERE id = ?1)
    ORDER BY nested.call LIMIT ?3`,
  'beneath.count': `SELECT count(*) AS calls FROM nested WHERE root = (SELECT coalesce(nested.root, n) FROM calls
      LEFT JOIN nested ON nested.call = n WHERE id = ?1)`,
  roots: `SELECT DISTINCT coalesce(nested.root, calls.n) AS root FROM json_each(?1) AS asked
    JOIN calls ON calls.id = asked.value LEFT JOIN nested ON nested.call = calls.n`,
  'outcomes.in': `${outcomesIn('outcomes_low', 'outcomes.settled IS NULL AND low >= (asked.value ->> 1) - calls.widest')}
    UNION ALL ${outcomesIn('outcomes_settled', 'outcomes.settled IS NOT NULL')}`,
  // A page each, behind what the last one ended with.
  'retire.old': `WITH RECURSIVE ${NEEDED} SELECT n, id FROM calls
    WHERE n > ? AND ended_at < ? AND NOT ${OPEN} AND id NOT IN (SELECT id FROM needed) ORDER BY n LIMIT ?`,
  'retire.full': `WITH RECURSIVE ${NEEDED} SELECT n, id, bytes, max(read_at, ended_at) AS at FROM calls
    WHERE (max(read_at, ended_at), n) > (?, ?) AND NOT expired AND NOT ${OPEN} AND id NOT IN (SELECT id FROM needed)
    ORDER BY at, n LIMIT ?`,
  'derived.open': `WITH RECURSIVE derived(id, state) AS (
      SELECT id, state FROM calls WHERE base = ?
      UNION SELECT calls.id, calls.state FROM calls JOIN derived ON calls.base = derived.id)
    SELECT 1 FROM derived WHERE ${OPEN} LIMIT 1`,
  bytes: `SELECT (SELECT coalesce(sum(bytes), 0) FROM calls) + (SELECT coalesce(sum(size), 0) FROM blobs) AS bytes`,
  'blobs.unsized': 'SELECT id FROM blobs WHERE size IS NULL',
  // What a deployed function shares with all its calls is none's.
  'blobs.of': `SELECT id, coalesce(size, 0) AS size FROM blobs WHERE call = ${CALL}
    AND id NOT IN (SELECT blob FROM names WHERE blob IS NOT NULL)`,
  known: `SELECT id FROM calls WHERE id IN (SELECT value FROM json_each(?1)) AND NOT expired
    UNION ALL SELECT id FROM blobs WHERE id IN (SELECT value FROM json_each(?1))
    UNION ALL SELECT blob FROM functions WHERE blob IN (SELECT value FROM json_each(?1))
    UNION ALL SELECT blob FROM names WHERE blob IN (SELECT value FROM json_each(?1))
    UNION ALL SELECT blob FROM entries WHERE blob IN (SELECT value FROM json_each(?1))
    UNION ALL SELECT blob FROM answers WHERE blob IN (SELECT value FROM json_each(?1))`,
  ...OBJECT_QUERIES,
  ...APP_QUERIES,
  ...SCALING_QUERIES,
} as const;
export type QueryName = keyof typeof QUERIES;
