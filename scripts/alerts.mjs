// `node scripts/alerts.mjs`: reads the alert rules with Prometheus' own promtool and tries each of them out (`npm run check`
// does it as well). promtool is the one on PATH, or Debian's, unpacked into .cache once (19 MB, nothing is installed).
// Exit code 77: there is none to be had here.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { inRoot, run, STAMPS } from './tools.mjs';

const NONE = 77;
const RULES = inRoot('ops/prometheus/alerts.yml');
const TRIED = inRoot('test/python/ops/alerts.yml');

const promtool = onPath() ?? unpacked();
if (promtool === undefined) {
  console.log('There is no promtool (on Debian: apt-get install prometheus).');
  process.exit(NONE);
}
const checked = await run(promtool, ['check', 'rules', RULES]);
process.exit(checked === 0 ? await run(promtool, ['test', 'rules', TRIED]) : checked);

function onPath() {
  return spawnSync('promtool', ['--version']).status === 0 ? 'promtool' : undefined;
}

function unpacked() {
  const folder = join(STAMPS, 'promtool');
  const program = join(folder, 'usr/bin/promtool');
  if (existsSync(program)) return program;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const isThere = spawnSync('apt-get', ['download', '-qq', 'prometheus'], { cwd: folder }).status === 0;
  const [archive] = isThere ? readdirSync(folder).filter((name) => name.endsWith('.deb')) : [];
  if (archive === undefined || spawnSync('dpkg-deb', ['-x', archive, '.'], { cwd: folder }).status !== 0)
    return undefined;
  rmSync(join(folder, archive));
  rmSync(join(folder, 'usr/bin/prometheus'), { force: true });
  return existsSync(program) ? program : undefined;
}
