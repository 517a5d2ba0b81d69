// When the containers of a map worked: a lane each, drawn on one canvas, with its name and its share of busy time beside
// it as text.

import type { LaneView, TimesView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useRef } from 'react';

import { formatAbsolute, formatCount, formatDuration } from '../model/format';
import { busyShare, timeSpan } from '../model/times';
import { useTheme, useWidth } from './hooks';
import { useServices } from './services';
import { LANE_HEIGHT, TimelinePainter } from './timeline-painter';

export function Timeline({ times }: { readonly times: TimesView }): JSX.Element {
  const { trans } = useServices();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(frame);
  const theme = useTheme();
  useEffect(() => {
    if (canvas.current !== null && width > 0) new TimelinePainter(canvas.current).paint(times.lanes, width);
  }, [times, width, theme]);
  const span = timeSpan(times);
  return (
    <section className="farcall-Timeline" aria-label={trans.__('When containers worked')}>
      <p className="farcall-Times-title">{title(times, trans)}</p>
      <div className="farcall-Timeline-lanes">
        <ul aria-label={trans.__('Containers')}>
          {times.lanes.map((lane) => (
            <li key={lane.container_id} title={laneText(lane, trans)} style={{ height: LANE_HEIGHT }}>
              <code>{laneName(lane)}</code>
              <span>{percent(lane)}</span>
            </li>
          ))}
        </ul>
        <div ref={frame} className="farcall-Timeline-frame">
          <canvas ref={canvas} role="img" aria-label={trans.__('A lane a container, over %1', formatDuration(span))} />
        </div>
      </div>
      <div className="farcall-Timeline-scale" aria-hidden="true">
        <span title={formatAbsolute(times.began)}>0 s</span>
        <span title={formatAbsolute(times.began + span)}>{formatDuration(span)}</span>
      </div>
      {times.lanes.some(({ failed }) => failed.length > 0) && (
        <p className="farcall-Timeline-hint">{trans.__('A notch below a lane marks where an input failed')}</p>
      )}
    </section>
  );
}

function title({ lanes, more }: TimesView, trans: TranslationBundle): string {
  const count = lanes.length + more;
  const all = trans._n('%2 container over time', '%2 containers over time', count, formatCount(count));
  return more === 0 ? all : trans.__('%1, the first %2', all, formatCount(lanes.length));
}

function laneText(lane: LaneView, trans: TranslationBundle): string {
  return trans._n(
    '%2: %3 input, busy %4 of the time',
    '%2: %3 inputs, busy %4 of the time',
    lane.inputs,
    lane.container_id,
    formatCount(lane.inputs),
    percent(lane),
  );
}

/** Ids of one map differ at their end. */
function laneName({ container_id }: LaneView): string {
  return container_id.length <= 10 ? container_id : `${container_id.slice(0, 3)}…${container_id.slice(-4)}`;
}

function percent(lane: LaneView): string {
  return `${Math.round(busyShare(lane) * 100)} %`;
}
