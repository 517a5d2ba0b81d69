// How many containers there should be, and how that comes about.

import { describe, expect, test } from 'vitest';

import type { FunctionId } from '@farcall/kernel-bridge/wire';

import { Bench, bench, CALL, F, gpusOf, of, specOf } from './support.js';

const G = 'fv-g' as FunctionId;
const ready = (b: Bench, id = F) =>
  b.core.containers().filter((container) => container.function === id && container.state === 'ready').length;

describe('up', () => {
  test('a new backlog gets one container', () => {
    const b = bench();
    b.opened(1_000);
    expect(b.all('start')).toHaveLength(1);
  });
  test('tiny inputs do not start a crowd', () => {
    const b = bench();
    b.opened(100_000);
    b.up();
    b.answer(b.last('assign'), { seconds: 0.000005 });
    b.pass(1_000);
    expect(b.all('start')).toHaveLength(1);
  });
  test('slow inputs get all there is at once: after 20 ms without an outcome', () => {
    const b = bench();
    b.opened(100);
    b.up();
    b.now += 20;
    b.apply({ type: 'tick' });
    expect(b.all('start')).toHaveLength(8);
    expect(b.core.call(CALL)?.waiting).toBe('');
  });
  test('the core says when it wants to look', () => {
    const b = bench();
    expect(b.core.dueAt()).toBe(Infinity);
    b.opened(100);
    b.up();
    expect(b.core.dueAt()).toBe(b.now + 20);
  });
  test('or as soon as they are measured', () => {
    const b = bench({ max_containers: 16 });
    b.opened(1_000);
    b.up();
    b.answer(b.last('assign'), { seconds: 0.01 });
    expect(b.all('start')).toHaveLength(16);
  });
  test('never more than inputs wait or run', () => {
    const b = bench();
    b.opened(3);
    b.up();
    b.pass(100);
    expect(b.all('start')).toHaveLength(3);
  });
  test('at most four a core, unless max_containers asks for more; never more than the claims allow', () => {
    const starts = [{}, { max_containers: 12 }, { max_containers: 100 }, { cpu: 1 }].map((asked) => {
      const b = bench(asked);
      b.opened(100);
      b.up();
      b.pass(100);
      return b.all('start').length;
    });
    expect(starts).toEqual([8, 12, 16, 2]);
  });
  test('a second container is only started when the first has come up', () => {
    const b = bench({ min_containers: 4 });
    b.opened(100);
    b.pass(1_000);
    expect(b.all('start')).toHaveLength(1);
    b.up();
    expect(b.all('start')).toHaveLength(4);
  });
  test('buffer_containers are there beside the work', () => {
    const b = bench({ buffer_containers: 2 });
    b.opened(1);
    b.up();
    b.pass(100);
    expect(b.all('start')).toHaveLength(3);
  });
});

