// The statements on the tables of dicts and queues, by name: a part of schema.ts, which has the tables.

const OBJECT = '(SELECT n FROM objects WHERE id = ?)';
const LISTED = '(SELECT value FROM json_each(?))';

/** An unknown object makes `object` NULL, which the table refuses. */
export const OBJECT_STATEMENTS = {
  object:
    'INSERT OR IGNORE INTO objects (id, kind, person, environment, name, client, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  'object.entries.gone': `DELETE FROM entries WHERE object = ${OBJECT}`,
  'object.gone': 'DELETE FROM objects WHERE id = ?',
  entry: `INSERT OR REPLACE INTO entries (object, n, key, value, blob, size, until)
    VALUES (${OBJECT}, ?, ?, ?, ?, ?, ?)`,
  'entries.gone': `DELETE FROM entries WHERE object = ${OBJECT} AND n IN ${LISTED}`,
  'entries.held': `UPDATE entries SET holder = ?, op = ? WHERE object = ${OBJECT} AND n IN ${LISTED}`,
  answer: 'INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)',
  'answers.gone': 'DELETE FROM answers WHERE client = ? AND op < ?',
} as const;

export const OBJECT_QUERIES = {
  objects: 'SELECT * FROM objects ORDER BY n',
  answers: 'SELECT * FROM answers',
  'entries.heads': `SELECT n, key, blob, size, until, holder, op FROM entries WHERE object = ${OBJECT} ORDER BY n`,
  'entries.values': `SELECT n, key, value, blob, size, until FROM entries WHERE object = ${OBJECT} AND n IN ${LISTED}
    ORDER BY n`,
  'entries.bytes': 'SELECT coalesce(sum(size), 0) AS bytes FROM entries',
  'entries.totals': `SELECT objects.id, sum(holder IS NULL) AS count, sum(size) AS bytes FROM entries
    JOIN objects ON objects.n = entries.object GROUP BY entries.object`,
} as const;
