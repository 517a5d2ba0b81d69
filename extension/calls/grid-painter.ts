// Paints squares on a canvas, only those that changed. Each state has its own shape as well as its colour: a failure is
// a full square with a cross, a queued input an empty one. Knows nothing of React.

import type { GridLayout } from '../model/grid';
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
  #painted = '';
  #palette: Palette | undefined;
  readonly #context: CanvasRenderingContext2D | null;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.#context = canvas.getContext('2d');
  }

  /** The theme changed: all colours are read again at the next paint. */
  forgetColours(): void {
    this.#palette = undefined;
    this.#painted = '';
  }

  paint(cells: string, layout: GridLayout): void {
    const context = this.#context;
    if (context === null) return;
    if (!isSame(layout, this.#layout)) this.#resize(layout);
    this.#palette ??= readPalette(this.canvas);
    const palette = this.#palette;
    for (let square = 0; square < layout.cells; square += 1) {
      if (cells[square] === this.#painted[square]) continue;
      paintSquare(context, { layout, square, state: stateOfLetter(cells[square]), palette });
    }
    this.#painted = cells;
  }

  #resize(layout: GridLayout): void {
    const scale = window.devicePixelRatio || 1;
    const width = layout.columns * layout.pitch;
    const height = layout.rows * layout.pitch;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.#context?.setTransform(scale, 0, 0, scale, 0, 0);
    this.#layout = layout;
    this.#painted = '';
  }
}

interface Square {
  readonly layout: GridLayout;
  readonly square: number;
  readonly state: StateWord;
  readonly palette: Palette;
}

function paintSquare(context: CanvasRenderingContext2D, { layout, square, state, palette }: Square): void {
  const { pitch, side, columns } = layout;
  const x = (square % columns) * pitch;
  const y = Math.floor(square / columns) * pitch;
  context.clearRect(x, y, pitch, pitch);
  const colour = palette[state as keyof Palette] ?? palette.queued;
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  if (state === 'queued') context.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
  else if (state === 'running' || state === 'retrying')
    paintMoving(context, { x, y, side, isRetry: state === 'retrying' });
  else context.fillRect(x, y, side, side);
  if (side < MIN_MARK) return;
  context.strokeStyle = palette.mark;
  context.lineWidth = 1.25;
  if (state === 'failed')
    paintLines(
      context,
      [x, y, side],
      [
        [0, 0, 1, 1],
        [1, 0, 0, 1],
      ],
    );
  if (state === 'cancelled') paintLines(context, [x, y, side], [[0, 1, 1, 0]]);
  if (state === 'timed out')
    paintLines(
      context,
      [x, y, side],
      [
        [0.5, 0, 0.5, 0.5],
        [0.5, 0.5, 1, 0.5],
      ],
    );
}

/** Running: a frame with a full core. Retrying: a frame with its lower half full. */
function paintMoving(
  context: CanvasRenderingContext2D,
  at: { x: number; y: number; side: number; isRetry: boolean },
): void {
  const { x, y, side, isRetry } = at;
  context.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
  const inset = side >= MIN_MARK ? 2 : 1;
  const top = isRetry ? Math.floor(side / 2) : inset;
  context.fillRect(x + inset, y + top, side - 2 * inset, side - inset - top);
}

/** Lines between points of the square, given in parts of its inner side. */
function paintLines(
  context: CanvasRenderingContext2D,
  [x, y, side]: readonly [number, number, number],
  lines: readonly (readonly [number, number, number, number])[],
): void {
  const inset = side / 4;
  const inner = side - 2 * inset;
  context.beginPath();
  for (const [fromX, fromY, toX, toY] of lines) {
    context.moveTo(x + inset + fromX * inner, y + inset + fromY * inner);
    context.lineTo(x + inset + toX * inner, y + inset + toY * inner);
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
  return b !== undefined && a.cells === b.cells && a.columns === b.columns && a.pitch === b.pitch;
}
