// The calls that a page knows.

import { expect, test } from 'vitest';

import { newer, RunStore } from '../../../extension/model/run-store';
import { callView, counts, liveCall, NOW } from '../support/calls';

test('a change is told by id, a turn of its state to lists', () => {
  const store = new RunStore(() => NOW);
  const [changed, turned]: [string[], (string | undefined)[]] = [[], []];
  store.changed.connect((_, id) => changed.push(id));
  store.turned.connect((_, call) => turned.push(call?.state));
  store.apply('k', [liveCall()]);
  store.apply('k', [liveCall({ counts: counts({ succeeded: 500 }) })]);
  store.apply('k', [liveCall({ state: 'done', counts: counts({ succeeded: 1000 }) })]);
  expect(changed).toHaveLength(3);
  expect(turned).toEqual(['sealed', 'done']);
});

test('a lost kernel leaves its calls as last known', () => {
  const store = new RunStore(() => NOW);
  store.apply('k', [liveCall()]);
  store.disconnect('k');
  expect(store.get(liveCall().call_id)).toMatchObject({ connected: false });
  expect(store.running()).toEqual([]);
});

test('a card follows a chain of resumes and never runs in circles', () => {
  const store = new RunStore(() => NOW);
  store.follow('a', 'b');
  store.follow('b', 'c');
  store.follow('c', 'a');
  expect(store.latest('a')).toBe('c');
});

test('only so many ended calls are kept, and none that runs is forgotten', () => {
  const store = new RunStore(() => NOW);
  store.apply('k', [liveCall({ call_id: 'running', created_at: 1 })]);
  for (let at = 0; at < 600; at += 1)
    store.apply('k', [liveCall({ call_id: `fc-${at}`, state: 'done', created_at: NOW + at, inputs: 0 })]);
  expect(store.all()).toHaveLength(500);
  expect(store.get('running')).toBeDefined();
  expect(store.get('fc-0')).toBeUndefined();
});

test('a saved end is not undone by an older live state', () => {
  const ended = callView({ state: 'done' });
  expect(newer(ended, callView())).toBe(ended);
  expect(newer(callView(), ended)).toBe(ended);
});
