// The grid of inputs as numbers: how large a square is, where it stands, which inputs it stands for, and which squares
// have to be painted anew. No DOM.

import type { LiveCall } from '@farcall/kernel-bridge/notebook';

/** Up to this many inputs are a labelled list instead. */
export const LIST_LIMIT = 20;

export interface GridLayout {
  readonly cells: number;
  readonly columns: number;
  readonly rows: number;
  /** Distance from one square to the next, CSS pixels: a whole number of the screen's. */
  readonly pitch: number;
  /** Side of a square. */
  readonly side: number;
}

export interface GridRoom {
  /** Squares that there shall be room for, also those that are not there yet. */
  readonly room?: number;
  /** Pixels of the screen for one of CSS. */
  readonly scale?: number;
}

const PITCHES = [16, 14, 12, 11, 10, 9, 8, 7, 6] as const;
/** The grid is no taller than this where that is possible; below the smallest pitch it scrolls. */
const MAX_HEIGHT = 190;

export function layoutGrid(cells: number, width: number, { room = cells, scale = 1 }: GridRoom = {}): GridLayout {
  const columnsAt = (pitch: number): number => Math.max(1, Math.floor(width / pitch));
  const onScreen = (pitch: number): number => Math.max(1, Math.round(pitch * scale)) / scale;
  const fits = PITCHES.find((pitch) => Math.ceil(room / columnsAt(onScreen(pitch))) * onScreen(pitch) <= MAX_HEIGHT);
  const wanted = fits ?? PITCHES[PITCHES.length - 1] ?? 6;
  const pitch = onScreen(wanted);
  const columns = columnsAt(pitch);
  const gap = Math.max(1, Math.round((wanted >= 10 ? 2 : 1) * scale)) / scale;
  return { cells, columns, rows: Math.ceil(room / columns), pitch, side: pitch - gap };
}

/**
 * How many squares to make room for. While nobody knows how many inputs come, each update has another number of squares;
 * the room for them doubles now and then, so that what stands below the grid does not move each time.
 */
export function roomOf(call: LiveCall): number {
  const { length } = call.cells;
  return call.sealed ? length : 2 ** Math.ceil(Math.log2(Math.max(1, length)));
}

/** The square at a point of the grid, or undefined beside it. */
export function squareAt(layout: GridLayout, x: number, y: number): number | undefined {
  const column = Math.floor(x / layout.pitch);
  const square = Math.floor(y / layout.pitch) * layout.columns + column;
  return column >= 0 && column < layout.columns && square >= 0 && square < layout.cells ? square : undefined;
}

/** Neighbouring squares, in reading order, that look the same. */
export interface Stretch {
  readonly first: number;
  readonly end: number;
  /** '': there are no squares any more. */
  readonly letter: string;
}

/** What to paint when `before` is on the screen and `after` shall be: as few stretches as there can be. */
export function changedStretches(before: string, after: string): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (let at = 0; at < after.length; at += 1) {
    if (after[at] === before[at]) continue;
    const [first, letter] = [at, after[at] ?? ''];
    while (at + 1 < after.length && after[at + 1] === letter) at += 1;
    stretches.push({ first, end: at + 1, letter });
  }
  if (before.length > after.length) stretches.push({ first: after.length, end: before.length, letter: '' });
  return stretches;
}

/** In squares. */
export interface Block {
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
}

/** The rectangles that a stretch covers: at most three, for it begins and ends anywhere in a row. */
export function blocksOf({ first, end }: Stretch, columns: number): readonly Block[] {
  const blocks: Block[] = [];
  for (let at = first; at < end;) {
    const column = at % columns;
    const row = Math.floor(at / columns);
    const rows = column === 0 ? Math.max(1, Math.floor((end - at) / columns)) : 1;
    const wide = Math.min(columns - column, end - at);
    blocks.push({ column, row, columns: wide, rows });
    at += wide * rows;
  }
  return blocks;
}

export interface Members {
  readonly first: number;
  readonly count: number;
}

/** The inputs that a square stands for. */
export function membersOf(call: LiveCall, square: number): Members {
  const first = square * call.cell;
  return { first, count: Math.max(0, Math.min(call.cell, call.inputs - first)) };
}

/** Where a key moves the cursor, or undefined if the key means nothing here. */
export function moveSquare(layout: GridLayout, from: number, key: string): number | undefined {
  const last = layout.cells - 1;
  const to: Readonly<Record<string, number>> = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - layout.columns,
    ArrowDown: from + layout.columns,
    PageUp: from - layout.columns * 5,
    PageDown: from + layout.columns * 5,
    Home: 0,
    End: last,
  };
  const target = Object.hasOwn(to, key) ? to[key] : undefined;
  return target === undefined ? undefined : Math.max(0, Math.min(last, target));
}
