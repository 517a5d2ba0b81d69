// What shapes/ cannot see: the inside of maps and lists, tables against their counts, and bounds. Each throws a Refusal
// that names the field. Nothing here looks at state.

import {
  type BlobId,
  type CallId,
  type FunctionId,
  type FunctionSpec,
  IN_BLOB,
  isBlobId,
  isCallId,
  isFunctionId,
  type Parent,
} from '@farcall/kernel-bridge/wire';

import { Refusal } from './refusal.js';
import { u32Of } from './tables.js';

type Kind = 'text' | 'longText' | 'flag' | 'number' | 'texts' | 'textMap';
/** What old clients may leave out. */
const OPTIONAL: ReadonlySet<string> = new Set([
  'cpu_limit',
  'memory_request',
  'region',
  'cloud',
  'hidden',
  'max_concurrent',
  'target_concurrent',
  'max_batch',
  'batch_wait',
  'parameters',
  'is_base',
  'of',
  'module',
]);
const SPEC: { readonly [F in keyof FunctionSpec]-?: Kind } = {
  app: 'text',
  name: 'text',
  is_generator: 'flag',
  is_async: 'flag',
  timeout: 'number',
  startup_timeout: 'number',
  max_retries: 'number',
  initial_delay: 'number',
  backoff: 'number',
  max_delay: 'number',
  cpu: 'number',
  memory: 'number',
  gpu: 'texts',
  min_containers: 'number',
  max_containers: 'number',
  buffer_containers: 'number',
  scaledown_window: 'number',
  max_inputs: 'number',
  imports: 'texts',
  secrets: 'textMap',
  hidden: 'texts',
  max_concurrent: 'number',
  target_concurrent: 'number',
  max_batch: 'number',
  batch_wait: 'number',
  cpu_limit: 'number',
  memory_request: 'number',
  region: 'texts',
  cloud: 'text',
  parameters: 'longText',
  is_base: 'flag',
  of: 'text',
  module: 'text',
};
/** What an instance is made with, in base64: it travels with the function's row. */
const LONG_TEXT = 64 * 1024;
const FITS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string' && value.length <= 4096,
  longText: (value) => typeof value === 'string' && value.length <= LONG_TEXT,
  flag: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
  texts: (value) => Array.isArray(value) && value.length <= 4096 && value.every((item) => typeof item === 'string'),
  textMap: isTextMap,
};
/** Of these a container's control page holds so many. */
const SEVERAL = ['max_concurrent', 'target_concurrent', 'max_batch'] as const;
const MOST_SEVERAL = 1_000;
/** Most inputs of one call: what a u32 index can name, with room for IN_BLOB. */
const MOST_INPUTS = 0xfffffff0;

export function invalid(why: string): Refusal {
  return new Refusal('request.invalid', why);
}

export function checkSpec(spec: FunctionSpec): void {
  for (const [field, kind] of Object.entries(SPEC)) {
    const value = Object.hasOwn(spec, field) ? spec[field as keyof FunctionSpec] : undefined;
    if (value === undefined && OPTIONAL.has(field)) continue;
    if (!FITS[kind](value)) throw invalid(`spec.${field} is not a valid ${kind}`);
  }
  for (const field of SEVERAL) {
    const value = spec[field] ?? 0;
    if (!Number.isInteger(value) || value > MOST_SEVERAL)
      throw invalid(`spec.${field} is not a whole number up to ${MOST_SEVERAL}`);
  }
}

export function checkCallId(id: string): asserts id is CallId {
  if (!isCallId(id)) throw invalid('call_id is not a call id');
}

export function checkFunctionId(id: string): asserts id is FunctionId {
  if (!isFunctionId(id)) throw invalid('function_id is not a function id');
}

export function checkBlob(blob: BlobId | undefined): void {
  if (blob !== undefined && !isBlobId(blob)) throw invalid('blob is not a blob id');
}

export function checkMethod(method: string | undefined): void {
  if (method !== undefined && (method === '' || method.length > 256)) throw invalid('method is not a name');
}

export function checkTexts(map: Readonly<Record<string, string>>, field: string): void {
  if (!isTextMap(map)) throw invalid(`${field} is not a map of texts`);
}

export function checkOneOf(value: string, choices: readonly string[], field: string): void {
  if (!choices.includes(value)) throw invalid(`${field} is none of ${choices.join(', ')}`);
}

export function checkParent(parent: Parent | undefined): void {
  if (parent !== undefined && (!isCallId(parent.call_id) || !isIndex(parent.index)))
    throw invalid('parent is not a call and an index');
}

export function checkRange(first: number, count: number): void {
  if (!isIndex(first) || !isIndex(count) || first + count > MOST_INPUTS)
    throw invalid('first and count are out of range');
}

/** A table of `count` lengths that says exactly what the payload and the blobs are. Returns it aligned. */
export function checkLengths(
  lengths: Uint8Array,
  count: number,
  blobs: readonly BlobId[] | undefined,
  payload: Uint8Array,
): Uint32Array {
  if (lengths.length !== 4 * count) throw invalid('lengths has not 4 bytes an entry');
  const table = u32Of(lengths);
  let bytes = 0;
  let inBlobs = 0;
  for (const length of table) {
    if (length === IN_BLOB) inBlobs += 1;
    else bytes += length;
  }
  if (bytes !== payload.length) throw invalid(`lengths add up to ${bytes} bytes, the payload has ${payload.length}`);
  if (inBlobs !== (blobs?.length ?? 0)) throw invalid('lengths and blobs do not agree');
  for (const blob of blobs ?? []) checkBlob(blob);
  return table;
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isTextMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((item) => typeof item === 'string');
}

/** A pair of lease and index, as containers and supervisors say them. */
export function isHeld(entry: readonly [number, number]): boolean {
  return Array.isArray(entry) && Number.isSafeInteger(entry[0]) && Number.isSafeInteger(entry[1]);
}
