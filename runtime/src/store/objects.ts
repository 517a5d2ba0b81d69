// Dicts and queues, as the store keeps them: objects, their entries (a dict's entry or a queue's item, numbered in the order
// they came), and the answers that a client may ask for again. What they mean is the gateway's; here are rows.

import type { BlobId, ClientId, ObjectId, ObjectKind } from '@farcall/kernel-bridge/wire';

import type { Stored } from './store.js';

export interface ObjectRow {
  readonly object_id: ObjectId;
  readonly kind: ObjectKind;
  /** Whose it is: a token's name, or empty for the home's owner. */
  readonly person: string;
  readonly environment: string;
  /** Empty: ephemeral, it ends with `client`. */
  readonly name: string;
  readonly client: ClientId;
  readonly created_at: number;
}
/** Who took an item of a queue and has not yet said that it has it. `op`: the client's own number for the taking. */
export interface Holder {
  readonly client: ClientId;
  readonly op: number;
}
/** An entry without its value. */
export interface EntryHead {
  readonly n: number;
  /** The key of a dict's entry; the partition of a queue's item, as UTF-8. */
  readonly key: Uint8Array;
  /** Bytes of the value, wherever it lies. */
  readonly size: number;
  readonly blob?: BlobId;
  /** When the partition it came into goes, Unix seconds; 0: never. */
  readonly until: number;
  readonly holder?: Holder;
}
export interface EntryRow extends Omit<EntryHead, 'blob' | 'holder'> {
  readonly value: Stored;
}
/** What was answered to a change, kept until its client has it. */
export interface AnswerRow {
  readonly client: ClientId;
  readonly op: number;
  readonly at: number;
  readonly count: number;
  readonly value?: Stored;
}

/** `object`: whose group it belongs to; an entry of an object that is not there is refused. */
export type ObjectOperation = { readonly object: ObjectId } & (
  | { readonly put: 'object'; readonly row: ObjectRow }
  /** With all its entries. */
  | { readonly put: 'object.gone' }
  /** New ones, or others in the place of those with their numbers. */
  | { readonly put: 'entries'; readonly rows: readonly EntryRow[] }
  | { readonly put: 'entries.gone'; readonly numbers: readonly number[] }
  | { readonly put: 'entries.held'; readonly numbers: readonly number[]; readonly holder: Holder | undefined }
  | { readonly put: 'answer'; readonly row: AnswerRow }
  /** Answers of this client to changes numbered below `before`. */
  | { readonly put: 'answers.gone'; readonly client: ClientId; readonly before: number }
);

export interface RestoredObjects {
  readonly objects: readonly ObjectRow[];
  readonly answers: readonly AnswerRow[];
}
export interface Total {
  readonly count: number;
  readonly bytes: number;
}
/** Reads see everything committed before they were asked. */
export interface ObjectStore {
  load(): Promise<RestoredObjects>;
  /** All entries of an object, in the order of their numbers. */
  heads(object: ObjectId): Promise<readonly EntryHead[]>;
  /** Keys and values of some entries; what is gone is left out. */
  values(object: ObjectId, numbers: readonly number[]): Promise<readonly EntryRow[]>;
  /** Entries that nobody holds, and the bytes of all, for each object that has any. */
  totals(): Promise<ReadonlyMap<ObjectId, Total>>;
  /** Bytes of a blob; undefined when it is not here. */
  blobSize(blob: BlobId): Promise<number | undefined>;
  /** Idempotent. */
  removeBlob(blob: BlobId): Promise<void>;
}

const KINDS: ReadonlySet<string> = new Set<ObjectOperation['put']>([
  'object',
  'object.gone',
  'entries',
  'entries.gone',
  'entries.held',
  'answer',
  'answers.gone',
]);

export function isOfObjects<Other extends { readonly put: string }>(
  operation: ObjectOperation | Other,
): operation is ObjectOperation {
  return KINDS.has(operation.put);
}
