// Reads of dicts and queues out of the store file, and their blobs. Writes go through the store like all others.

import type { BlobId, ClientId, ObjectId, ObjectKind } from '@farcall/kernel-bridge/wire';

import type { Link } from './link.js';
import type { AnswerRow, EntryHead, EntryRow, ObjectRow, ObjectStore, RestoredObjects, Total } from './objects.js';
import type { Payloads } from './payloads.js';
import type { Row } from './protocol.js';
import type { Stored } from './store.js';

const NOTHING = new Uint8Array(0);

export class SqliteObjects implements ObjectStore {
  constructor(
    private readonly link: Link,
    private readonly payloads: Payloads,
    /** Told of the objects that are in the file. */
    private readonly onLoaded: (objects: readonly ObjectId[]) => void = () => undefined,
  ) {}

  async load(): Promise<RestoredObjects> {
    const [objects, answers] = await Promise.all([this.link.read('objects'), this.link.read('answers')]);
    const rows = objects.map(objectOf);
    this.onLoaded(rows.map(({ object_id }) => object_id));
    return { objects: rows, answers: answers.map(answerOf) };
  }

  async heads(object: ObjectId): Promise<readonly EntryHead[]> {
    return (await this.link.read('entries.heads', object)).map(headOf);
  }

  async values(object: ObjectId, numbers: readonly number[]): Promise<readonly EntryRow[]> {
    const rows = await this.link.read('entries.values', object, JSON.stringify(numbers));
    return rows.map((row) => ({ ...plainOf(row), value: storedOf(row) }));
  }

  async totals(): Promise<ReadonlyMap<ObjectId, Total>> {
    const rows = await this.link.read('entries.totals');
    return new Map(
      rows.map((row) => [row['id'] as ObjectId, { count: Number(row['count']), bytes: Number(row['bytes']) }]),
    );
  }

  blobSize(blob: BlobId): Promise<number | undefined> {
    return this.payloads.size(blob);
  }

  removeBlob(blob: BlobId): Promise<void> {
    return this.payloads.remove(blob);
  }
}

function objectOf(row: Row): ObjectRow {
  return {
    object_id: row['id'] as ObjectId,
    kind: row['kind'] as ObjectKind,
    person: String(row['person']),
    environment: String(row['environment']),
    name: row['name'] === null ? '' : String(row['name']),
    client: row['client'] as ClientId,
    created_at: Number(row['created_at']),
  };
}

function answerOf(row: Row): AnswerRow {
  const has = row['value'] !== null || row['blob'] !== null;
  return {
    client: row['client'] as ClientId,
    op: Number(row['op']),
    at: Number(row['at']),
    count: Number(row['count']),
    ...(has ? { value: storedOf(row) } : {}),
  };
}

function plainOf(row: Row): Omit<EntryHead, 'blob' | 'holder'> {
  return { n: Number(row['n']), key: bytesOf(row['key']), size: Number(row['size']), until: Number(row['until']) };
}

function headOf(row: Row): EntryHead {
  return {
    ...plainOf(row),
    ...(row['blob'] === null ? {} : { blob: row['blob'] as BlobId }),
    ...(row['holder'] === null ? {} : { holder: { client: row['holder'] as ClientId, op: Number(row['op']) } }),
  };
}

function storedOf(row: Row): Stored {
  return row['blob'] === null ? { bytes: bytesOf(row['value']) } : { blob: row['blob'] as BlobId };
}

/** SQLite keeps an empty BLOB as NULL. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : NOTHING;
}
