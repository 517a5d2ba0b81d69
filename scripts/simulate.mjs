// `npm run simulate -- [--seeds N] [--from N]`: runs the simulation of test/simulation over any number of seeds, on all cores.
// `--seed N` runs one alone and prints every event and command, which is how a broken one is read.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

import { gatewayNode, inRoot, run, STAMPS } from './tools.mjs';

const outfile = join(STAMPS, 'simulate.mjs');
mkdirSync(STAMPS, { recursive: true });
await build({
  entryPoints: [inRoot('test/simulation/main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  sourcemap: 'inline',
  alias: { '@farcall/kernel-bridge/wire': inRoot('kernel-bridge/src/wire/index.ts') },
  logLevel: 'warning',
});
process.exit(await run(gatewayNode(), ['--enable-source-maps', outfile, ...process.argv.slice(2)]));
