// docs/faults.md from what the fault tests reported: one row a fault of the table below, however many tests it has. A test
// belongs to its fault by its name: test_fNN_….py, or in the simulation a title that begins with `FN: `.

import { writeTable } from './reports.mjs';

const FAULTS = [
  [
    'the gateway is killed (`kill -9`) at random moments of a 10,000-input map, 20 rounds',
    'all results once, in order; no exception',
  ],
  ['killed between a commit and its acknowledgement', 'what is said again changes nothing'],
  ['killed when an outcome arrived, before its commit', 'the container says it again; nothing runs again'],
  ['`kill -9` a container that holds an input', 'it runs again, attempt 2, right result'],
  ['a container is stopped (SIGSTOP) for 60 s, then goes on', 're-run elsewhere after 20 s; never delivered twice'],
  ['container ↔ gateway cut for 10 s, and for 5 min (virtual)', '10 s: no re-run; 5 min: requeued, one outcome'],
  ['kernel ↔ gateway cut for 30 s in mid-map; the kernel restarted', 'iteration goes on; `from_id` has everything'],
  ['frames come twice and late, 20 % each; connections break', 'same results'],
  ['an input that ends its container every time, among 1,000', '999 succeed, one `PoisonInputError`'],
  ['a function whose import fails in the container', 'that traceback after ≤ 5 starts, no hang'],
  ['a container over its memory limit', '`OutOfMemoryError`; others untouched'],
  ['a timeout against C code that holds the GIL, and a grandchild', 'killed; nothing of its process group is left'],
  ['cancel of a 10,000-input map half way, twice', 'quiet within 2 s'],
  ['a client that stops reading 1 GB of results', 'gateway memory +< 64 MiB; others unaffected'],
  ['the disk runs full during a submit, and is freed', 'typed error; running work completes; store intact'],
  ['a copied store loses its unsynced tails', 'it opens; all that was acknowledged is there'],
  ['two gateways on one folder', 'the second refuses, and names the first'],
  ['the wall clock jumps an hour, both ways', 'no lease expires'],
  ['a start that never comes up', 'the reason is shown; retried with backoff'],
  ['the gateway restarts every 5 s for 2 min under 100 calls/s', 'nothing lost, nothing twice'],
];

/** Writes the table; `pytest` is a JUnit report, `vitest` a JSON one. */
export function writeFaults({ pytest, vitest }) {
  writeTable({
    title: 'Faults',
    said: 'Written by `npm run faults`. Every fault is a test against real processes, in `test/faults/`; five minutes of F6 are virtual.',
    letter: 'F',
    what: 'fault',
    rows: FAULTS,
    pytest,
    vitest: [vitest],
  });
}
