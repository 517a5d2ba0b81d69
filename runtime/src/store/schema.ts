// The store file's schema, as the steps that made it, and every statement that runs on it, by name. A step is never
// changed once released: a new one is added, and `meta.schema` counts those that ran. Times are Unix seconds.

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
  'delete.blobs': `DELETE FROM blobs WHERE call = ${CALL}`,
  'delete.call': 'DELETE FROM calls WHERE id = ?',
  'empty.outcomes': `UPDATE outcomes SET payload = NULL WHERE call = ${CALL} AND payload IS NOT NULL`,
  'empty.opening': `UPDATE openings SET shared = NULL, blob = NULL, offset = NULL WHERE call = ${CALL}`,
  'empty.call': 'UPDATE calls SET expired = 1, bytes = 0 WHERE id = ?',
} as const;
export type StatementName = keyof typeof STATEMENTS;

const CALL_COLUMNS = `calls.*, openings.row`;
const OPEN = `state IN ('open', 'sealed')`;
/** Open calls and all whose inputs they run again, however long the chain. */
const NEEDED = `needed(id, base) AS (
    SELECT id, base FROM calls WHERE ${OPEN}
    UNION SELECT calls.id, calls.base FROM calls JOIN needed ON calls.id = needed.base)`;

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
  retire: `WITH RECURSIVE ${NEEDED} SELECT id, bytes, expired, ended_at, max(read_at, ended_at) AS read_at FROM calls
    WHERE NOT ${OPEN} AND id NOT IN (SELECT id FROM needed) ORDER BY max(read_at, ended_at)`,
  'derived.open': `WITH RECURSIVE derived(id, state) AS (
      SELECT id, state FROM calls WHERE base = ?
      UNION SELECT calls.id, calls.state FROM calls JOIN derived ON calls.base = derived.id)
    SELECT 1 FROM derived WHERE ${OPEN} LIMIT 1`,
  bytes: `SELECT (SELECT coalesce(sum(bytes), 0) FROM calls) + (SELECT coalesce(sum(size), 0) FROM blobs) AS bytes`,
  'blobs.unsized': 'SELECT id FROM blobs WHERE size IS NULL',
  'blobs.of': `SELECT id, coalesce(size, 0) AS size FROM blobs WHERE call = ${CALL}`,
  known: `SELECT id FROM calls WHERE id IN (SELECT value FROM json_each(?1)) AND NOT expired
    UNION ALL SELECT id FROM blobs WHERE id IN (SELECT value FROM json_each(?1))
    UNION ALL SELECT blob FROM functions WHERE blob IN (SELECT value FROM json_each(?1))`,
} as const;
export type QueryName = keyof typeof QUERIES;
