// Numbers as people read them.

import { expect, test } from 'vitest';

import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatRate,
  shortId,
} from '../../../extension/model/format';

test.each([
  [0, '0'],
  [999, '999'],
  [1234, '1,234'],
  [1_000_000, '1,000,000'],
])('counts are grouped in thousands: %d', (count, text) => expect(formatCount(count)).toBe(text));

test.each([
  [0, '< 1 ms'],
  [0.0042, '4 ms'],
  [0.4, '0.4 s'],
  [12.3, '12.3 s'],
  [59.96, '1 m 0 s'],
  [200, '3 m 20 s'],
  [3599.7, '1 h 0 m'],
  [7260, '2 h 1 m'],
  [90_000, '1 d 1 h'],
  [NaN, '—'],
  [-1, '—'],
])('durations say what matters: %d s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test('a clock that counts shows whole seconds', () => {
  expect([0, 12.3, 59.6, 200].map(formatClock)).toEqual(['0 s', '12 s', '1 m 0 s', '3 m 20 s']);
});

test.each([
  [0, '0 B'],
  [512, '512 B'],
  [1536, '1.5 KiB'],
  [1.2 * 2 ** 30, '1.2 GiB'],
  [80 * 2 ** 30, '80.0 GiB'],
  [200 * 2 ** 20, '200 MiB'],
])('sizes are binary: %d', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0, '—'],
  [8100, '8,100/s'],
  [33.42, '33.4/s'],
  [0.5, '30.0/min'],
  [0.01, '36.0/h'],
])('rates change their unit rather than show zeros: %d', (rate, text) => expect(formatRate(rate)).toBe(text));

test('a long id keeps its beginning and its end', () => {
  expect(shortId('ct-01J9ZK3V7Q8W2X4Y6A5B0C')).toBe('ct-01J…5B0C');
  expect(shortId('ct-1')).toBe('ct-1');
});