describe('down', () => {
  const idle = (asked = {}) => {
    const b = bench({ scaledown_window: 10, ...asked });
    b.opened(3);
    b.up();
    b.pass(100);
    b.allUp();
    b.finish(1);
    return b;
  };
  test('idle containers leave after scaledown_window', () => {
    const b = idle();
    expect(of(b.pass(9_000), 'stop')).toEqual([]);
    expect(of(b.pass(1_200), 'stop')).toHaveLength(3);
  });
  test('min_containers stay', () => {
    expect(of(idle({ min_containers: 1 }).pass(20_000), 'stop')).toHaveLength(2);
  });
  test('those of a replaced version leave at once', () => {
    const b = idle({ min_containers: 1 });
    b.put({}, G);
    expect(of(b.apply({ type: 'function.replaced', app: 'app', name: 'f', function: G }), 'stop')).toHaveLength(3);
  });
  test('settings change by name, and hold', () => {
    const b = idle();
    expect(b.apply({ type: 'autoscaler.updated', app: 'app', name: 'f', scaledownWindow: 1_000 })).toEqual([]);
    expect(of(b.pass(60_000), 'stop')).toEqual([]);
    expect(b.core.settings('app', 'f')).toEqual({
      minContainers: 0,
      maxContainers: 0,
      bufferContainers: 0,
      scaledownWindow: 1_000,
    });
    b.put({}, G);
    expect(b.core.functions().find((fn) => fn.function === G)?.settings.scaledownWindow).toBe(1_000);
  });
  test('somebody who only looks at the settings changes nothing', () => {
    const b = bench({ min_containers: 2 });
    expect(b.apply({ type: 'autoscaler.updated', app: 'app', name: 'f' })).toEqual([]);
    expect(b.all('start')).toEqual([]);
    expect(b.core.settings('app', 'f')).toMatchObject({ minContainers: 2 });
  });
  test('settings of before a restart hold for whoever uses the name again, and start nothing', () => {
    const b = bench();
    b.apply({ type: 'autoscaler.restored', app: 'app', name: 'f', minContainers: 2, maxContainers: 3 });
    b.pass(1_000);
    expect(b.all('start')).toEqual([]);
    expect(b.core.settings('app', 'f')).toMatchObject({ minContainers: 2, maxContainers: 3 });
    b.put({}, G);
    expect(b.core.function(G)?.settings.minContainers).toBe(2);
  });
  test('settings that contradict are refused', () => {
    const b = idle();
    const said = b.apply({ type: 'autoscaler.updated', app: 'app', name: 'f', minContainers: 5, maxContainers: 2 });
    expect(said).toMatchObject([{ do: 'refuse', code: 'request.invalid' }]);
    expect(b.core.settings('app', 'f')?.minContainers).toBe(0);
  });
  test('min_containers that are asked for later start', () => {
    const b = idle();
    expect(of(b.apply({ type: 'autoscaler.updated', app: 'app', name: 'f', minContainers: 5 }), 'start')).toHaveLength(
      2,
    );
  });
});

describe('sharing', () => {
  test("another function's idle containers yield to waiting work at once", () => {
    const b = bench({ cpu: 1 });
    b.opened(2);
    b.up();
    b.pass(100);
    b.allUp();
    b.finish(1);
    b.put({ cpu: 1, name: 'g' }, G);
    const said = b.opened(1, { call: 'fc-g' as typeof CALL, function: G });
    expect(of(said, 'stop')).toHaveLength(1);
    expect(
      of(b.exit(of(said, 'stop')[0]?.container ?? ('' as never), { reason: 'exited', code: 0 }), 'start'),
    ).toMatchObject([{ function: G }]);
  });
  test('containers that are only kept warm yield to a function that has none, and stay away until it has one', () => {
    const b = bench({ cpu: 0.5, min_containers: 2, scaledown_window: 1 }, 1);
    b.opened(1);
    b.up();
    b.pass(100);
    b.allUp();
    b.finish(1);
    b.put({ cpu: 1, name: 'g' }, G);
    b.opened(1, { call: 'fc-g' as typeof CALL, function: G });
    b.pass(300);
    const warm = b.core.containers().map(({ container }) => container);
    expect(b.all('stop').map(({ container }) => container)).toEqual(expect.arrayContaining([warm[0]]));
    const said = warm.flatMap((id) => [...b.exit(id, { reason: 'exited', code: 0 }), ...b.pass(200)]);
    expect(of(said, 'start')).toMatchObject([{ function: G }]);
  });
  test('a function that has none gets one from a busy one that has many', () => {
    const b = bench({ cpu: 1 });
    b.opened(100);
    b.up();
    b.pass(100);
    b.allUp();
    b.put({ cpu: 1, name: 'g' }, G);
    const said = b.opened(1, { call: 'fc-g' as typeof CALL, function: G });
    expect(of(said, 'stop')).toMatchObject([{ how: 'drain' }]);
    expect(b.core.call('fc-g' as typeof CALL)?.waiting).toBe('all 2 cores are claimed; held by app.f (2)');
    const freed = b.exit(of(said, 'stop')[0]?.container ?? ('' as never), { reason: 'exited', code: 0 });
    expect(of(freed, 'start')).toMatchObject([{ function: G }]);
  });
});

