// The promise of delivery.md, under whatever a seed brings. FARCALL_SEEDS says how many runs, FARCALL_SEED=n replays one.

import { expect, test } from 'vitest';

import { World } from './world.js';

const SEEDS = Number(process.env['FARCALL_SEEDS'] ?? 500);
const ONE = process.env['FARCALL_SEED'];

/** The first seed whose run breaks the promise, and how. */
function firstBroken(seeds: readonly number[]): string {
  for (const seed of seeds)
    try {
      new World(seed).run();
    } catch (error) {
      return `FARCALL_SEED=${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
  return '';
}

test(
  'every accepted input has exactly one outcome, delivered, right, and in the end everything is quiet',
  { timeout: 600_000 },
  () => {
    const seeds = ONE === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(ONE)];
    expect(firstBroken(seeds)).toBe('');
  },
);
