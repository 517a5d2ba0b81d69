// Proves the simulation: each deliberate fault of the core is noticed, within the seeds that run anyway.

import { expect, test } from 'vitest';

import { MUTANTS } from './mutants.js';
import { bundleOf, runShare } from './seeds.js';

const SEEDS = 2_000;

test.each(MUTANTS)('it is noticed when $name', { timeout: 600_000 }, async (mutant) => {
  const { broken } = await runShare(await bundleOf(mutant), { from: 1, to: 1 + SEEDS, step: 1 });
  expect(broken?.how ?? 'nothing was noticed').not.toBe('nothing was noticed');
});
