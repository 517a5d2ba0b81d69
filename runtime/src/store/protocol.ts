// What the two halves of SqliteStore say to each other: plain data, for postMessage. The main thread asks, the store's
// thread answers in order, under the same id.

import type { QueryName } from './schema.js';
import type { Write } from './writes.js';

export type Durability = 'process' | 'power';

export interface Setup {
  readonly file: string;
  readonly durability: Durability;
}
export type Request =
  /** One transaction; each list of writes is one append. `logged`: the newest record of the redo log in it, or 0. */
  | {
      readonly id: number;
      readonly do: 'commit';
      readonly groups: readonly (readonly Write[])[];
      readonly logged: number;
    }
  | {
      readonly id: number;
      readonly do: 'read';
      readonly query: QueryName;
      readonly parameters: readonly (string | number)[];
    }
  | { readonly id: number; readonly do: 'restore' }
  /** Into a file that is not there yet. */
  | { readonly id: number; readonly do: 'copy'; readonly file: string }
  | { readonly id: number; readonly do: 'close' };

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>;
export interface RestoredRows {
  readonly functions: readonly Row[];
  readonly containers: readonly Row[];
  readonly calls: readonly {
    readonly row: Row;
    readonly states: Uint8Array;
    readonly attempts: readonly (readonly [number, number])[];
  }[];
}
/** Why something failed, by what may be done about it. */
export interface Problem {
  readonly kind: 'busy' | 'full' | 'corrupt' | 'newer' | 'other';
  readonly message: string;
  readonly schema?: number;
}
export type Reply =
  | { readonly id: number; readonly rows: readonly Row[] }
  | { readonly id: number; readonly restored: RestoredRows }
  /** Per group, in order; empty when all committed. */
  | { readonly id: number; readonly problems: readonly (Problem | null)[] }
  | { readonly id: number; readonly problem: Problem };
export interface Opened {
  readonly id: string;
  readonly epoch: string;
  /** The last record of the redo log that the file holds. */
  readonly logged: number;
}
/** The thread's first word. */
export type Opening = { readonly opened: Opened } | { readonly problem: Problem };
