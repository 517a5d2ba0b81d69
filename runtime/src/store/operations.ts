// What an operation carries beside its row: payload bytes and blobs. Retention counts the one and owns the other.

import type { BlobId } from '@farcall/kernel-bridge/wire';

import { blobsOfApps, isOfApps } from './apps.js';
import { isOfObjects } from './objects.js';
import { blobsOfObjects } from './object-writes.js';
import type { Operation, Stored } from './store.js';

const NONE: readonly BlobId[] = [];
const NEW: ReadonlySet<Operation['put']> = new Set(['function', 'app', 'call', 'chunk', 'object', 'entries'] as const);

/** Bytes of the operation's payload, without its blobs. A function's code is not counted: it is never emptied. */
export function payloadBytes(operation: Operation): number {
  switch (operation.put) {
    case 'call':
      return 'bytes' in operation.shared ? operation.shared.bytes.length : 0;
    case 'chunk':
    case 'outcomes':
    case 'settled':
      return operation.row.payload.length;
    default:
      return 0;
  }
}

/** Blobs the operation refers to; the first call that does owns them. */
export function blobsOf(operation: Operation): readonly BlobId[] {
  switch (operation.put) {
    case 'function':
      return blobIn(operation.code);
    case 'call':
      return blobIn(operation.shared);
    case 'chunk':
    case 'outcomes':
      return operation.row.blobs;
    default:
      if (isOfApps(operation)) return blobsOfApps(operation);
      return isOfObjects(operation) ? blobsOfObjects(operation) : NONE;
  }
}

function blobIn(stored: Stored): readonly BlobId[] {
  return 'blob' in stored ? [stored.blob] : NONE;
}

/** Whether running work could go on without it: such groups are refused while the disk is nearly full. */
export function isNew(operation: Operation): boolean {
  return NEW.has(operation.put);
}
