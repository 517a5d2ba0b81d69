// SQLite's rows as the rows of the seam. Payloads that lie in files stay references here (`Kept`); sqlite.ts reads
// them.

import type { Counts } from '@farcall/kernel-bridge/wire';

import type {
  CallRow,
  ChunkRow,
  ContainerRow,
  FunctionRow,
  NestedCall,
  OutcomeRow,
  SettledRow,
  StoredCall,
} from './store.js';
import { countsOf } from './outcome-rows.js';
import type { Row } from './protocol.js';
import { isSealed, type Seal } from './seal.js';
import { stretch, stretchIndexes } from './tables.js';

/** A row's payload: in the row, or `length` bytes from `offset` in the call's file. */
export interface Kept {
  readonly bytes: Uint8Array | undefined;
  readonly offset: number;
  readonly length: number;
}

const NOTHING = new Uint8Array(0);

export function keptOf(row: Row): Kept {
  // SQLite keeps an empty BLOB as NULL.
  const bytes = row['length'] === 0 ? NOTHING : optionalBytes(row['payload']);
  return { bytes, offset: number(row['offset']), length: number(row['length']) };
}

/** `isPlain`: it was written before secrets were sealed. Throws StoreKey. */
export function functionOf(row: Row, seal: Seal): { readonly row: FunctionRow; readonly isPlain: boolean } {
  const { function_id, environment, spec } = JSON.parse(text(row['row'])) as FunctionRow;
  const variables = seal.open(environment.variables, `${function_id} variables`);
  const secrets = seal.open(spec.secrets, `${function_id} secrets`);
  const isPlain = !isSealed(environment.variables) || !isSealed(spec.secrets);
  return { row: { function_id, environment: { ...environment, variables }, spec: { ...spec, secrets } }, isPlain };
}

export function containerOf(row: Row): ContainerRow {
  const { id, function_id, key_hash } = row;
  return {
    container_id: text(id),
    function_id: text(function_id) as ContainerRow['function_id'],
    key_hash: text(key_hash),
    gone: false,
  };
}

export function callOf(row: Row): CallRow {
  const fixed = JSON.parse(text(row['row'])) as Omit<CallRow, 'call_id'>;
  const indexes = optionalBytes(row['indexes']);
  return {
    ...fixed,
    call_id: text(row['id']) as CallRow['call_id'],
    state: text(row['state']) as CallRow['state'],
    inputs: number(row['inputs']),
    sealed: row['sealed'] === 1,
    attached: row['attached'] === 1,
    seq: number(row['seq']),
    created_at: number(row['created_at']),
    started_at: number(row['started_at']),
    ended_at: number(row['ended_at']),
    ...(indexes === undefined ? {} : { indexes }),
  };
}

export function storedCallOf(row: Row): StoredCall {
  return { row: callOf(row), counts: countsIn(row), expired: row['expired'] === 1, hasChildren: row['opened'] === 1 };
}

/** `parent`: of the columns of `beneath`; a page of `children` knows it from what was asked. */
export function nestedCallOf(row: Row, parent = text(row['parent']) as NestedCall['call_id']): NestedCall {
  return {
    place: number(row['place']),
    call_id: text(row['id']) as NestedCall['call_id'],
    function_id: text(row['function_id']) as NestedCall['function_id'],
    ...(typeof row['method'] === 'string' ? { method: row['method'] } : {}),
    parent: { call_id: parent, index: number(row['idx']) },
    state: text(row['state']) as NestedCall['state'],
    inputs: number(row['inputs']),
    counts: countsIn(row),
    created_at: number(row['created_at']),
    started_at: number(row['started_at']),
    ended_at: number(row['ended_at']),
  };
}

function countsIn(row: Row): Counts {
  const tally = {
    succeeded: number(row['succeeded']),
    failed: number(row['failed']),
    cancelled: number(row['cancelled']),
    timed_out: number(row['timed_out']),
  };
  return countsOf(number(row['inputs']), tally);
}

/** Without its payload. */
export function chunkOf(call_id: ChunkRow['call_id'], row: Row): ChunkRow {
  const count = number(row['count']);
  const lengths = stretch(bytes(row['lengths']), 4, count);
  return { call_id, first: number(row['first']), count, lengths, blobs: list(row['blobs']), payload: NOTHING };
}

/** Without its payload. Columns that were not asked for are empty. */
export function outcomesOf(row: Row, call_id = '' as OutcomeRow['call_id']): OutcomeRow | SettledRow {
  const seq = number(row['seq']);
  if (typeof row['settled'] === 'string') {
    const settled = JSON.parse(row['settled']) as Pick<SettledRow, 'ranges' | 'attempts' | 'status' | 'failure'>;
    return { call_id, seq, ...settled, payload: NOTHING };
  }
  const count = number(row['count']);
  const table = (name: string, width: number): Uint8Array => {
    const stored = optionalBytes(row[name]);
    return stored === undefined ? NOTHING : stretch(stored, width, count);
  };
  return {
    call_id,
    seq,
    count,
    container_id: typeof row['container'] === 'string' ? row['container'] : '',
    indexes: stretchIndexes(bytes(row['indexes']), count),
    statuses: table('statuses', 1),
    attempts: table('attempts', 4),
    seconds: table('seconds', 4),
    lengths: table('lengths', 4),
    blobs: list(row['blobs']),
    ...details(row['details']),
    payload: NOTHING,
  };
}

function details(value: unknown): Pick<OutcomeRow, 'failures' | 'spans' | 'at'> {
  const stored =
    typeof value === 'string' ? (JSON.parse(value) as Pick<Partial<OutcomeRow>, 'failures' | 'spans' | 'at'>) : {};
  return { failures: [], spans: [], ...stored };
}

function list<Id extends string>(value: unknown): readonly Id[] {
  return typeof value === 'string' ? (JSON.parse(value) as Id[]) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function bytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : NOTHING;
}

function optionalBytes(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}
