// The call graph folded by call path: what each path says of its calls, and what is left out when there are too many.

import { describe, expect, test } from 'vitest';

import type { CallId, Counts, FunctionId, GraphNode } from '@farcall/kernel-bridge/wire';

import { type FoldedCall, GraphFolding, MOST_NODES } from '../../../runtime/src/gateway/graph-fold.js';
import { callId, FUNCTION, outcomeRow } from '../store/builders.js';

const NONE: Counts = { queued: 0, retrying: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, timed_out: 0 };

function call(number: number, name: string, some: Partial<FoldedCall> = {}): FoldedCall {
  const times = { startedAt: 1000, endedAt: 1100 };
  return { id: callId(number), function: FUNCTION as FunctionId, app: 'app', name, counts: NONE, ...times, ...some };
}

/** Call 1, `top`, ran from 1000 to 1100; the others as they are given, each with its parent. */
function folding(...calls: readonly (readonly [call: FoldedCall, parent: number])[]): GraphFolding {
  const made = new GraphFolding({ from: 1000, to: 1100 });
  made.add(call(1, 'top'));
  for (const [one, parent] of calls) made.add(one, callId(parent));
  return made;
}

const shape = (nodes: readonly GraphNode[]): unknown => nodes.map(({ name, parent, calls }) => [name, parent, calls]);

describe('a folded graph', () => {
  test('has one node for all calls of one function under one path', () => {
    const made = folding([call(2, 'f'), 1], [call(3, 'f'), 1], [call(4, 'g'), 2], [call(5, 'g'), 3], [call(6, 'g'), 1]);
    expect(shape(made.nodes())).toEqual([
      ['top', -1, 1],
      ['f', 0, 2],
      ['g', 1, 2],
      ['g', 0, 1],
    ]);
    expect(made.nodes()[3]?.call_id).toBe(callId(6));
    expect(made.nodes()[1]).not.toHaveProperty('call_id');
  });

  test('adds up the states of the inputs, and the durations of their last attempts', () => {
    const made = folding(
      [call(2, 'f', { counts: { ...NONE, succeeded: 8, running: 1 } }), 1],
      [call(3, 'f', { counts: { ...NONE, failed: 2 } }), 1],
    );
    made.settled(outcomeRow(2, 0, [0, 1, 2, 3], { seconds: new Uint8Array(Float32Array.of(1, 1, 1, 1).buffer) }));
    made.settled(outcomeRow(3, 0, [0], { seconds: new Uint8Array(Float32Array.of(60).buffer) }));
    const node = made.nodes()[1];
    expect(node?.counts).toMatchObject({ succeeded: 8, running: 1, failed: 2 });
    expect(node?.p50).toBeGreaterThan(0.97);
    expect(node?.p50).toBeLessThan(1.03);
    expect((node?.p95 ?? 0) / 60).toBeCloseTo(1, 1);
    expect(made.nodes()[0]?.p50).toBe(0);
  });

  test('says for which part of the time some call of a node ran, however many ran at once', () => {
    const made = folding(
      [call(2, 'f', { startedAt: 1000, endedAt: 1020 }), 1],
      [call(3, 'f', { startedAt: 1010, endedAt: 1030 }), 1],
      [call(4, 'f', { startedAt: 1080, endedAt: 0 }), 1],
      [call(5, 'g', { startedAt: 0, endedAt: 1050 }), 1],
    );
    const [top, f, g] = made.nodes();
    expect([top?.share, f?.share, g?.share]).toEqual([1, 0.5, 0]);
    expect(f?.busy).toBe(`${'9'.repeat(36)}${'0'.repeat(60)}${'9'.repeat(24)}`);
  });

  test('leaves out calls whose parent is not of it', () => {
    const made = folding();
    expect(made.add(call(7, 'f'), callId(8))).toBe(false);
    expect(made.nodes()).toHaveLength(1);
  });

  test('of too many paths counts what it does not show where that begins', () => {
    const many = Array.from({ length: MOST_NODES + 5 }, (_, at) => [call(at + 2, `f${at}`), 1] as const);
    const last = many.length + 1;
    const made = folding(...many, [call(last + 1, 'deeper'), last], [call(last + 2, 'f0'), 1]);
    expect(made.nodes()).toHaveLength(MOST_NODES);
    expect(made.nodes()[0]?.hidden).toBe(many.length - (MOST_NODES - 1) + 1);
    expect(made.nodes()[1]?.calls).toBe(2);
  });

  test('lists the calls of a node, those that failed or run first, at most a hundred', () => {
    const plain = Array.from({ length: 150 }, (_, at) => [call(at + 2, 'f'), 1] as const);
    const made = folding(...plain, [call(500, 'f', { counts: { ...NONE, failed: 1 } }), 1]);
    const listed = made.listed(1) as readonly CallId[];
    expect(listed).toHaveLength(100);
    expect(listed.slice(0, 2)).toEqual([callId(500), callId(2)]);
    expect(made.listed(9)).toBeUndefined();
  });
});
