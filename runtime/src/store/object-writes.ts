// Operations on dicts and queues as writes: statement names of object-schema.ts with their parameters.

import type { BlobId } from '@farcall/kernel-bridge/wire';

import type { EntryRow, ObjectOperation } from './objects.js';
import type { Stored } from './store.js';
import type { Write } from './writes.js';

export function objectWrites(operation: ObjectOperation): Write[] {
  const { object } = operation;
  switch (operation.put) {
    case 'object': {
      const { kind, person, environment, name, client, created_at } = operation.row;
      return [['object', object, kind, person, environment, name === '' ? null : name, client, created_at]];
    }
    case 'object.gone':
      return [
        ['object.entries.gone', object],
        ['object.gone', object],
      ];
    case 'entries':
      return operation.rows.map(({ n, key, value, size, until }): Write => [
        'entry',
        object,
        n,
        key,
        ...columns(value),
        size,
        until,
      ]);
    case 'entries.gone':
      return [['entries.gone', object, JSON.stringify(operation.numbers)]];
    case 'entries.held': {
      const { holder, numbers } = operation;
      return [['entries.held', holder?.client ?? null, holder?.op ?? null, object, JSON.stringify(numbers)]];
    }
    case 'answer': {
      const { client, op, at, count, value } = operation.row;
      return [['answer', client, op, at, count, ...columns(value)]];
    }
    case 'answers.gone':
      return [['answers.gone', operation.client, operation.before]];
  }
}

/** value, blob */
function columns(value: Stored | undefined): readonly [Uint8Array | null, BlobId | null] {
  if (value === undefined) return [null, null];
  return 'blob' in value ? [null, value.blob] : [value.bytes, null];
}

export function blobsOfObjects(operation: ObjectOperation): readonly BlobId[] {
  return operation.put === 'entries' ? operation.rows.flatMap(blobOf) : [];
}

function blobOf({ value }: EntryRow): readonly BlobId[] {
  return 'blob' in value ? [value.blob] : [];
}
