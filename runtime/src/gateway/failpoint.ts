// For fault tests: FARCALL_FAILPOINT=`before.outcomes:3` ends the process, as kill -9 would, before the third group that
// holds outcomes is committed; `after.…` ends it between the commit and what is said about it. Unset: nothing happens.

import type { Operation } from '../store/store.js';

export type Failpoint = (when: 'before' | 'after', group: readonly Operation[]) => void;

export function failpoint(spec: string | undefined): Failpoint {
  const match = /^(before|after)\.(\w+):(\d+)$/.exec(spec ?? '');
  if (match === null) return () => undefined;
  const [, when, put, at] = match;
  let left = Number(at);
  return (now, group) => {
    if (now !== when || !group.some((operation) => operation.put === put)) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
