// Rows for the store's tests: small defaults, what a test is about is spelled out.

import type { BlobId, CallId, FailureSummary, FunctionId, FunctionSpec } from '@farcall/kernel-bridge/wire';

import type {
  CallRow,
  ChunkRow,
  ContainerRow,
  FunctionRow,
  Operation,
  OutcomeRow,
  SettledRow,
  Stored,
} from '../../../runtime/src/store/store.js';

export const FUNCTION = `fv-${'0'.repeat(32)}` as FunctionId;
export const NO_BYTES = new Uint8Array(0);

export function callId(number: number): CallId {
  return `fc-ST0RE1${String(number).padStart(26, '0')}` as CallId;
}

export function blobId(number: number): BlobId {
  return `bl-${String(number).padStart(26, '0')}` as BlobId;
}

export function u32(...entries: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(entries).buffer);
}

export function f32(...entries: number[]): Uint8Array {
  return new Uint8Array(new Float32Array(entries).buffer);
}

/** Bytes that differ from one another and from `seed` to `seed`. */
export function bytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17) % 251);
}

export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

const SPEC: FunctionSpec = {
  app: 'app',
  name: 'f',
  is_generator: false,
  is_async: false,
  timeout: 300,
  startup_timeout: 60,
  max_retries: 0,
  initial_delay: 1,
  backoff: 2,
  max_delay: 60,
  cpu: 1,
  memory: 0,
  gpu: [],
  min_containers: 0,
  max_containers: 4,
  buffer_containers: 0,
  scaledown_window: 60,
  max_inputs: 0,
  imports: [],
  secrets: {},
};

export function functionRow(function_id: FunctionId = FUNCTION): FunctionRow {
  return {
    function_id,
    environment: {
      type: 'environment.put',
      environment_id: `en-${'0'.repeat(32)}` as FunctionRow['environment']['environment_id'],
      executable: '/usr/bin/python',
      python: '3.11.2',
      cwd: '/',
      path: [],
      variables: { NAME: 'value' },
    },
    spec: SPEC,
  };
}

export function callRow(number: number, changes: Partial<CallRow> = {}): CallRow {
  return {
    call_id: callId(number),
    function_id: FUNCTION,
    kind: 'map',
    state: 'open',
    inputs: 0,
    sealed: false,
    attached: true,
    created_at: 1000 + number,
    started_at: 0,
    ended_at: 0,
    origin: 'notebook.ipynb [1]',
    on_failure: 'stop_after',
    on_owner_lost: 'finish',
    client: 'cl-1',
    bindings: { 'app/g': FUNCTION },
    sources: { '<cell 1>': 'def f(x): ...' },
    seq: 0,
    ...changes,
  };
}

export function putCall(
  number: number,
  changes: Partial<CallRow> = {},
  shared: Stored = { bytes: NO_BYTES },
): Operation {
  return { put: 'call', row: callRow(number, changes), shared };
}

export function putState(number: number, changes: Partial<CallRow> = {}): Operation {
  return { put: 'state', row: callRow(number, changes) };
}

/** Inputs of equal length; `each` bytes a piece. */
export function chunkRow(number: number, first: number, count: number, each = 3): ChunkRow {
  const lengths = u32(...range(first, count).map(() => each));
  return { call_id: callId(number), first, count, lengths, blobs: [], payload: bytes(count * each, first + 1) };
}

export function putChunk(number: number, first: number, count: number, each = 3): Operation {
  return { put: 'chunk', row: chunkRow(number, first, count, each) };
}

export function outcomeRow(
  number: number,
  seq: number,
  indexes: readonly number[],
  changes: Partial<OutcomeRow> = {},
): OutcomeRow {
  const count = indexes.length;
  return {
    call_id: callId(number),
    seq,
    count,
    container_id: 'co-1',
    indexes: u32(...indexes),
    statuses: new Uint8Array(count).fill(2),
    attempts: u32(...indexes.map(() => 1)),
    seconds: f32(...indexes.map((index) => index / 8)),
    lengths: u32(...indexes.map(() => 5)),
    blobs: [],
    failures: [],
    spans: [],
    payload: bytes(count * 5, seq + 1),
    ...changes,
  };
}

export function putOutcomes(
  number: number,
  seq: number,
  indexes: readonly number[],
  changes: Partial<OutcomeRow> = {},
): Operation {
  return { put: 'outcomes', row: outcomeRow(number, seq, indexes, changes) };
}

export const FAILURE: FailureSummary = {
  index: 0,
  code: 'user.cancelled',
  kind: 'farcall.errors.Cancelled',
  message: 'the call was cancelled',
  where: '',
};

export function settledRow(
  number: number,
  seq: number,
  ranges: SettledRow['ranges'],
  changes: Partial<SettledRow> = {},
): SettledRow {
  return {
    call_id: callId(number),
    seq,
    ranges,
    attempts: ranges.map(() => 1),
    status: 4,
    failure: FAILURE,
    payload: bytes(40),
    ...changes,
  };
}

export function putSettled(
  number: number,
  seq: number,
  ranges: SettledRow['ranges'],
  changes: Partial<SettledRow> = {},
): Operation {
  return { put: 'settled', row: settledRow(number, seq, ranges, changes) };
}

export function containerRow(number: number, changes: Partial<ContainerRow> = {}): ContainerRow {
  return { container_id: `co-${number}`, function_id: FUNCTION, key_hash: '', gone: false, ...changes };
}
