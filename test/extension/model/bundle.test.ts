// Bundles as anyone may have written them.

import { expect, test } from 'vitest';

import { callsOf, readBundle } from '../../../extension/model/bundle';
import { openInputHere } from '../../../extension/model/cell-code';
import { bundle, callView, counts } from '../support/calls';

const good = bundle(callView());

test('a bundle of ours is read as it is', () => {
  const read = readBundle(JSON.parse(JSON.stringify(good)));
  expect(read).toEqual({ ok: true, bundle: good });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a text', 'bundle'],
  ['a list', [good]],
  ['another version', { ...good, v: 2 }],
  ['an unknown kind', { ...good, kind: 'script' }],
  ['an id that is none', { ...good, call_id: '"); import os; os.system("x' }],
  ['a call without counts', { ...good, snapshot: { ...good.snapshot, counts: undefined } }],
  ['a negative count', { ...good, snapshot: { ...good.snapshot, counts: counts({ queued: -1 }) } }],
  ['an endless number', { ...good, snapshot: { ...good.snapshot, rate: Infinity } }],
  ['a state of no call', { ...good, snapshot: { ...good.snapshot, state: 'constructor' } }],
  ['a name that is no text', { ...good, snapshot: { ...good.snapshot, name: { toString: () => 'x' } } }],
  ['ten megabytes', { ...good, extra: 'x'.repeat(10_000_000) }],
  ['an inherited field', Object.create(good)],
])('%s is refused with a sentence', (_, data) => {
  const read = readBundle(data);
  expect(read.ok).toBe(false);
  expect(read.ok ? '' : read.problem).toMatch(/: /);
});

test('long and disguised texts are cut and cleaned', () => {
  const name = `\u001b]52;c;aGk=\u0007evil\u202etxt\u0000${'x'.repeat(5000)}`;
  const read = readBundle({ ...good, snapshot: { ...good.snapshot, name } });
  expect(read.ok && read.bundle.snapshot.name).toMatch(/^eviltxtx{100,200}…$/);
});

test('a __proto__ in the data pollutes nothing', () => {
  readBundle(JSON.parse('{"v":1,"__proto__":{"polluted":true},"snapshot":{"__proto__":{"polluted":true}}}'));
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('a card lists each of its calls once, the first one first', () => {
  const other = callView({ call_id: 'fc-other' });
  expect(callsOf({ ...good, calls: [good.snapshot, other, other] }).map((call) => call.call_id)).toEqual([
    good.call_id,
    'fc-other',
  ]);
});

test('inserted code names the function only if it is a Python name', () => {
  expect(openInputHere(callView({ name: 'movies.embed' }), 412)).toBe(
    'import farcall\n\nrow = farcall.FunctionCall.from_id("fc-0000000000000000000000000000CALL").results().input(412)\nembed.local(*row)',
  );
  expect(openInputHere(callView({ name: 'x); print(1' }), 0)).toContain('\nf.local(');
});
