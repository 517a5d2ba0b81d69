// Deployed apps, as the store keeps them: names, what each means, and when a schedule was last obeyed. A deployment is
// written whole and replaces the one before. Beside them how functions were scaled by hand, until the next deployment.

import type { BlobId, NamedFunction } from '@farcall/kernel-bridge/wire';

import type { Row } from './protocol.js';
import { type Scaling, SCALING_STATEMENTS } from './scaling.js';
import type { Stored } from './store.js';
import type { Write } from './writes.js';

export interface NameRow {
  readonly function: NamedFunction;
  /** What the inputs of its calls share. */
  readonly shared: Stored;
  /** Unix seconds: periods count from here. */
  readonly since: number;
  /** The last due time that was obeyed, or passed over; Unix seconds. */
  readonly due: number;
}
export interface AppRow {
  readonly app: string;
  /** When it was deployed, Unix seconds. */
  readonly since: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly names: readonly NameRow[];
}

/** A deployment, and its end, end what was scaled by hand. */
export type AppOperation = { readonly app: string } & (
  | { readonly put: 'app'; readonly row: AppRow }
  | { readonly put: 'app.gone' }
  | { readonly put: 'app.due'; readonly name: string; readonly due: number }
  /** Goes on top of what was set before. */
  | { readonly put: 'app.scaled'; readonly name: string; readonly scaling: Scaling }
);

export const APP_TABLES = `
  -- Deployed apps, and what their names mean. due: the last due time of a schedule that was obeyed.
  CREATE TABLE apps (app TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE names (
    app TEXT NOT NULL, name TEXT NOT NULL, row TEXT NOT NULL, since REAL NOT NULL, due REAL NOT NULL,
    shared BLOB, blob TEXT, PRIMARY KEY (app, name)
  ) STRICT, WITHOUT ROWID;
`;
export const APP_STATEMENTS = {
  app: 'INSERT OR REPLACE INTO apps VALUES (?, ?)',
  'app.gone': 'DELETE FROM apps WHERE app = ?',
  name: 'INSERT OR REPLACE INTO names VALUES (?, ?, ?, ?, ?, ?, ?)',
  'names.gone': 'DELETE FROM names WHERE app = ?',
  ...SCALING_STATEMENTS,
  'name.due': 'UPDATE names SET due = max(due, ?) WHERE app = ? AND name = ?',
} as const;
export const APP_QUERIES = {
  apps: 'SELECT app, row FROM apps ORDER BY app',
  names: 'SELECT * FROM names ORDER BY app, name',
} as const;

const KINDS: ReadonlySet<string> = new Set<AppOperation['put']>(['app', 'app.gone', 'app.due', 'app.scaled']);

export function isOfApps(operation: { readonly put: string }): operation is AppOperation {
  return KINDS.has(operation.put);
}

export function appWrites(operation: AppOperation): Write[] {
  const { app } = operation;
  switch (operation.put) {
    case 'app.gone':
      return [
        ['names.gone', app],
        ['scaling.gone', app],
        ['app.gone', app],
      ];
    case 'app.due':
      return [['name.due', operation.due, app, operation.name]];
    case 'app.scaled':
      return [['scaling', app, operation.name, JSON.stringify(operation.scaling)]];
    case 'app': {
      const { since, tags, names } = operation.row;
      return [
        ['names.gone', app],
        ['scaling.gone', app],
        ['app', app, JSON.stringify({ since, tags })],
        ...names.map((row) => nameOf(app, row)),
      ];
    }
  }
}

/** The app with a later due time of one of its names. */
export function obeyed(row: AppRow, { name, due }: { readonly name: string; readonly due: number }): AppRow {
  const names = row.names.map((one) => (one.function.name === name ? { ...one, due: Math.max(one.due, due) } : one));
  return { ...row, names };
}

export function blobsOfApps(operation: AppOperation): readonly BlobId[] {
  if (operation.put !== 'app') return [];
  return operation.row.names.flatMap(({ shared }) => ('blob' in shared ? [shared.blob] : []));
}

/** Apps out of their rows and those of their names. */
export function appsOf(apps: readonly Row[], names: readonly Row[]): readonly AppRow[] {
  return apps.map((row) => {
    const app = String(row['app']);
    const { since, tags } = JSON.parse(String(row['row'])) as Pick<AppRow, 'since' | 'tags'>;
    return { app, since, tags, names: names.filter((name) => name['app'] === app).map(nameRowOf) };
  });
}

function nameOf(app: string, { function: named, shared, since, due }: NameRow): Write {
  const [bytes, blob] = 'blob' in shared ? [null, shared.blob] : [shared.bytes, null];
  return ['name', app, named.name, JSON.stringify(named), since, due, bytes, blob];
}

function nameRowOf(row: Row): NameRow {
  const { shared, blob } = row;
  return {
    function: JSON.parse(String(row['row'])) as NamedFunction,
    since: Number(row['since']),
    due: Number(row['due']),
    // SQLite keeps an empty BLOB as NULL.
    shared:
      typeof blob === 'string'
        ? { blob: blob as BlobId }
        : { bytes: shared instanceof Uint8Array ? shared : new Uint8Array(0) },
  };
}
