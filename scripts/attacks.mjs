// docs/attacks.md from what the security tests reported: one row an attack of the table below, however many tests it has. A
// test belongs to its attack by its file's name: test/security/test_aNN_….py, test_aNN_….test.ts or aNN-….test.ts; in the end
// to end tests, by a title that begins with `ANN: `.

import { writeTable } from './reports.mjs';

const ATTACKS = [
  ['every route and upgrade, made from the router, without a token', '401, closed, no side effect'],
  ['a good token with an Origin that is not listed letter by letter', '403'],
  ['another Host, two, none; an absolute URI', '400, 403 or 421'],
  ['every method, unknown ones too, and across sites', '403 or 405'],
  [
    'tokens beyond their purpose; used twice; of others; expired; revoked in mid-session',
    'refused; live socket closed < 1 s',
  ],
  ['500 slow-header sockets; half frames after the upgrade', 'capped, closed in time; another client’s latency < 2×'],
  [
    'frames of 2^31 bytes, 10^6 empty fragments, unmasked, reserved opcodes, a ping flood',
    'closed with their code; memory +< 32 MiB',
  ],
  ['message bombs: depth 10^5, 2^32 elements in ten bytes, `__proto__`', 'typed error, no pollution'],
  ['10^6 mutated frames into both decoders', 'only ProtocolError; no hang'],
  [
    'paths of blobs: `../`, absolute, `%2f`, symlinks, NUL, 4,096 characters',
    'refused; nothing outside read or written',
  ],
  ['markup, OSC 52, CRLF, 10 MB in names, exceptions, lines and results', 'inert in the notebook, in HTML, in logs'],
  ['a crafted notebook: another host, call, huge sizes', 'nothing contacted; the view says what is wrong'],
  [
    'a container reads the store, tokens, others’ blobs, the gateway’s environment',
    'refused where isolated; a warning where not',
  ],
  ['submits as fast as one client can; a map of 10^7 inputs', 'back-pressure or typed errors; others are served'],
];

/** By hand: what falls short, and why. */
const SHORT = `**A14 is short of its goal**, another client’s p99 below twice its quiet one. On two cores: quiet p50 0.1 ms and p99 0.5 ms; beside
10,000 submits a second p50 1.7 ms and p99 13–20 ms; beside a map that takes 7 million inputs a second p50 0.4 ms and p99 14 ms. The
flood, the gateway and its store’s thread want three cores: three processes that merely compute, beside a quiet gateway, cost 4.5 ms
at p99. The rest are V8’s collections, which stop the gateway for 10–25 ms while all that a flood submitted is kept; a smaller young
generation makes them more, not shorter.`;

/** Writes the table; `pytest` is a JUnit report, the `vitest` ones are JSON. */
export function writeAttacks({ pytest, vitest }) {
  writeTable({
    title: 'Attacks',
    said: 'Written by `npm run security`: every attack below is made against a real gateway by the tests in `test/security/`.',
    after: SHORT,
    letter: 'A',
    what: 'attack',
    rows: ATTACKS,
    pytest,
    vitest,
  });
}
