// The grid's geometry and the pages of its table.

import { expect, test } from 'vitest';

import { layoutGrid, membersOf, moveSquare, squareAt } from '../../../extension/model/grid';
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
