// Times of a map as the kernel would send them.

import type { TimesView } from '@farcall/kernel-bridge/notebook';

import { NOW } from './calls';

/** Three containers for 40 s; most inputs took about a second, a few ten times as long. */
export function timesView(some: Partial<TimesView>): TimesView {
  const busy = (from: number, to: number): string =>
    Array.from({ length: 120 }, (_, bin) => (bin < from || bin > to ? 0 : 4 + ((bin * 7 + from) % 6))).join('');
  return {
    first: 280,
    durations: Array.from({ length: 80 }, (_, bin) =>
      Math.round(40 * Math.exp(-(((bin - 20) / 8) ** 2)) + (bin > 70 ? 2 : 0)),
    ),
    slowest: [
      { index: 412, state: 'succeeded', seconds: 15.2 },
      { index: 7, state: 'failed', seconds: 14.8 },
      { index: 98, state: 'timed out', seconds: 14.1 },
    ],
    began: NOW - 40,
    width: 40 / 120,
    lanes: [
      { container_id: 'co-01JD8X4V9K3T7QH2M5RWCE6YBN', inputs: 140, busy: busy(0, 119), failed: [] },
      { container_id: 'co-01JD8X4V9K3T7QH2M5RWCE6YBP', inputs: 120, busy: busy(12, 119), failed: [40, 41, 77] },
      { container_id: 'co-01JD8X4V9K3T7QH2M5RWCE6YBQ', inputs: 60, busy: busy(30, 96), failed: [] },
    ],
    more: 0,
    ...some,
  };
}
