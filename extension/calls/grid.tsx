// The grid: one square an input (or a bin of them) on a canvas, one tab stop. Arrow keys move a cursor, Enter opens what
// is under it. The table beside it says the same in a form that screen readers know.

import type { LiveCall } from '@farcall/kernel-bridge/notebook';
import type { KeyboardEvent, MouseEvent } from 'react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { TranslationBundle } from '@jupyterlab/translation';

import { formatCount } from '../model/format';
import type { GridLayout, Members } from '../model/grid';
import { layoutGrid, membersOf, moveSquare, roomOf, squareAt } from '../model/grid';
import { stateLabel, stateOfLetter } from '../model/state';
import { GridPainter, screenScale } from './grid-painter';
import { useTheme, useWidth } from './hooks';
import { useLabels } from './labelling';
import { useServices } from './services';
import { OWN_KEYS } from './own-keys';

export interface GridProps {
  readonly call: LiveCall;
  readonly onOpen: (members: Members) => void;
}

/** A square is looked at, not merely passed over. */
const LOOK_MS = 120;

/** One tab stop, moved with the arrow keys. */
const SLIDER = { ...OWN_KEYS, role: 'slider', tabIndex: 0 } as const;

export function Grid({ call, onOpen }: GridProps): JSX.Element {
  const { trans } = useServices();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(frame);
  const layout = useLayout(call, width);
  const [cursor, setCursor] = useState(0);
  const [hovered, setHovered] = useState<number>();
  const [isFocused, setFocused] = useState(false);
  usePainter(canvas, call.cells, layout);
  const current = Math.min(cursor, layout.cells - 1);
  const shown = hovered ?? (isFocused ? current : undefined);
  const label = useLabels(shown === undefined || call.cell > 1 ? [] : [shown], LOOK_MS);

  const openSquare = (square: number | undefined): void => {
    if (square === undefined) return;
    setCursor(square);
    onOpen(membersOf(call, square));
  };
  const frameOnKey = (event: KeyboardEvent): void => {
    const next = moveSquare(layout, current, event.key);
    if (event.key === 'Enter' || event.key === ' ') openSquare(current);
    else if (next !== undefined) setCursor(next);
    else return;
    event.preventDefault();
  };
  const squareUnder = ({ nativeEvent }: MouseEvent): number | undefined =>
    squareAt(layout, nativeEvent.offsetX, nativeEvent.offsetY);

  return (
    <div className="farcall-Grid">
      <div
        ref={frame}
        className="farcall-Grid-frame"
        {...SLIDER}
        aria-roledescription={trans.__('grid of inputs')}
        aria-label={trans.__('Inputs; arrow keys move, Enter opens')}
        aria-valuemin={0}
        aria-valuemax={layout.cells - 1}
        aria-valuenow={current}
        aria-valuetext={squareText(call, current, label, trans)}
        onKeyDown={frameOnKey}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
      >
        <canvas
          ref={canvas}
          aria-hidden="true"
          onClick={(event) => openSquare(squareUnder(event))}
          onMouseMove={(event) => setHovered(squareUnder(event))}
          onMouseLeave={() => setHovered(undefined)}
        />
        {shown !== undefined && (
          <Cursor square={shown} columns={layout.columns} pitch={layout.pitch} side={layout.side} />
        )}
      </div>
      <div className="farcall-Grid-hint" aria-hidden="true">
        {shown === undefined ? legendOfBins(call, trans) : squareText(call, shown, label, trans)}
      </div>
    </div>
  );
}

interface CursorProps {
  readonly square: number;
  readonly columns: number;
  readonly pitch: number;
  readonly side: number;
}

function Cursor({ square, columns, pitch, side }: CursorProps): JSX.Element {
  const left = (square % columns) * pitch;
  const top = Math.floor(square / columns) * pitch;
  return (
    <span className="farcall-Grid-cursor" style={{ left: left - 2, top: top - 2, width: side + 4, height: side + 4 }} />
  );
}

function useLayout(call: LiveCall, width: number): GridLayout {
  const [cells, room, scale] = [call.cells.length, roomOf(call), screenScale()];
  return useMemo(() => layoutGrid(cells, Math.max(width, 60), { room, scale }), [cells, room, scale, width]);
}

function usePainter(canvas: React.RefObject<HTMLCanvasElement>, cells: string, layout: GridLayout): void {
  const painter = useRef<GridPainter>();
  const theme = useTheme();
  useEffect(() => painter.current?.forgetColours(), [theme]);
  useEffect(() => {
    if (canvas.current === null) return;
    painter.current ??= new GridPainter(canvas.current);
    painter.current.paint(cells, layout);
  }, [canvas, cells, layout, theme]);
}

function squareText(
  call: LiveCall,
  square: number,
  label: (index: number) => string,
  trans: TranslationBundle,
): string {
  const { first, count } = membersOf(call, square);
  const state = stateLabel(stateOfLetter(call.cells[square]), trans);
  if (count <= 1) {
    const name = label(first);
    if (name === '') return trans.__('Input %1: %2', formatCount(first), state);
    return trans.__('Input %1, %2: %3', formatCount(first), name, state);
  }
  return trans.__('Inputs %1 to %2, the worst: %3', formatCount(first), formatCount(first + count - 1), state);
}

function legendOfBins(call: LiveCall, trans: TranslationBundle): string {
  if (call.cell === 1) return trans.__('One square an input');
  return trans.__('One square for %1 inputs, showing the worst', formatCount(call.cell));
}
