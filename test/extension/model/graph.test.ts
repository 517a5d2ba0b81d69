// A folded call graph: parsed as what may be hostile, laid out, and opened and closed.

import { describe, expect, test } from 'vitest';

import { closedAtFirst, isOver, layout, nodeState, parseGraph, shownNodes } from '../../../extension/model/graph';
import { LONE, PIPELINE, WIDE } from '../support/graphs';

const names = (closed: readonly number[] = []): unknown =>
  shownNodes(PIPELINE, new Set(closed)).map(({ at, depth }) => [PIPELINE.nodes[at]?.name, depth]);

test('what the kernel sends comes through whole', () => {
  expect(parseGraph(JSON.parse(JSON.stringify(PIPELINE)))).toEqual(PIPELINE);
});

describe('a graph that is none is refused', () => {
  test.each([
    ['a parent that comes later', { nodes: [{ ...PIPELINE.nodes[0], parent: 0 }] }],
    ['two roots', { nodes: [PIPELINE.nodes[0], { ...PIPELINE.nodes[1], parent: -1 }] }],
    ['letters in a lane', { nodes: [{ ...PIPELINE.nodes[0], busy: '<b>' }] }],
    ['counts below nothing', { nodes: [{ ...PIPELINE.nodes[0], calls: -1 }] }],
    ['the id of no call', { call_id: '../..' }],
  ])('%s', (_, change) => {
    expect(() => parseGraph({ ...PIPELINE, ...change })).toThrow();
  });
});

test('nodes are read as a tree: a caller, then what it called', () => {
  expect(names()).toEqual([
    ['pipeline', 0],
    ['fetch', 1],
    ['embed', 1],
    ['tokenize', 2],
    ['model.predict', 2],
    ['score', 1],
  ]);
  expect(shownNodes(PIPELINE, new Set())[2]).toMatchObject({ hasChildren: true, position: 2, siblings: 3 });
});

test('what lies beneath a closed node is not shown', () => {
  expect(names([2])).toEqual([
    ['pipeline', 0],
    ['fetch', 1],
    ['embed', 1],
    ['score', 1],
  ]);
});

test('boxes stand in columns by depth, a caller beside the middle of what it called, and none on another', () => {
  const { boxes, rows } = layout(PIPELINE, new Set());
  expect(rows).toBe(4);
  expect(boxes.map(({ column }) => column)).toEqual([0, 1, 1, 2, 2, 1]);
  expect(boxes.map(({ row }) => row)).toEqual([1.5, 0, 1.5, 1, 2, 3]);
  const wide = layout(WIDE, new Set());
  expect(new Set(wide.boxes.map(({ column, row }) => `${column}/${row}`)).size).toBe(WIDE.nodes.length);
});

test('a wide graph is closed at first as far as it can be seen at once, a small one not at all', () => {
  expect(closedAtFirst(PIPELINE).size).toBe(0);
  expect([...closedAtFirst(WIDE)]).toEqual(Array.from({ length: 15 }, (_, at) => at + 1));
  const { boxes, rows } = layout(WIDE, closedAtFirst(WIDE));
  expect([boxes.length, rows, boxes[0]?.row]).toEqual([16, 15, 0]);
});

test('a node says what needs a look first', () => {
  const words = PIPELINE.nodes.map(nodeState);
  expect(words).toEqual(['running', 'failed', 'running', 'succeeded', 'running', 'queued']);
  expect([isOver(PIPELINE), isOver(LONE)]).toEqual([false, true]);
});
