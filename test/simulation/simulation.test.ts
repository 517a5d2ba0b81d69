// The promise of delivery.md, under whatever a seed brings. FARCALL_SEEDS says how many runs, FARCALL_SEED_FROM where to begin.
// By hand, and with a trace: `npm run simulate`.

import { expect, test } from 'vitest';

import { bundleOf, runSeeds } from './seeds.js';

const SEEDS = Number(process.env['FARCALL_SEEDS'] ?? 2_000);
const FROM = Number(process.env['FARCALL_SEED_FROM'] ?? 1);

test(
  'every accepted input has exactly one outcome, delivered, right, and in the end everything is quiet',
  { timeout: 900_000 },
  async () => {
    const reports = await runSeeds(await bundleOf(), FROM, SEEDS);
    const broken = reports.flatMap((report) => report.broken ?? []).sort((a, b) => a.seed - b.seed);
    const lines = broken.map(({ seed, how }) => `npm run simulate -- --seed ${seed}\n${how}`);
    expect(lines.join('\n')).toBe('');
    expect(reports.reduce((sum, { ran }) => sum + ran, 0)).toBe(SEEDS);
  },
);
