// How much the store holds and how much room is left, for those who watch it. Asked seldom: it looks at files.

import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Link } from './link.js';

/** In bytes. */
export interface StoreSizes {
  /** The file of rows, small payloads included. */
  readonly rows: number;
  /** Its write-ahead log. */
  readonly log: number;
  /** Payloads of all calls, wherever they lie: what the budget is compared with. */
  readonly payloads: number;
  /** Values of all dicts and queues, wherever they lie: no budget takes them. */
  readonly objects: number;
  /** Left on the file system. */
  readonly free: number;
}

export async function sizesOf(link: Link): Promise<StoreSizes> {
  const [rows, log, [found], [kept], { bavail, bsize }] = await Promise.all([
    sizeOf(link.file),
    sizeOf(`${link.file}-wal`),
    link.read('bytes'),
    link.read('entries.bytes'),
    statfs(dirname(link.file)),
  ]);
  return {
    rows,
    log,
    payloads: Number(found?.['bytes'] ?? 0),
    objects: Number(kept?.['bytes'] ?? 0),
    free: bavail * bsize,
  };
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
