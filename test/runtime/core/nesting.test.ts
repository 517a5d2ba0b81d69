// Inputs that hold a GPU and call functions that need one: they must not wait for each other for ever.

import { describe, expect, test } from 'vitest';

import type { CallId, FunctionId } from '@farcall/kernel-bridge/wire';

import { type Bench, bench, CALL, F, gpusOf, of } from './support.js';

const G = 'fv-g' as FunctionId;
const C = 'fv-c' as FunctionId;
const below = (index: number, call = CALL) => ({ call_id: call, index });
const named = (name: string) => `fc-${name}` as CallId;

/** f needs a GPU and may call g, which needs one too; c needs none. `calls`: whether f's calls say so. */
function nest(gpus: string[], { calls = [] as FunctionId[], f = {}, g = {} } = {}): Bench {
  const b = bench({ gpu: ['A100'], ...f }, 8, gpusOf(...gpus));
  b.put({ name: 'g', gpu: ['A100'], ...g }, G);
  b.put({ name: 'c' }, C);
  b.opened(4, { calls });
  b.up();
  b.pass(100);
  b.allUp();
  return b;
}

/** Every container of f that holds an input makes a call and waits for it. */
function allCall(b: Bench, fn = G): CallId[] {
  const made: CallId[] = [];
  for (const { container, first } of b.all('assign').filter(({ call }) => call === CALL)) {
    const call = named(`inside-${first}`);
    b.opened(1, { call, function: fn, parent: below(first) });
    b.apply({ type: 'container.waiting', container, waiting: true });
    made.push(call);
  }
  return made;
}

const codesOf = (b: Bench) => b.all('persist.settled').map(({ call, code }) => [call, code]);

describe('keeping some back', () => {
  test('inputs whose function calls for GPUs while it holds one leave one for what they call', () => {
    const b = nest(['A100', 'A100'], { calls: [G] });
    expect(b.all('start')).toHaveLength(1);
    expect(b.core.call(CALL)?.waiting).toBe('');
    expect(b.core.explain(F)).toContain(
      'it cannot have more now: the GPUs that are left are kept for app.g, which it calls',
    );
    const [inside] = allCall(b);
    expect(b.all('start')).toMatchObject([{ function: F }, { function: G, gpus: ['gpu-1'] }]);
    b.up();
    expect(of(b.answer(b.last('assign')), 'end')).toMatchObject([{ call: inside }]);
    b.pass(5_000);
    expect(codesOf(b)).toEqual([]);
  });
  test('as many as still leave one', () => {
    expect(nest(['A100', 'A100', 'A100', 'A100'], { calls: [G] }).all('start')).toHaveLength(3);
  });
  test('not from functions that call for none', () => {
    expect(nest(['A100', 'A100'], { calls: [C] }).all('start')).toHaveLength(2);
    expect(nest(['A100', 'A100'], { calls: [G], g: { gpu: ['A100', ''] } }).all('start')).toHaveLength(2);
  });
  test('nor where there is another kind for what they call', () => {
    expect(nest(['A100', 'A100', 'T4'], { calls: [G], g: { gpu: ['T4'] } }).all('start')).toHaveLength(2);
  });
  test('shares count', () => {
    const asked = { f: { gpu: ['A100:0.25'] }, g: { gpu: ['A100:0.5'] } };
    expect(nest(['A100'], { calls: [G], ...asked }).all('start')).toHaveLength(2);
  });
  test('a function that calls itself goes as deep as there are GPUs', () => {
    const b = nest(['A100', 'A100'], { calls: [F] });
    expect(b.all('start')).toHaveLength(1);
    allCall(b, F);
    expect(b.all('start')).toHaveLength(2);
    b.up();
    b.pass(5_000);
    expect(codesOf(b)).toEqual([]);
  });
});

