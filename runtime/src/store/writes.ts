// Operations as writes: statement names with their parameters, ready for the store's thread, which knows nothing else
// about them. Payloads above the inline size go to the call's file here and leave only their place in the row.

import type { CallId } from '@farcall/kernel-bridge/wire';

import { type AppOperation, appWrites, isOfApps } from './apps.js';
import { type AnyOutcomes, isSettled, sizeOf } from './outcome-rows.js';
import { blobsOf } from './operations.js';
import { isOfObjects, type ObjectOperation } from './objects.js';
import { objectWrites } from './object-writes.js';
import type { StatementName } from './schema.js';
import type { Seal } from './seal.js';
import type { CallRow, ChunkRow, FunctionRow, Operation, OutcomeRow, SettledRow, Stored } from './store.js';
import { squeeze, squeezeIndexes } from './tables.js';
import { addTo, emptyTally } from './tally.js';

export type Value = string | number | null | Uint8Array;
export type Write = readonly [statement: StatementName, ...parameters: Value[]];

/** Payloads up to this stay in the row. */
export const INLINE = 4096;

/** Which of a call's two files. */
export type FileKind = 'inputs' | 'outcomes';
/** Where payloads too large for a row go. Returns their offset in the call's file. */
export type Place = (call: CallId, kind: FileKind, payload: Uint8Array) => number;

/** How a group becomes writes. */
export interface Writing {
  readonly place: Place;
  readonly seal: Seal;
}

type CallOperation = Exclude<Operation, ObjectOperation | AppOperation>;

export function writesOf(operation: Operation, writing: Writing): Write[] {
  if (isOfObjects(operation)) return objectWrites(operation);
  if (isOfApps(operation)) return appWrites(operation);
  const writes = rowWrites(operation, writing);
  if (operation.put === 'function' || !('row' in operation)) return writes;
  for (const blob of blobsOf(operation)) writes.push(['blob', blob, callOf(operation)]);
  return writes;
}

function callOf(operation: Extract<CallOperation, { row: object }>): string {
  return 'call_id' in operation.row ? operation.row.call_id : '';
}

function rowWrites(operation: CallOperation, { place, seal }: Writing): Write[] {
  switch (operation.put) {
    case 'function':
      return [functionWrite(operation.row, operation.code, seal)];
    case 'call':
      return callWrites(operation.row, operation.shared, place);
    case 'state':
      return stateWrites(operation.row);
    case 'chunk':
      return chunkWrites(operation.row, place);
    case 'outcomes':
    case 'settled':
      return outcomeWrites(operation.row, place);
    case 'attempt':
      return [['attempt', operation.index, operation.attempt, operation.call_id]];
    case 'container': {
      const { container_id, function_id, key_hash, gone } = operation.row;
      return [gone ? ['container.gone', container_id] : ['container', container_id, function_id, key_hash]];
    }
  }
}

function functionWrite(row: FunctionRow, code: Stored, seal: Seal): Write {
  const text = sealedText(row, seal);
  return 'blob' in code
    ? ['function', row.function_id, text, null, code.blob]
    : ['function', row.function_id, text, code.bytes, null];
}

/** The row as it is stored: what only its containers may know is sealed. */
export function sealedText({ function_id, environment, spec }: FunctionRow, seal: Seal): string {
  const variables = seal.close(environment.variables, `${function_id} variables`);
  const secrets = seal.close(spec.secrets, `${function_id} secrets`);
  return JSON.stringify({
    function_id,
    environment: { ...environment, variables },
    spec: { ...spec, secrets },
  });
}

function callWrites(row: CallRow, shared: Stored, place: Place): Write[] {
  const { call_id, created_at, state, inputs, sealed, attached, seq, started_at, ended_at, indexes, ...rest } = row;
  const blob = 'blob' in shared ? shared.blob : null;
  const bytes = 'blob' in shared ? ([null, null, 0] as const) : placed(call_id, 'inputs', shared.bytes, place);
  const size = 'blob' in shared ? 0 : shared.bytes.length;
  return [
    [
      'call',
      call_id,
      row.base ?? null,
      created_at,
      state,
      inputs,
      Number(sealed),
      Number(attached),
      seq,
      started_at,
      ended_at,
      size,
    ],
    ['opening', call_id, JSON.stringify(rest), indexes ?? null, ...bytes, blob],
    ...nestedWrites(row),
  ];
}

function nestedWrites({ call_id, parent, function_id, method }: CallRow): Write[] {
  return parent === undefined ? [] : [['nested', parent.call_id, parent.index, function_id, method ?? null, call_id]];
}

