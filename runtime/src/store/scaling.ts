// How functions of apps were scaled by hand (`update_autoscaler`), as the store keeps it: until the app is deployed anew,
// or stopped. Operations on it are those of apps.ts.

import type { Row } from './protocol.js';

/** The autoscaler's settings of a function that somebody changed. */
export interface Scaling {
  readonly min_containers?: number;
  readonly max_containers?: number;
  readonly buffer_containers?: number;
  readonly scaledown_window?: number;
}
export interface ScalingRow {
  readonly app: string;
  readonly name: string;
  readonly scaling: Scaling;
}

export const SCALING_TABLE = `
  -- How functions were scaled by hand: what was set, as JSON.
  CREATE TABLE scaling (
    app TEXT NOT NULL, name TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (app, name)
  ) STRICT, WITHOUT ROWID;
`;
export const SCALING_STATEMENTS = {
  scaling: `INSERT INTO scaling VALUES (?, ?, ?)
    ON CONFLICT (app, name) DO UPDATE SET row = json_patch(row, excluded.row)`,
  'scaling.gone': 'DELETE FROM scaling WHERE app = ?',
} as const;
export const SCALING_QUERIES = { scaling: 'SELECT * FROM scaling ORDER BY app, name' } as const;

export function scalingOf(row: Row): ScalingRow {
  const scaling = JSON.parse(String(row['row'])) as Scaling;
  return { app: String(row['app']), name: String(row['name']), scaling };
}

/** The rows with one more change, by app and name. */
export function scaled(rows: readonly ScalingRow[], { app, name, scaling }: ScalingRow): readonly ScalingRow[] {
  const before = rows.find((row) => row.app === app && row.name === name);
  const others = rows.filter((row) => row !== before);
  const changed = { app, name, scaling: { ...before?.scaling, ...scaling } };
  return [...others, changed].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf({ app, name }: ScalingRow): string {
  return `${app}\n${name}`;
}