describe('a deadlock that nobody could see coming', () => {
  test('fails the youngest of the calls, says why, and the others go on', () => {
    const b = nest(['A100', 'A100']);
    const [older, younger] = allCall(b);
    expect(b.core.call(older as CallId)?.waiting).toBe('no GPU A100 is free; held by app.f (2)');
    b.pass(200);
    expect(codesOf(b)).toEqual([[younger, 'resource.impossible']]);
    const { message } = b.last('persist.settled');
    expect(message).toContain('app.g needs the GPU A100, and all that would do are held by inputs of app.f');
    expect(message).toContain('max_containers');
    b.pass(5_000);
    expect(codesOf(b)).toHaveLength(1);
  });
  test('once the caller of the failed one has ended, the older one has its GPU', () => {
    const b = nest(['A100', 'A100'], { f: { max_inputs: 1 } });
    const [older] = allCall(b);
    b.pass(200);
    const [, second] = b.all('assign');
    b.apply({ type: 'container.waiting', container: second?.container as never, waiting: false });
    b.answer(second as never, { statuses: [3] });
    b.exit(second?.container as never, { code: 0 });
    expect(b.all('start').at(-1)).toMatchObject({ function: G, gpus: ['gpu-1'] });
    b.up();
    expect(of(b.answer(b.last('assign')), 'end')).toMatchObject([{ call: older }]);
  });
  test('is seen through functions between that hold none', () => {
    const b = nest(['A100', 'A100']);
    allCall(b, C);
    for (const at of [0, 1]) {
      b.pass(100);
      b.allUp();
      const { container, call, first } = b.last('assign');
      b.opened(1, { call: named(`deep-${at}`), function: G, parent: below(first, call) });
      b.apply({ type: 'container.waiting', container, waiting: true });
    }
    b.pass(200);
    expect(codesOf(b)).toEqual([[named('deep-1'), 'resource.impossible']]);
  });
  test('is none while one of the holders works, or comes to an end', () => {
    const b = nest(['A100', 'A100']);
    const [first] = b.all('assign');
    b.opened(1, { call: named('inside'), function: G, parent: below(0) });
    b.apply({ type: 'container.waiting', container: first?.container as never, waiting: true });
    b.pass(60_000);
    expect(codesOf(b)).toEqual([]);
  });
  test('nor while something else that the input waits for may still come', () => {
    const b = nest(['A100', 'A100']);
    const inside = allCall(b);
    b.opened(1, { call: named('aside'), function: C, parent: below(0) });
    b.pass(60_000);
    expect(codesOf(b)).toEqual([]);
    expect(inside).toHaveLength(2);
  });
});

describe('a crowd of inputs that call', () => {
  test('as many containers may wait as may run; more inputs begin when some go on', () => {
    const b = bench({ max_containers: 2 });
    b.put({ name: 'g' }, G);
    b.opened(20, { calls: [G] });
    b.up();
    for (let at = 0; at < 10; at += 1) {
      for (const { container, first, call } of b.all('assign')) {
        if (call !== CALL || b.core.call(named(`inside-${first}`)) !== undefined) continue;
        b.opened(1, { call: named(`inside-${first}`), function: G, parent: below(first) });
        b.apply({ type: 'container.waiting', container, waiting: true });
      }
      b.pass(200);
      b.allUp();
    }
    const callers = b.all('start').filter((start) => start.function === F);
    expect(callers).toHaveLength(4);
    expect(b.core.explain(F).join()).toContain('4 of its containers wait for calls of their own');
    expect(b.all('start').filter((start) => start.function === G).length).toBeGreaterThan(0);
  });
  test('what they wait for comes first, but for every fourth turn', () => {
    const b = bench({ max_containers: 1 });
    b.put({ name: 'g', max_containers: 1 }, G);
    b.opened(1);
    const caller = b.up();
    for (const number of [0, 1, 2]) b.opened(1, { call: named(`other-${number}`), function: G });
    const container = b.up();
    for (const number of [0, 1, 2, 3, 4])
      b.opened(1, { call: named(`inside-${number}`), function: G, parent: below(0) });
    b.apply({ type: 'container.waiting', container: caller, waiting: true });
    const turns: string[] = [];
    for (let at = 0; at < 8; at += 1) {
      const lease = b.all('assign').filter((given) => given.container === container)[at];
      turns.push(lease?.call.slice(3, 8) ?? '');
      b.answer(lease as never, { seconds: 1 });
    }
    expect(turns).toEqual(['other', 'insid', 'insid', 'insid', 'other', 'insid', 'insid', 'other']);
  });
});
