// `npm run bench [names…]`: the promises of performance, measured beside their peers (test/bench). `npm run bench:peers`
// makes the environment of the peers first, apart from .venv: they bring a hundred packages that farcall never needs.

import { setup } from './setup.mjs';
import { environment, fail, inRoot, once, PYTHON, run, STAMPS } from './tools.mjs';

const PEERS = `${STAMPS}/bench-peers`;
const given = process.argv.slice(2).filter((word) => word !== '--peers');
await setup();
if (process.argv.includes('--peers')) await installPeers();
process.exit(await run(PYTHON, ['-m', 'test.bench.run', ...given], { env: environment() }));

async function installPeers() {
  const wanted = inRoot('requirements/peers.txt');
  const python = `${PEERS}/bin/python`;
  await once('peers', [wanted], [python], async () => {
    must(await run(PYTHON, ['-m', 'venv', PEERS]), 'python -m venv');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', wanted];
    must(await run(python, pip), 'pip install -r requirements/peers.txt');
  });
}

function must(code, what) {
  if (code !== 0) fail(`${what} failed with exit code ${code}.`);
}
