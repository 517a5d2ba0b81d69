// States, segments, pace and what follows from them.

import { expect, test } from 'vitest';

import { elapsedSeconds, Pace, secondsLeft, segments, shareDone } from '../../../extension/model/progress';
import { asStateWord, stateOf, stateOfLetter, titleOf } from '../../../extension/model/state';
import { callView, counts, NOW } from '../support/calls';

test('a call is in one word what it does', () => {
  expect(stateOf(callView())).toBe('running');
  expect(stateOf(callView({ counts: counts({ queued: 5 }), containers: 0 }))).toBe('starting');
  expect(stateOf(callView({ counts: counts({ queued: 5 }), waiting: 'no GPU free' }))).toBe('queued');
  expect(stateOf(callView({ counts: counts({ retrying: 2, queued: 5 }) }))).toBe('retrying');
  expect(stateOf(callView({ state: 'done', counts: counts({ succeeded: 5 }) }))).toBe('succeeded');
  expect(stateOf(callView({ state: 'done', counts: counts({ succeeded: 5, failed: 1 }) }))).toBe('done');
  expect(stateOf(callView({ state: 'cancelled' }))).toBe('cancelled');
});

test('a map is named with its verb, a single call without', () => {
  expect(titleOf(callView())).toBe('embed.map');
  expect(titleOf(callView({ kind: 'remote' }))).toBe('embed');
});

test('an unknown word or letter claims nothing', () => {
  expect([asStateWord('exploded'), stateOfLetter('z'), stateOfLetter(undefined)]).toEqual([
    'queued',
    'queued',
    'queued',
  ]);
});

test('segments leave out what is empty and sum up to the bar', () => {
  const parts = segments(callView());
  expect(parts.map(({ state }) => state)).toEqual(['succeeded', 'running', 'queued']);
  expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
});

test('counts that exceed the inputs never overflow the bar', () => {
  const parts = segments(callView({ inputs: 10, counts: counts({ succeeded: 100 }) }));
  expect(parts[0]?.share).toBe(1);
  expect(shareDone(callView({ inputs: 10, counts: counts({ succeeded: 100 }) }))).toBe(1);
});

test('nobody knows the rest of an unsealed map', () => {
  const open = callView({ state: 'open', sealed: false });
  expect(shareDone(open)).toBe(0);
  expect(secondsLeft(open, 50)).toBeUndefined();
  expect(secondsLeft(callView(), 0)).toBeUndefined();
  expect(secondsLeft(callView(), 58.8)).toBeCloseTo(10);
});

test('the clock stops when the call ends and never runs backwards', () => {
  expect(elapsedSeconds(callView({ created_at: NOW - 60, ended_at: NOW - 20 }), NOW)).toBe(40);
  expect(elapsedSeconds(callView({ created_at: NOW + 5 }), NOW)).toBe(0);
  expect(elapsedSeconds(callView({ created_at: 0 }), NOW)).toBeUndefined();
});

test('the pace is that of the last half minute only', () => {
  const pace = new Pace();
  for (let second = 0; second <= 100; second += 1)
    pace.see(second, second < 60 ? second * 100 : 6000 + (second - 60) * 10);
  expect(pace.perSecond(1)).toBeCloseTo(10);
});

test('the kernel’s own rate speaks until enough was seen', () => {
  const pace = new Pace();
  pace.see(0, 0);
  pace.see(0.5, 40);
  expect(pace.perSecond(33)).toBe(33);
});
