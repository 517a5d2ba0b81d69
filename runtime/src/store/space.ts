// How much room the disk has: new submits are refused before running work would fail. Asked at most once a second while
// there is room, every time while there is none, so that freeing some is noticed at once.

import { statfs } from 'node:fs/promises';

import { StoreFull } from './errors.js';

/** Of the file system, in bytes. */
export interface Room {
  readonly free: number;
  readonly total: number;
}
export type Measure = (folder: string) => Promise<Room>;

const RESERVE_BYTES = 1024 ** 3;
/** Of a disk so small that a GiB is much of it. */
const RESERVE_SHARE = 0.05;
const FRESH_MS = 1000;

export class Space {
  #goodUntil = -Infinity;

  constructor(
    private readonly folder: string,
    private readonly measure: Measure = measureDisk,
  ) {}

  /** Whether `check` would answer without asking. */
  get isKnownGood(): boolean {
    return performance.now() < this.#goodUntil;
  }

  /** Rejects with StoreFull when new work should not be accepted. */
  async check(): Promise<void> {
    if (this.isKnownGood) return;
    const { free, total } = await this.measure(this.folder);
    const reserve = Math.min(RESERVE_BYTES, total * RESERVE_SHARE);
    if (free < reserve)
      throw new StoreFull(
        `the disk of ${this.folder} has ${mib(free)} MiB left of the ${mib(reserve)} MiB to be kept free`,
      );
    this.#goodUntil = performance.now() + FRESH_MS;
  }
}

function mib(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}

async function measureDisk(folder: string): Promise<Room> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, total: blocks * bsize };
}
