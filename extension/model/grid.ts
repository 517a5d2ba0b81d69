// The grid of inputs as numbers: how large a square is, where it stands, which inputs it stands for. No DOM.

import type { LiveCall } from '@farcall/kernel-bridge/notebook';

/** Up to this many inputs are a labelled list instead. */
export const LIST_LIMIT = 20;

export interface GridLayout {
  readonly cells: number;
  readonly columns: number;
  readonly rows: number;
  /** Distance from one square to the next, CSS pixels. */
  readonly pitch: number;
  /** Side of a square. */
  readonly side: number;
}

const PITCHES = [16, 14, 12, 11, 10, 9, 8, 7, 6] as const;
/** The grid is no taller than this where that is possible; below the smallest pitch it scrolls. */
const MAX_HEIGHT = 190;

export function layoutGrid(cells: number, width: number): GridLayout {
  const columnsAt = (pitch: number): number => Math.max(1, Math.floor(width / pitch));
  const fits = PITCHES.find((pitch) => Math.ceil(cells / columnsAt(pitch)) * pitch <= MAX_HEIGHT);
  const pitch = fits ?? PITCHES[PITCHES.length - 1] ?? 6;
  const columns = columnsAt(pitch);
  return { cells, columns, rows: Math.ceil(cells / columns), pitch, side: pitch - (pitch >= 10 ? 2 : 1) };
}

/** The square at a point of the grid, or undefined beside it. */
export function squareAt(layout: GridLayout, x: number, y: number): number | undefined {
  const column = Math.floor(x / layout.pitch);
  const square = Math.floor(y / layout.pitch) * layout.columns + column;
  return column >= 0 && column < layout.columns && square >= 0 && square < layout.cells ? square : undefined;
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
