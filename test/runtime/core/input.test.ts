// The states of inputs, by range, against a plain array.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Inputs } from '../../../runtime/src/core/input.js';

const ALLOWED = [[1, 2, 3, 4, 5], [0, 2, 3, 4, 5], [], [], [], []];

test('any moves by range leave the states that single moves would', () => {
  const step = fc.record({ at: fc.nat(12_000), count: fc.integer({ min: 1, max: 6_000 }), to: fc.nat(5) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.array(step, { maxLength: 12 }), (size, steps) => {
      const inputs = new Inputs();
      inputs.append(size);
      const model = new Uint8Array(size);
      for (const { at, count, to } of steps) {
        const first = at % size;
        for (const stretch of inputs.stretches(first, Math.min(size, first + count))) {
          if (ALLOWED[stretch.state]?.includes(to) !== true) continue;
          inputs.move(stretch.first, stretch.count, stretch.state, to);
          model.fill(to, stretch.first, stretch.first + stretch.count);
        }
      }
      expect(Array.from({ length: size }, (_, index) => inputs.state(index))).toEqual([...model]);
      expect(inputs.counts).toEqual([0, 1, 2, 3, 4, 5].map((state) => model.filter((other) => other === state).length));
    }),
    { numRuns: 50 },
  );
});

test('what is final stays final', () => {
  const inputs = new Inputs();
  inputs.append(1);
  inputs.move(0, 1, 0, 4);
  expect(() => inputs.move(0, 1, 4, 0)).toThrow('may not go from state 4 to 0');
});

test('inputs that arrive after settled ones are queued', () => {
  const inputs = new Inputs();
  inputs.append(100);
  inputs.move(0, 100, 0, 2);
  inputs.append(50);
  expect([inputs.state(99), inputs.state(100)]).toEqual([2, 0]);
  expect(inputs.stretches(0, 150)).toMatchObject([
    { first: 0, count: 100 },
    { first: 100, count: 50 },
  ]);
});

test('queued inputs with a later attempt count as retrying', () => {
  const inputs = new Inputs();
  inputs.append(3);
  inputs.setAttempt(1, 2);
  expect(inputs.retrying).toBe(1);
  inputs.move(1, 1, 0, 1);
  expect(inputs.retrying).toBe(0);
  inputs.move(1, 1, 1, 0);
  expect(inputs.retrying).toBe(1);
});
