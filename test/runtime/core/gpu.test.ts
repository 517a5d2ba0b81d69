// GPUs: which ones a function's option means, whole or by share, and who may have them.

import { describe, expect, test } from 'vitest';

import type { CallId, ContainerId, FunctionId } from '@farcall/kernel-bridge/wire';

import { chooseGpus, choiceOf, matches, partsOf, shareOf } from '../../../runtime/src/core/gpu.js';
import { bench, CALL, gpusOf, HOST, of } from './support.js';

const G = 'fv-g' as FunctionId;
const OTHER = 'fc-g' as CallId;
const free = (...names: string[]) => partsOf(gpusOf(...names), []);

describe('a choice', () => {
  test('is a name, a name with a count, or a name with a share', () => {
    expect(choiceOf('A100')).toEqual({ name: 'A100', count: 1, share: 1 });
    expect(choiceOf('H100:2')).toEqual({ name: 'H100', count: 2, share: 1 });
    expect(choiceOf('A100:0.25')).toEqual({ name: 'A100', count: 1, share: 0.25 });
    expect(choiceOf('')).toEqual({ name: '', count: 0, share: 1 });
  });
  test('that nobody can mean is one GPU', () => {
    for (const text of ['A100:', 'A100:x', 'A100:-1', 'A100:0', 'A100:NaN'])
      expect(choiceOf(text)).toEqual({ name: 'A100', count: 1, share: 1 });
  });
  test('names a GPU by tokens of what nvidia-smi says', () => {
    const name = 'NVIDIA A100-SXM4-80GB';
    expect(['A100', 'a100', 'A100-80GB', 'nvidia a100', 'any'].map((wanted) => matches(wanted, name))).toEqual(
      Array(5).fill(true),
    );
    expect(['A10', 'H100', 'A100-40GB', '100'].map((wanted) => matches(wanted, name))).toEqual(Array(4).fill(false));
  });
});

describe('choosing', () => {
  test('the first choice that there is, in the order they are ranked', () => {
    const there = free('T4', 'A100', 'A100');
    expect(chooseGpus(['H100', 'A100:2', 'T4'], there)).toEqual({ gpus: ['gpu-1', 'gpu-2'], share: 1 });
    expect(chooseGpus(['H100', 'A100:3', 'T4'], there)).toEqual({ gpus: ['gpu-0'], share: 1 });
    expect(chooseGpus(['H100'], there)).toBeUndefined();
    expect(chooseGpus(['H100', ''], there)).toEqual({ gpus: [], share: 1 });
  });
  test('a share comes off the GPU of which least is left, so that whole ones stay whole', () => {
    const gpus = gpusOf('A100', 'A100');
    const held = [{ gpus: ['gpu-1'], share: 0.5 }];
    expect(chooseGpus(['A100:0.5'], partsOf(gpus, held))).toEqual({ gpus: ['gpu-1'], share: 0.5 });
    expect(chooseGpus(['A100:0.6'], partsOf(gpus, held))).toEqual({ gpus: ['gpu-0'], share: 0.6 });
    expect(chooseGpus(['A100'], partsOf(gpus, held))).toEqual({ gpus: ['gpu-0'], share: 1 });
    expect(chooseGpus(['A100:2'], partsOf(gpus, held))).toBeUndefined();
  });
  test('ten tenths are one', () => {
    const tenths = Array.from({ length: 9 }, () => ({ gpus: ['gpu-0'], share: 0.1 }));
    expect(chooseGpus(['any:0.1'], partsOf(gpusOf('T4'), tenths))).toBeDefined();
    expect(chooseGpus(['any:0.1'], partsOf(gpusOf('T4'), [...tenths, ...tenths.slice(0, 1)]))).toBeUndefined();
  });
  test('what a container that came back holds is told from its choices', () => {
    expect(shareOf(['H100', 'A100:0.5'], gpusOf('A100'))).toBe(0.5);
    expect(shareOf(['H100:0.5', 'A100'], gpusOf('A100'))).toBe(1);
    expect(shareOf([], [])).toBe(1);
  });
});

describe('shares', () => {
  test('several containers are on one GPU, up to all of it', () => {
    const b = bench({ gpu: ['A100:0.3'] }, 8, gpusOf('A100'));
    b.opened(10);
    b.up();
    b.pass(100);
    expect(b.all('start').map(({ gpus }) => gpus)).toEqual([['gpu-0'], ['gpu-0'], ['gpu-0']]);
    expect(b.core.call(CALL)?.hardware).toBe('1 × A100');
    expect(b.core.containers()[0]?.hardware).toBe('0.3 × A100');
    expect(b.core.explain('fv-f' as FunctionId)).toContain(
      'it cannot have more now: no GPU A100:0.3 is free; held by app.f (3)',
    );
  });
  test('a whole one has to wait for all of them', () => {
    const b = bench({ gpu: ['A100:0.5'] }, 8, gpusOf('A100'));
    b.opened(1);
    b.up();
    b.put({ gpu: ['A100'], name: 'g' }, G);
    b.opened(1, { call: OTHER, function: G });
    expect(b.core.call(OTHER)?.waiting).toBe('no GPU A100 is free; held by app.f');
  });
  test('stay what they are when the gateway comes back', () => {
    const b = bench({ gpu: ['A100:0.5'] });
    b.apply({ type: 'host.lost', host: HOST });
    const back = ['co-00000000000000000000000001', 'co-00000000000000000000000002'] as ContainerId[];
    for (const container of back)
      b.apply({ type: 'container.restored', container, function: 'fv-f' as FunctionId, leases: [] });
    b.apply({
      type: 'host.connected',
      host: HOST,
      cpus: 2,
      memory: 8_192,
      gpus: gpusOf('A100', 'A100'),
      containers: back,
      holds: Object.fromEntries(back.map((container) => [container, ['gpu-1']])),
    });
    expect(b.core.containers().map(({ gpus, hardware }) => [gpus, hardware])).toEqual(
      Array(2).fill([['gpu-1'], '0.5 × A100']),
    );
  });
});

describe('others', () => {
  test('who uses a GPU beside containers is said, and keeps nobody from having it', () => {
    const b = bench({ gpu: ['A100'] }, 8, gpusOf('A100', 'T4'));
    b.apply({ type: 'gpus.used', host: HOST, used: { 'gpu-0': 'a notebook (pid 7)', 'gpu-1': 'somebody else' } });
    expect(of(b.opened(2), 'start')).toHaveLength(1);
    b.up();
    b.put({ gpu: ['A100'], name: 'g' }, G);
    b.opened(1, { call: OTHER, function: G });
    const held = 'no GPU A100 is free; held by app.f';
    expect(b.core.call(OTHER)?.waiting).toBe(`${held}; also used by a notebook (pid 7)`);
    b.apply({ type: 'gpus.used', host: HOST, used: {} });
    expect(b.core.call(OTHER)?.waiting).toBe(held);
    b.apply({ type: 'gpus.used', host: 'ho-unknown' as typeof HOST, used: {} });
  });
});