describe('GPUs', () => {
  test('are handed out whole, by uuid', () => {
    const b = bench({ gpu: ['A100'] }, 8, gpusOf('T4', 'NVIDIA A100-SXM4-80GB', 'NVIDIA A100-SXM4-80GB'));
    b.opened(10);
    b.up();
    b.pass(100);
    expect(b.all('start').map(({ gpus }) => gpus)).toEqual([['gpu-1'], ['gpu-2']]);
    expect(b.core.functions()[0]).toMatchObject({ containers: 2, desired: 10 });
    expect(b.core.explain(F)).toContain('it cannot have more now: no GPU A100 is free; held by app.f (2)');
    expect(b.core.hosts()[0]?.gpus.map((gpu) => gpu.container_id !== '')).toEqual([false, true, true]);
  });
  test('several of one kind, or the next choice', () => {
    const gpus = gpusOf('H100', 'A100', 'A100');
    const chosen = [['H100:2', 'A100:2'], ['A100:2'], ['H100:2', 'any'], ['H100:2', '']].map((gpu) => {
      const b = bench({ gpu }, 8, gpus);
      b.opened(1);
      return b.all('start')[0]?.gpus;
    });
    expect(chosen).toEqual([['gpu-1', 'gpu-2'], ['gpu-1', 'gpu-2'], ['gpu-0'], []]);
  });
  test('an idle container that holds the only one leaves for a function that needs it', () => {
    const b = bench({ gpu: ['any'] }, 8, gpusOf('A100'));
    b.opened(1);
    b.up();
    b.finish(1);
    b.put({ gpu: ['A100'], name: 'g' }, G);
    expect(of(b.opened(1, { call: 'fc-g' as typeof CALL, function: G }), 'stop')).toHaveLength(1);
  });
  test('a call waits with the reason', () => {
    const b = bench({ gpu: ['any'] }, 8, gpusOf('A100'));
    b.opened(1);
    b.up();
    b.put({ gpu: ['A100'], name: 'g' }, G);
    b.opened(1, { call: 'fc-g' as typeof CALL, function: G });
    expect(b.core.call('fc-g' as typeof CALL)?.waiting).toBe('no GPU A100 is free; held by app.f');
  });
});

describe('a value that is to be shown', () => {
  const newer = { type: 'function.replaced', app: 'app', name: 'f', function: G } as const;

  test('brings one container up, which stays for the scaledown window', () => {
    const b = bench({ scaledown_window: 30 });
    expect(of(b.apply({ type: 'preview.wanted', function: F }), 'start')).toHaveLength(1);
    expect(of(b.apply({ type: 'preview.wanted', function: F }), 'start')).toHaveLength(0);
    b.up();
    expect(of(b.pass(29_000), 'stop')).toHaveLength(0);
    expect(of(b.pass(1_100), 'stop')).toHaveLength(1);
  });
  test('does so for a version that was replaced', () => {
    const b = bench({ scaledown_window: 0 });
    b.opened(1);
    b.up();
    b.finish();
    b.apply(newer);
    b.exit(b.last('stop').container);
    expect(of(b.apply({ type: 'preview.wanted', function: F }), 'start')).toHaveLength(1);
    b.up();
    expect(of(b.pass(15_000), 'stop')).toHaveLength(0);
    expect(of(b.pass(5_100), 'stop')).toHaveLength(1);
  });
  test('says what it lacks', () => {
    const b = new Bench();
    b.put();
    b.apply({ type: 'preview.wanted', function: F });
    expect(b.core.shortage(F)).toBe('no host is connected yet');
  });
});

describe('explaining', () => {
  test('what there is, what there should be, why, and what is left of the host', () => {
    const b = bench({ max_containers: 3 });
    b.opened(100);
    b.up();
    b.pass(100);
    b.allUp();
    expect(b.core.explain(F)).toEqual([
      'app.f has 3 containers: 3 ready, 0 starting, 0 idle',
      'it should have 3: 100 inputs and no outcome after 20 ms; max_containers is 3',
      'the host has 1.63 of 2 cores, 8192 of 8192 MiB and 0 of 0 GPUs unclaimed',
    ]);
    expect(ready(b)).toBe(3);
  });
  test('a call says that its container is starting', () => {
    const b = bench();
    b.opened(1);
    expect(b.core.call(CALL)?.waiting).toBe('starting a container');
    expect(specOf().name).toBe('f');
  });
});
