// What a failed test leaves on the terminal: the last lines of its gateway's log, which nobody can read any more once the
// folder of its JupyterLab is gone.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach } from 'vitest';

import { homes } from './lab.js';

const LINES = 60;

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const home of homes) {
    const log = await readFile(join(home, 'gateway.log'), 'utf8').catch(String);
    const lines = log.trimEnd().split('\n').slice(-LINES);
    process.stderr.write(`${[`${task.name}: ${home}/gateway.log`, ...lines].join('\n')}\n`);
  }
});
