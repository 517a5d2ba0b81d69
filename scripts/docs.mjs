// `npm run docs`: the documentation's site in .cache/site, strictly: a broken link or name is an error. `-- --serve` shows it.

import { setup } from './setup.mjs';
import { docsCommand, environment, run } from './tools.mjs';

await setup();
const serves = process.argv.includes('--serve');
const [command, ...args] = docsCommand(serves ? 'serve' : 'build');
process.exit(await run(command, args, { env: environment() }));
