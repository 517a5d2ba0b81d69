// Paints the lanes of a timeline on a canvas: how much of each bin a container worked, and a notch where an input failed.
// Knows nothing of React.

import type { LaneView } from '@farcall/kernel-bridge/notebook';

import { strips } from '../model/times';

/** From one lane to the next, CSS pixels; the text beside them has the same height. */
export const LANE_HEIGHT = 18;
const BAR = 12;
const NOTCH = 4;

export class TimelinePainter {
  constructor(private readonly canvas: HTMLCanvasElement) {}

  paint(lanes: readonly LaneView[], width: number): void {
    const context = this.canvas.getContext('2d');
    if (context === null) return;
    const height = Math.max(1, lanes.length * LANE_HEIGHT);
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const colours = coloursOf(this.canvas);
    lanes.forEach((lane, at) => paintLane(context, { lane, top: at * LANE_HEIGHT, width, colours }));
  }
}

interface Colours {
  readonly ground: string;
  readonly busy: string;
  readonly failed: string;
}

interface LaneAt {
  readonly lane: LaneView;
  readonly top: number;
  readonly width: number;
  readonly colours: Colours;
}

function paintLane(context: CanvasRenderingContext2D, { lane, top, width, colours }: LaneAt): void {
  const base = top + 1 + BAR;
  context.fillStyle = colours.ground;
  context.fillRect(0, base - 1, width, 1);
  const bin = width / Math.max(1, lane.busy.length);
  for (const strip of strips(lane)) {
    // Edges on whole pixels, so that neighbours neither overlap nor leave a gap.
    const [left, right] = [Math.round(strip.bin * bin), Math.round((strip.bin + 1) * bin)];
    context.fillStyle = colours.busy;
    const height = Math.max(1, Math.round(strip.height * BAR));
    context.fillRect(left, base - height, Math.max(1, right - left), height);
    if (!strip.isFailed) continue;
    context.fillStyle = colours.failed;
    const middle = (left + right) / 2;
    context.beginPath();
    context.moveTo(middle, base);
    context.lineTo(middle + NOTCH, base + NOTCH);
    context.lineTo(middle - NOTCH, base + NOTCH);
    context.fill();
  }
}

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim() || 'gray';
  return { ground: read('--farcall-queued'), busy: read('--farcall-running'), failed: read('--farcall-failed') };
}
