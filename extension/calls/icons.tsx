// One icon a state, the same everywhere. Each differs in shape, so that colour is never the only sign; the word stands
// beside it, so icons are hidden from screen readers.

import type { StateWord } from '../model/state';

/** Paths in a 16 × 16 box, drawn as strokes; the dot of `running` is filled by CSS. */
const STROKES: Readonly<Record<StateWord, string>> = {
  queued: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11',
  starting: 'M5.5 8h.01M8 8h.01M10.5 8h.01M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11',
  running: 'M8 2.5a5.5 5.5 0 0 1 5.5 5.5',
  retrying: 'M13 8a5 5 0 1 1-1.6-3.7M13.2 2.2v2.9h-2.9',
  succeeded: 'M3.2 8.6l3.2 3.2l6.4-7.2',
  failed: 'M4 4l8 8M12 4l-8 8',
  cancelled: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4.2 11.8l7.6-7.6',
  'timed out': 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3.2l2.2 1.6',
  done: 'M3.2 8.6l3.2 3.2l6.4-7.2',
  incomplete: 'M8 2.5a5.5 5.5 0 0 0 0 11M8 2.5a5.5 5.5 0 0 1 0 11M8 5v3.4M8 10.9h.01',
};

export function StateIcon({ state }: { readonly state: StateWord }): JSX.Element {
  return (
    <svg className="farcall-Icon" data-state={state} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {state === 'running' && <circle className="farcall-Icon-track" cx="8" cy="8" r="5.5" />}
      <path d={STROKES[state]} />
    </svg>
  );
}

/** Small marks of buttons and lines. */
const GLYPHS = {
  close: 'M4 4l8 8M12 4l-8 8',
  previous: 'M10 3.5L5.5 8l4.5 4.5',
  next: 'M6 3.5L10.5 8L6 12.5',
  waiting:
    'M4.5 2.5h7M4.5 13.5h7M5.5 2.5c0 3 2.5 3.5 2.5 5.5s-2.5 2.5-2.5 5.5M10.5 2.5c0 3-2.5 3.5-2.5 5.5s2.5 2.5 2.5 5.5',
  unplugged: 'M5.5 2.5v3M10.5 2.5v3M3.5 5.5h9v2a4.5 4.5 0 0 1-9 0zM8 12v2',
  problem: 'M8 2.2L14.3 13.3H1.7zM8 6.3v3.2M8 11.4h.01',
} as const;

export function Glyph({ name }: { readonly name: keyof typeof GLYPHS }): JSX.Element {
  return (
    <svg className="farcall-Icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={GLYPHS[name]} />
    </svg>
  );
}
