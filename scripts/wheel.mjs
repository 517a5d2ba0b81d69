// `npm run wheel`: builds everything and packs dist/farcall-*.whl: the Python package, the gateway, the prebuilt extension.

import { rmSync } from 'node:fs';

import { buildExtension, buildGateway } from './build.mjs';
import { setup } from './setup.mjs';
import { fail, inRoot, PYTHON, run } from './tools.mjs';

await setup();
await buildGateway();
await buildExtension();
rmSync(inRoot('dist'), { recursive: true, force: true });
const code = await run(PYTHON, ['-m', 'hatchling', 'build', '-t', 'wheel', '-d', 'dist']);
if (code !== 0) fail(`hatchling failed with exit code ${code}.`);
