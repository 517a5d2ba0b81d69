// `npm run bench [names…]`: the promises of performance, measured beside their peers. `npm run bench:peers` installs the peers first.

import { setup } from './setup.mjs';
import { environment, fail, PYTHON, run } from './tools.mjs';

const given = process.argv.slice(2).filter((word) => word !== '--peers');
await setup();
if (process.argv.includes('--peers')) {
  const code = await run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'joblib']);
  if (code !== 0) fail(`pip install joblib failed with exit code ${code}.`);
}
process.exit(await run(PYTHON, ['-m', 'test.bench.run', ...given], { env: environment() }));