function stateWrites(row: Extract<Operation, { put: 'state' }>['row']): Write[] {
  const { call_id, state, inputs, sealed, attached, seq, started_at, ended_at } = row;
  const write: Write = ['state', state, inputs, Number(sealed), Number(attached), seq, started_at, ended_at, call_id];
  // Attempts matter only to a call that may run again.
  return state === 'open' || state === 'sealed' ? [write] : [write, ['delete.attempts', call_id]];
}

function chunkWrites(row: ChunkRow, place: Place): Write[] {
  const { call_id, first, count, payload } = row;
  return [
    [
      'chunk',
      call_id,
      first,
      count,
      squeeze(row.lengths, 4),
      listText(row.blobs),
      ...placed(call_id, 'inputs', payload, place),
    ],
    ['call.chunk', first + count, payload.length, call_id],
  ];
}

function outcomeWrites(row: AnyOutcomes, place: Place): Write[] {
  const tally = emptyTally();
  addTo(tally, row);
  const count = sizeOf(row);
  const { low, high, columns } = isSettled(row) ? settledColumns(row) : tableColumns(row);
  const { succeeded, failed, cancelled, timed_out } = tally;
  const widest = isSettled(row) ? 0 : high - low;
  return [
    [
      'outcomes',
      row.call_id,
      row.seq,
      count,
      low,
      high,
      ...columns,
      ...placed(row.call_id, 'outcomes', row.payload, place),
    ],
    [
      'call.outcomes',
      row.seq + count,
      succeeded,
      failed,
      cancelled,
      timed_out,
      widest,
      row.payload.length,
      row.call_id,
    ],
  ];
}

interface Columns {
  readonly low: number;
  readonly high: number;
  /** settled, container, indexes, statuses, attempts, seconds, lengths, details, blobs */
  readonly columns: readonly Value[];
}

function settledColumns(row: SettledRow): Columns {
  const { ranges, attempts, status, failure } = row;
  const low = ranges.reduce((least, [first]) => Math.min(least, first), Infinity);
  const high = ranges.reduce((most, [first, count]) => Math.max(most, first + count - 1), 0);
  const settled = JSON.stringify({ ranges, attempts, status, failure });
  return {
    low: Number.isFinite(low) ? low : 0,
    high,
    columns: [settled, null, null, null, null, null, null, null, null],
  };
}

function tableColumns(row: OutcomeRow): Columns {
  const { low, high, table } = squeezeIndexes(row.indexes);
  const tables = [
    table,
    squeeze(row.statuses, 1),
    squeeze(row.attempts, 4),
    squeeze(row.seconds, 4),
    squeeze(row.lengths, 4),
  ];
  return { low, high, columns: [null, row.container_id, ...tables, detailsText(row), listText(row.blobs)] };
}

function detailsText({ failures, spans, at }: OutcomeRow): string | null {
  if (failures.length + spans.length > 0) return JSON.stringify({ failures, spans, at });
  return at === undefined ? null : JSON.stringify({ at });
}

function listText(list: readonly string[]): string | null {
  return list.length === 0 ? null : JSON.stringify(list);
}

/** payload, offset, length */
function placed(
  call: CallId,
  kind: FileKind,
  payload: Uint8Array,
  place: Place,
): readonly [Uint8Array | null, number | null, number] {
  return payload.length <= INLINE
    ? [payload, null, payload.length]
    : [null, place(call, kind, payload), payload.length];
}

/** Bytes and characters that the writes carry. */
export function bytesOf(writes: readonly Write[]): number {
  let bytes = 0;
  for (const write of writes)
    for (const value of write) if (value instanceof Uint8Array || typeof value === 'string') bytes += value.length;
  return bytes;
}

/**
 * Copies every byte parameter into one buffer, so that a group travels to the thread without a copy of what they were
 * cut from.
 */
export function compact(groups: readonly (readonly Write[])[]): { groups: Write[][]; buffer: ArrayBuffer } {
  let size = 0;
  for (const writes of groups)
    for (const write of writes) for (const value of write) if (value instanceof Uint8Array) size += value.length;
  const buffer = new ArrayBuffer(size);
  let at = 0;
  const moved = (value: Value): Value => {
    if (!(value instanceof Uint8Array)) return value;
    const copy = new Uint8Array(buffer, at, value.length);
    copy.set(value);
    at += value.length;
    return copy;
  };
  const compacted = groups.map((writes) =>
    writes.map(([statement, ...values]): Write => [statement, ...values.map(moved)]),
  );
  return { groups: compacted, buffer };
}
