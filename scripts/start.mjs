// `npm start`: JupyterLab on the example notebook, everything set up first. `npm start -- --no-browser --port 8890` for servers.

import { setup } from './setup.mjs';
import { environment, inRoot, run, tool } from './tools.mjs';

await setup();
const notebook = inRoot('examples/movies.ipynb');
const given = process.argv.slice(2);
const root = process.getuid?.() === 0 ? ['--allow-root'] : [];
process.exit(await run(tool('jupyter'), ['lab', notebook, ...root, ...given], { env: environment() }));
