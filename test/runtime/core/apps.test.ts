// What deploying and stopping an app means for its versions, calls and containers.

import { expect, test } from 'vitest';

import type { CallId, FunctionId } from '@farcall/kernel-bridge/wire';

import type { Bench } from './support.js';
import { bench, CALL, F } from './support.js';

const NEWER = 'fv-newer' as FunctionId;
const OTHER = 'fv-other' as FunctionId;

function deployed(asked: Parameters<Bench['put']>[0] = {}): Bench {
  const b = bench(asked);
  b.apply({ type: 'app.deployed', app: 'app', functions: [F] });
  return b;
}

test('a deployed version is kept warm as it asks, without a call', () => {
  const b = deployed({ min_containers: 1 });
  b.pass(100);
  expect(b.all('start')).toHaveLength(1);
});

test('a version that was only put is not', () => {
  const b = bench({ min_containers: 1 });
  b.pass(1_000);
  expect(b.all('start')).toEqual([]);
});

test('a newer version of some process changes nothing for the deployed one', () => {
  const b = deployed({ min_containers: 1, scaledown_window: 1 });
  const container = b.up();
  b.put({ min_containers: 1 }, NEWER);
  b.apply({ type: 'function.replaced', app: 'app', name: 'f', function: NEWER });
  b.pass(5_000);
  expect(b.core.container(container)?.state).toBe('ready');
});

test('a new deployment replaces it: its idle containers leave, settings of people end', () => {
  const b = deployed({ min_containers: 1 });
  const container = b.up();
  b.apply({ type: 'autoscaler.updated', app: 'app', name: 'f', minContainers: 3 });
  b.put({ min_containers: 0 }, NEWER);
  b.apply({ type: 'app.deployed', app: 'app', functions: [NEWER] });
  b.pass(200);
  expect(b.all('stop')).toContainEqual({ do: 'stop', container, how: 'drain' });
  expect(b.core.settings('app', 'f')?.minContainers).toBe(0);
});

test('stopping an app cancels what waits and what runs, and its containers leave', () => {
  const b = deployed({ min_containers: 1 });
  b.opened(1_000);
  const container = b.up();
  const lease = b.last('assign');
  b.apply({ type: 'app.stopped', app: 'app' });
  expect(b.counts()).toEqual({ cancelled: 1_000 });
  expect(b.core.call(CALL)?.state).toBe('cancelled');
  expect(b.all('lease.cancel')).toContainEqual(expect.objectContaining({ container, lease: lease.lease }));
  expect(b.all('stop').map((command) => command.container)).toContain(container);
  b.exit(container);
  b.pass(2_000);
  expect(b.all('start')).toHaveLength(1);
});

test('apps of other names go on', () => {
  const b = deployed();
  b.put({ app: 'else' }, OTHER);
  b.opened(10, { call: 'fc-else' as CallId, function: OTHER });
  b.apply({ type: 'app.stopped', app: 'app' });
  b.apply({ type: 'app.deployed', app: 'app', functions: [] });
  expect(b.counts('fc-else' as CallId)).not.toHaveProperty('cancelled');
  expect(b.core.call('fc-else' as CallId)?.state).toBe('sealed');
});

test('whoever has the functions of a stopped app may call them again', () => {
  const b = deployed();
  b.apply({ type: 'app.stopped', app: 'app' });
  b.opened(1);
  b.up();
  b.finish();
  expect(b.counts()).toEqual({ succeeded: 1 });
});

test('a class whose instances have parameters is not kept warm; an instance is, from its first call on', () => {
  const b = deployed({ min_containers: 1, is_base: true });
  b.pass(1_000);
  expect(b.all('start')).toEqual([]);
  expect(b.core.isKeptWarm()).toBe(false);
  expect(b.core.explain(F).join()).toContain('each set of parameters has containers of its own');
  b.put({ name: 'f#a', min_containers: 1, scaledown_window: 1, of: F }, NEWER);
  b.put({ name: 'f#b', min_containers: 1, of: F }, OTHER);
  b.pass(1_000);
  expect(b.all('start')).toEqual([]);
  b.opened(1, { function: NEWER });
  const container = b.up();
  b.finish();
  b.pass(5_000);
  expect(b.core.container(container)?.state).toBe('ready');
  expect(b.core.isKeptWarm()).toBe(true);
});

test('deployed again, a class keeps the containers of its instances; another one lets go of them', () => {
  const b = deployed({ is_base: true });
  b.put({ name: 'f#a', min_containers: 1, scaledown_window: 1, of: F }, OTHER);
  b.opened(1, { function: OTHER });
  const container = b.up();
  b.finish();
  b.apply({ type: 'app.deployed', app: 'app', functions: [F] });
  b.pass(5_000);
  expect(b.core.container(container)?.state).toBe('ready');
  b.put({ is_base: true }, NEWER);
  b.apply({ type: 'app.deployed', app: 'app', functions: [NEWER] });
  b.pass(5_000);
  expect(b.all('stop')).toContainEqual({ do: 'stop', container, how: 'drain' });
});
