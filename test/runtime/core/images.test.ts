// Images: a host has to have a function's image before its first container; who waits hears how far it is, or why not.

import { describe, expect, test } from 'vitest';

import type { EnvironmentId, FunctionId } from '@farcall/kernel-bridge/wire';

import { Bench, CALL, F, HOST, of, specOf } from './support.js';

const IMAGE = 'im-1';
const G = 'fv-g' as FunctionId;

function bench(asked: Parameters<typeof specOf>[0] = {}): Bench {
  const b = new Bench();
  b.host();
  put(b, F, asked);
  return b;
}

function put(b: Bench, id: FunctionId, asked: Parameters<typeof specOf>[0] = {}): void {
  const environment = 'en-e' as EnvironmentId;
  b.apply({ type: 'function.put', function: id, environment, spec: specOf(asked), image: IMAGE });
}

const built = (b: Bench) => b.apply({ type: 'image.built', host: HOST, image: IMAGE });
const failed = (b: Bench, message = 'no such package') =>
  b.apply({ type: 'image.failed', host: HOST, image: IMAGE, code: 'image.build', message });

describe('before the first container', () => {
  test('the image is asked for, and nothing is claimed while it is built', () => {
    const b = bench();
    b.opened(3);
    expect(b.all('image.build')).toEqual([{ do: 'image.build', host: HOST, image: IMAGE }]);
    expect(b.all('start')).toEqual([]);
    expect(b.core.call(CALL)?.waiting).toBe('building an image');
  });
  test('who waits is told how far it is', () => {
    const b = bench();
    b.opened(3);
    b.apply({ type: 'image.progress', host: HOST, image: IMAGE, says: 'installing torch 3/14' });
    expect(b.core.call(CALL)?.waiting).toBe('building an image: installing torch 3/14');
  });
  test('a container starts once it is there', () => {
    const b = bench();
    b.opened(3);
    built(b);
    expect(b.all('start')).toHaveLength(1);
    b.up();
    expect(b.all('assign')).toHaveLength(1);
  });
  test('two functions with one image have it built once', () => {
    const b = bench();
    put(b, G, { name: 'g' });
    b.opened(1);
    b.opened(1, { call: 'fc-other' as typeof CALL, function: G });
    expect(b.all('image.build')).toHaveLength(1);
    built(b);
    expect(new Set(b.all('start').map((start) => start.function))).toEqual(new Set([F, G]));
  });
  test('a function without an image does not wait for it', () => {
    const b = bench();
    b.put({ name: 'plain' }, G);
    b.opened(1);
    b.opened(1, { call: 'fc-other' as typeof CALL, function: G });
    expect(b.all('start').map((start) => start.function)).toEqual([G]);
  });
});

describe('a build that fails', () => {
  test('fails all that waits for it, with its reason', () => {
    const b = bench();
    b.opened(3);
    const commands = failed(b);
    expect(of(commands, 'persist.settled')).toMatchObject([
      { call: CALL, ranges: [[0, 3]], code: 'image.build', message: 'no such package' },
    ]);
    expect(b.core.call(CALL)?.state).toBe('done');
  });
  test('is tried again when it is called again', () => {
    const b = bench();
    b.opened(1);
    failed(b);
    b.opened(1, { call: 'fc-again' as typeof CALL });
    expect(b.all('image.build')).toHaveLength(2);
  });
  test('is not tried over and over for min_containers', () => {
    const b = bench({ min_containers: 1 });
    b.opened(1);
    failed(b);
    b.pass(30_000);
    expect(b.all('image.build')).toHaveLength(1);
    b.pass(40_000);
    expect(b.all('image.build')).toHaveLength(2);
  });
});

describe('a build that nobody wants', () => {
  test('ends when its calls are cancelled', () => {
    const b = bench();
    b.opened(3);
    b.apply({ type: 'call.cancelled', call: CALL, scope: 'all', terminate: false });
    b.pass(200);
    expect(b.all('image.stop')).toEqual([{ do: 'image.stop', host: HOST, image: IMAGE }]);
    expect(b.core.call(CALL)?.state).toBe('cancelled');
  });
  test('is asked for again by the next call', () => {
    const b = bench();
    b.opened(3);
    b.apply({ type: 'call.cancelled', call: CALL, scope: 'all', terminate: false });
    b.pass(200);
    b.opened(1, { call: 'fc-again' as typeof CALL });
    expect(b.all('image.build')).toHaveLength(2);
  });
});

describe('hosts', () => {
  test('a connection that comes back is asked again for what it may have missed', () => {
    const b = bench();
    b.opened(1);
    expect(of(b.host(), 'image.build')).toHaveLength(1);
  });
  test('a new host is asked, whatever an earlier one had', () => {
    const b = bench();
    b.opened(1);
    built(b);
    b.apply({ type: 'host.lost', host: HOST });
    b.host();
    expect(b.all('image.build')).toHaveLength(2);
  });
  test('what is in use is named before images are cleared, and what was cleared is asked for again', () => {
    const b = bench({ scaledown_window: 1 });
    b.opened(1);
    built(b);
    b.up();
    expect(b.core.imagesInUse()).toEqual([IMAGE]);
    b.apply({ type: 'images.cleared', keep: [] });
    b.answer(b.last('assign'));
    b.opened(20, { call: 'fc-again' as typeof CALL });
    expect(b.all('image.build')).toHaveLength(2);
  });
});
