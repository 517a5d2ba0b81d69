// The histogram of durations: a bar for each range, on a scale where each is as many times longer as the one before. For a
// screen reader it is one image with a sentence; the slowest inputs stand beside it as a list.

import type { TimesView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useRef } from 'react';

import { formatCount, formatDuration } from '../model/format';
import type { HistogramBar } from '../model/times';
import { bars, MAX_BARS } from '../model/times';
import { useWidth } from './hooks';
import { useServices } from './services';

/** A bar and the gap beside it, in pixels; narrow cards have fewer bars. */
const MIN_BAR = 7;

export function Histogram({ times }: { readonly times: TimesView }): JSX.Element {
  const { trans } = useServices();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const shown = bars(times, Math.max(4, Math.min(MAX_BARS, Math.floor(width / MIN_BAR))));
  const [first, last] = [shown[0], shown.at(-1)];
  return (
    <div className="farcall-Histogram">
      <div ref={frame} className="farcall-Histogram-bars" role="img" aria-label={sentence(shown, trans)}>
        {shown.map((bar) => (
          <span key={bar.from} className="farcall-Histogram-slot" title={barText(bar, trans)}>
            <span className="farcall-Histogram-bar" data-empty={bar.count === 0} style={{ height: heightOf(bar) }} />
          </span>
        ))}
      </div>
      <div className="farcall-Histogram-scale" aria-hidden="true">
        <span>{formatDuration(first?.from ?? 0)}</span>
        <span>{formatDuration(last?.to ?? 0)}</span>
      </div>
    </div>
  );
}

/** One input among a million still has a bar. */
function heightOf({ count, height }: HistogramBar): string {
  return count === 0 ? '0' : `max(2px, ${(height * 100).toFixed(1)}%)`;
}

function barText({ from, to, count }: HistogramBar, trans: TranslationBundle): string {
  return trans._n(
    '%2 input took %3 to %4',
    '%2 inputs took %3 to %4',
    count,
    formatCount(count),
    formatDuration(from),
    formatDuration(to),
  );
}

function sentence(shown: readonly HistogramBar[], trans: TranslationBundle): string {
  const tallest = shown.reduce((most, bar) => (bar.count > most.count ? bar : most), {
    from: 0,
    to: 0,
    count: 0,
    height: 0,
  });
  return trans.__('Histogram of durations; the most frequent: %1', barText(tallest, trans));
}
