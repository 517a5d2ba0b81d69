// Paints squares on a canvas, only those that changed, and neighbours in one state at once: each state is a tile that is
// laid over them. Each state has its own shape as well as its colour: a failure is a full square with a cross, a queued
// input an empty one. Knows nothing of React.

import type { GridLayout } from '../model/grid';
import { blocksOf, changedStretches } from '../model/grid';
import type { StateWord } from '../model/state';
import { stateOfLetter } from '../model/state';

type Palette = Readonly<
  Record<'succeeded' | 'failed' | 'timed out' | 'cancelled' | 'running' | 'retrying' | 'queued' | 'mark', string>
>;
const COLOURS = ['succeeded', 'failed', 'timed out', 'cancelled', 'running', 'retrying', 'queued', 'mark'] as const;

/** Crosses and slashes are drawn where they can be seen. */
const MIN_MARK = 7;

export class GridPainter {
  #layout: GridLayout | undefined;
  #scale = 1;
  #painted = '';
  #palette: Palette | undefined;
  readonly #tiles = new Map<string, CanvasPattern | string>();
  readonly #context: CanvasRenderingContext2D | null;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.#context = canvas.getContext('2d');
  }

  /** The theme changed: all colours are read again at the next paint. */
  forgetColours(): void {
    this.#palette = undefined;
    this.#painted = '';
    this.#tiles.clear();
  }

  paint(cells: string, layout: GridLayout): void {
    const context = this.#context;
    if (context === null) return;
    if (!isSame(layout, this.#layout) || this.#scale !== screenScale()) this.#resize(layout);
    const pitch = Math.round(layout.pitch * this.#scale);
    for (const stretch of changedStretches(this.#painted, cells)) {
      if (stretch.letter !== '') context.fillStyle = this.#tile(stretch.letter);
      for (const { column, row, columns, rows } of blocksOf(stretch, layout.columns)) {
        const place = [column * pitch, row * pitch, columns * pitch, rows * pitch] as const;
        context.clearRect(...place);
        if (stretch.letter !== '') context.fillRect(...place);
      }
    }
    this.#painted = cells;
  }

  #resize(layout: GridLayout): void {
    this.#scale = screenScale();
    const width = layout.columns * layout.pitch;
    const height = layout.rows * layout.pitch;
    this.canvas.width = Math.round(width * this.#scale);
    this.canvas.height = Math.round(height * this.#scale);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.#layout = layout;
    this.#painted = '';
    this.#tiles.clear();
  }

  /** One square with the gap beside it. Where the browser makes no pattern, its colour. */
  #tile(letter: string): CanvasPattern | string {
    const known = this.#tiles.get(letter);
    if (known !== undefined) return known;
    this.#palette ??= readPalette(this.canvas);
    const state = stateOfLetter(letter);
    const colour = this.#palette[state as keyof Palette] ?? this.#palette.queued;
    const drawn =
      this.#layout && drawTile({ layout: this.#layout, scale: this.#scale, state, colour, mark: this.#palette.mark });
    const tile = (drawn && this.#context?.createPattern(drawn, 'repeat')) ?? colour;
    this.#tiles.set(letter, tile);
    return tile;
  }
}

export function screenScale(): number {
  return window.devicePixelRatio || 1;
}

interface Tile {
  readonly layout: GridLayout;
  readonly scale: number;
  readonly state: StateWord;
  readonly colour: string;
  /** The colour of crosses and slashes. */
  readonly mark: string;
}

/** In pixels of the screen, so that edges are sharp however far the page is zoomed. */
function drawTile({ layout, scale, state, colour, mark }: Tile): HTMLCanvasElement {
  const tile = document.createElement('canvas');
  tile.width = tile.height = Math.round(layout.pitch * scale);
  const context = tile.getContext('2d');
  if (context === null) return tile;
  const side = Math.round(layout.side * scale);
  const line = Math.max(1, Math.round(scale));
  const isLarge = layout.side >= MIN_MARK;
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = line;
  const paintFrame = (): void => context.strokeRect(line / 2, line / 2, side - line, side - line);
  if (state === 'queued') paintFrame();
  else if (state === 'running' || state === 'retrying') {
    paintFrame();
    paintCore(context, { side, inset: (isLarge ? 2 : 1) * line, isRetry: state === 'retrying' });
  } else context.fillRect(0, 0, side, side);
  context.strokeStyle = mark;
  context.lineWidth = 1.25 * scale;
  if (isLarge) paintLines(context, side, MARKS[state] ?? []);
  return tile;
}

/** Running: a full core in the frame. Retrying: its lower half. */
function paintCore(
  context: CanvasRenderingContext2D,
  { side, inset, isRetry }: { side: number; inset: number; isRetry: boolean },
): void {
  const top = isRetry ? Math.floor(side / 2) : inset;
  context.fillRect(inset, top, side - 2 * inset, side - inset - top);
}

type Line = readonly [fromX: number, fromY: number, toX: number, toY: number];

/** In parts of the inner side of a square. */
const MARKS: Readonly<Partial<Record<StateWord, readonly Line[]>>> = {
  failed: [
    [0, 0, 1, 1],
    [1, 0, 0, 1],
  ],
  cancelled: [[0, 1, 1, 0]],
  'timed out': [
    [0.5, 0, 0.5, 0.5],
    [0.5, 0.5, 1, 0.5],
  ],
};

function paintLines(context: CanvasRenderingContext2D, side: number, lines: readonly Line[]): void {
  const inset = side / 4;
  const inner = side - 2 * inset;
  context.beginPath();
  for (const [fromX, fromY, toX, toY] of lines) {
    context.moveTo(inset + fromX * inner, inset + fromY * inner);
    context.lineTo(inset + toX * inner, inset + toY * inner);
  }
  context.stroke();
}

/** The theme's colours, from the custom properties that style/states.css sets on every view. */
function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(`--farcall-${name.replace(' ', '-')}`).trim() || 'gray';
  return Object.fromEntries(COLOURS.map((name) => [name, read(name)])) as Record<(typeof COLOURS)[number], string>;
}

function isSame(a: GridLayout, b: GridLayout | undefined): boolean {
  return b !== undefined && a.rows === b.rows && a.columns === b.columns && a.pitch === b.pitch;
}
