// `npm run soak -- --minutes 60 --seed 1` and `npm run load -- --queued 1000000`: long runs of many clients (test/load).

import { setup } from './setup.mjs';
import { environment, fail, PYTHON, run } from './tools.mjs';

const MODULES = { soak: 'test.load.soak', load: 'test.load.queued' };
const [name = '', ...given] = process.argv.slice(2);
if (!(name in MODULES)) fail(`There is no long run "${name}"; there are ${Object.keys(MODULES).join(' and ')}.`);
await setup();
process.exit(await run(PYTHON, ['-m', MODULES[name], ...given], { env: environment() }));
