// PROTOCOL.md and both languages speak of the same messages and codes.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { CALL_STATES, CLOSES, FAILURES, INPUT_STATES, REFUSALS, SHAPES } from '@farcall/kernel-bridge/wire';
import { expect, test } from 'vitest';

const protocol = readFileSync(new URL('../../kernel-bridge/PROTOCOL.md', import.meta.url), 'utf8');
const tables = (pattern: RegExp): string[] => [...protocol.matchAll(pattern)].map((match) => match[1] ?? '').sort();

/** What farcall/wire/codes.py holds, asked of Python itself. */
function codesOfPython(): unknown {
  const script = `
import json
from farcall.wire import codes
print(json.dumps([codes.INPUT_STATES, codes.CALL_STATES, codes.FAILURES, codes.REFUSALS, codes.CLOSES]))`;
  const path = new URL('../../kernel-bridge', import.meta.url).pathname;
  const python = new URL('../../.venv/bin/python', import.meta.url).pathname;
  return JSON.parse(execFileSync(python, ['-c', script], { env: { ...process.env, PYTHONPATH: path } }).toString());
}

test('PROTOCOL.md has a row for every message, and no other', () => {
  const rows = tables(/^\| `([a-z_.]+)` \| [A-Z]/gm);
  expect(rows).toEqual(Object.keys(SHAPES).sort());
});

test('PROTOCOL.md has a row for every code, and no other', () => {
  expect(tables(/^\| `([a-z_.]+)` \| (?:yes|no) \|/gm)).toEqual(Object.keys(FAILURES).sort());
  expect(tables(/^\| (4\d\d\d) \|/gm)).toEqual(Object.keys(CLOSES).sort());
  for (const [code, says] of Object.entries(REFUSALS)) expect(protocol).toContain(`| \`${code}\` | ${says} |`);
});

test('the codes of Python are the codes of TypeScript', () => {
  const failures = Object.fromEntries(Object.entries(FAILURES).map(([code, { retry, says }]) => [code, [retry, says]]));
  expect(codesOfPython()).toEqual([[...INPUT_STATES], [...CALL_STATES], failures, REFUSALS, CLOSES]);
});
