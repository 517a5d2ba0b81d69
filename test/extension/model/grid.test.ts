// The grid's geometry and the pages of its table.

import { expect, test } from 'vitest';

import {
  blocksOf,
  changedStretches,
  layoutGrid,
  membersOf,
  moveSquare,
  roomOf,
  squareAt,
} from '../../../extension/model/grid';
import type { ReadRows } from '../../../extension/model/pages';
import { PAGE, readMembers, readPage, START } from '../../../extension/model/pages';
import { liveCall } from '../support/calls';

test.each([1, 21, 300, 1000, 4096])('a grid of %d squares fits into its height at 800 px', (cells) => {
  const { rows, pitch, columns } = layoutGrid(cells, 800);
  expect(rows * pitch).toBeLessThanOrEqual(200);
  expect(rows * columns).toBeGreaterThanOrEqual(cells);
});

test('no width is no reason to fail', () => {
  expect(layoutGrid(100, 0)).toMatchObject({ columns: 1, rows: 100 });
});

test('a point beside the squares is none of them', () => {
  const layout = layoutGrid(10, 800);
  expect(squareAt(layout, 1, 1)).toBe(0);
  expect(squareAt(layout, layout.pitch * 3 + 1, 1)).toBe(3);
  expect(squareAt(layout, 1, layout.pitch + 1)).toBeUndefined();
  expect(squareAt(layout, -5, 1)).toBeUndefined();
});

test.each([1, 1.1, 1.25, 1.5, 0.67, 2])('squares stand on whole pixels of a screen of scale %d', (scale) => {
  const { pitch, side, columns } = layoutGrid(1000, 800, { scale });
  for (const length of [pitch, side]) expect(length * scale).toBeCloseTo(Math.round(length * scale), 6);
  expect(columns * pitch).toBeLessThanOrEqual(800);
  expect(side).toBeLessThan(pitch);
});

test('a map that still grows keeps its place on the page while its bins widen', () => {
  const place = (inputs: number) => {
    const call = liveCall({ inputs, sealed: false });
    const { rows, pitch, columns } = layoutGrid(call.cells.length, 800, { room: roomOf(call) });
    return { rows, pitch, columns };
  };
  const places = [3000, 4096, 4100, 8000, 50_000, 1_000_000].map(place);
  expect(new Set(places.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(roomOf(liveCall({ inputs: 3000, sealed: true }))).toBe(3000);
});

test('what changed, and only that, is painted, whatever is on the screen', () => {
  const columns = 7;
  for (const [before, after] of CHANGES) {
    const screen = [...before.padEnd(60)];
    for (const stretch of changedStretches(before, after))
      for (const { column, row, columns: wide, rows } of blocksOf(stretch, columns))
        for (let square = 0; square < wide * rows; square += 1)
          screen[(row + Math.floor(square / wide)) * columns + column + (square % wide)] = stretch.letter || ' ';
    expect(screen.join('').trimEnd()).toBe(after);
  }
});

const CHANGES: readonly (readonly [string, string])[] = [
  ['', 'q'.repeat(50)],
  ['q'.repeat(50), 's'.repeat(50)],
  ['ssssrrrrqqqqqqqqqqqqqqqqqq', 'ssssssssrrrrqqqqqqqqqqqqqq'],
  ['s'.repeat(50), `${'s'.repeat(20)}f${'s'.repeat(9)}`],
  ['sfsfsfsf', 'fsfsfsfsfsfs'],
];

test('a map that is over is painted at once, one that did not move not at all', () => {
  expect(changedStretches('', 's'.repeat(4096))).toHaveLength(1);
  expect(blocksOf({ first: 0, end: 4096, letter: 's' }, 136)).toHaveLength(2);
  expect(changedStretches('ssrq', 'ssrq')).toEqual([]);
});

test('the last bin has only the inputs that are left', () => {
  const call = liveCall({ inputs: 10_000 });
  expect(membersOf(call, 0)).toEqual({ first: 0, count: 3 });
  expect(membersOf(call, 3333)).toEqual({ first: 9999, count: 1 });
});

test('keys move the cursor inside the grid, and other keys mean nothing', () => {
  const layout = { ...layoutGrid(100, 160), columns: 10 };
  expect(moveSquare(layout, 0, 'ArrowLeft')).toBe(0);
  expect(moveSquare(layout, 5, 'ArrowDown')).toBe(15);
  expect(moveSquare(layout, 95, 'ArrowDown')).toBe(99);
  expect(moveSquare(layout, 7, 'End')).toBe(99);
  expect(moveSquare(layout, 7, 'x')).toBeUndefined();
  expect(moveSquare(layout, 7, 'toString')).toBeUndefined();
});

const row = (index: number, state: string) =>
  ({ index, state, attempt: 1, seconds: 0, container_id: '', since: 0, error: '' }) as const;

/** A kernel with 3 failures among 100 inputs. */
const read: ReadRows = async (states, first, limit) => {
  const all = Array.from({ length: 100 }, (_, index) =>
    row(index, [7, 50, 93].includes(index) ? 'failed' : 'succeeded'),
  );
  const fitting = all.filter(({ index, state }) => index >= first && (states.length === 0 || states.includes(state)));
  const rows = fitting.slice(0, limit);
  return { rows, next: fitting[limit]?.index ?? -1 };
};

test('failures come first, then the others, without a gap or a repetition', async () => {
  const seen: number[] = [];
  for (let from: typeof START | undefined = START; from !== undefined;) {
    const page = await readPage('all', from, read);
    expect(page.rows.length).toBeLessThanOrEqual(PAGE);
    seen.push(...page.rows.map(({ index }) => index));
    from = page.next;
  }
  expect(seen.slice(0, 4)).toEqual([7, 50, 93, 0]);
  expect(new Set(seen).size).toBe(100);
});

test('a filter shows one state only', async () => {
  const page = await readPage('failed', START, read);
  expect(page.rows.map(({ index }) => index)).toEqual([7, 50, 93]);
  expect(page.next).toBeUndefined();
});

test('a bin lists its members', async () => {
  const page = await readMembers({ first: 40, count: 3 }, read);
  expect(page.rows.map(({ index }) => index)).toEqual([40, 41, 42]);
});
