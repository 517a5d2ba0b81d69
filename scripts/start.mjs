// `npm start`: JupyterLab on the example notebook, everything set up first. What is given after `--` goes to JupyterLab:
// `npm start -- --no-browser --port 8890` for servers.

import { setup } from './setup.mjs';
import { environment, ROOT, run, tool } from './tools.mjs';

await setup();
const place = [`--ServerApp.root_dir=${ROOT}`, '--LabApp.default_url=/lab/tree/examples/movies.ipynb'];
const root = process.getuid?.() === 0 ? ['--allow-root'] : [];
process.exit(await run(tool('jupyter'), ['lab', ...place, ...root, ...process.argv.slice(2)], { env: environment() }));
