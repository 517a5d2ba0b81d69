// For fault tests: ends the process, as kill -9 would, at a chosen moment of a commit. FARCALL_FAILPOINT names a file with one
// line a life: a gateway takes the first line off when it starts. `before.outcomes:3` is before the third group that holds
// outcomes is committed, `after.…` is between the commit and what is said about it, an empty line is nothing.
// Only the bundle for fault tests has it (scripts/build.mjs defines FAILPOINTS); from the one we ship it is compiled out.

import { readFileSync, writeFileSync } from 'node:fs';

import type { Operation } from '../store/store.js';

declare global {
  /** Whether failpoints are compiled in; undefined in tests that run the sources as they are. */
  var FAILPOINTS: boolean | undefined;
}

export type Failpoint = (when: 'before' | 'after', group: readonly Operation[]) => void;

/** The failpoint of this life, of those in the file. */
export function failpointOf(file: string | undefined): Failpoint | undefined {
  if (file === undefined) return undefined;
  const [line = '', ...later] = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, later.join('\n'));
  return failpoint(line);
}

function failpoint(spec: string): Failpoint | undefined {
  if (spec === '') return undefined;
  const match = /^(before|after)\.(\w+):(\d+)$/.exec(spec);
  if (match === null) throw new Error(`a failpoint looks like "before.outcomes:3", not "${spec}"`);
  const [, when, put, at] = match;
  let left = Number(at);
  return (now, group) => {
    if (now !== when || !group.some((operation) => operation.put === put)) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
