// When schedules are due. The same cron expressions are checked by Python: test/python/test_schedules.py reads this table.

import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import type { Schedule } from '@farcall/kernel-bridge/wire';

import { lastDue, nextDue, scheduleFault, scheduleText } from '../../../runtime/src/gateway/due.js';

const at = (text: string): number => Date.parse(`${text}Z`) / 1000;
const shown = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19);
const NOTHING: Schedule = { kind: 'period', months: 0, seconds: 0, expression: '', timezone: 'UTC', input: '' };
const period = (seconds: number, months = 0): Schedule => ({ ...NOTHING, seconds, months });
const cron = (expression: string, timezone = 'UTC'): Schedule => ({ ...NOTHING, kind: 'cron', expression, timezone });

describe('a period', () => {
  const since = at('2026-01-31T10:00:00');
  test('counts from its start, not from its last run', () => {
    expect(lastDue(period(60), since, since + 59)).toBe(-Infinity);
    expect(lastDue(period(60), since, since + 60)).toBe(since + 60);
    expect(lastDue(period(60), since, since + 359)).toBe(since + 300);
    expect(nextDue(period(60), since, since + 359)).toBe(since + 360);
    expect(nextDue(period(60), since, since + 360)).toBe(since + 420);
  });
  test('of months goes by the calendar, and ends a short month on its last day', () => {
    const due = [1, 2, 13].map((steps) =>
      nextDue(period(0, 1), since, at('2026-01-31T10:00:00') + (steps - 1) * 31 * 86_400),
    );
    expect(due.map(shown)).toEqual(['2026-02-28T10:00:00', '2026-03-31T10:00:00', '2027-02-28T10:00:00']);
    expect(shown(lastDue(period(0, 12), since, at('2029-06-01T00:00:00')))).toBe('2029-01-31T10:00:00');
  });
  test('adds its months and its seconds up', () => {
    expect(shown(nextDue(period(3600, 1), since, since))).toBe('2026-02-28T11:00:00');
  });
  test('below a second, or below zero, is refused', () => {
    expect(scheduleFault(period(0.5))).toContain('at least a second');
    expect(scheduleFault(period(-1))).not.toBe('');
    expect(scheduleFault(period(0, 1e15))).toContain('a hundred years');
    expect(scheduleFault(period(NaN))).not.toBe('');
    expect(scheduleFault({ ...NOTHING, kind: 'sometimes' as never })).not.toBe('');
    expect(scheduleFault(period(1))).toBe('');
  });
});

describe('a cron expression', () => {
  test('is due on the minute, last and next', () => {
    const nine = cron('0 9 * * mon-fri');
    const since = at('2026-01-01T00:00:00');
    expect(shown(lastDue(nine, since, at('2026-01-02T09:00:00')))).toBe('2026-01-02T09:00:00');
    expect(shown(lastDue(nine, since, at('2026-01-05T08:59:59')))).toBe('2026-01-02T09:00:00');
    expect(shown(nextDue(nine, since, at('2026-01-02T09:00:00')))).toBe('2026-01-05T09:00:00');
  });
  test('that was never due since it began has no last time', () => {
    expect(lastDue(cron('0 9 * * *'), at('2026-01-02T09:00:00'), at('2026-01-02T20:00:00'))).toBe(-Infinity);
  });
  test('runs right after an hour that the clock leaps over, and once in one that it shows twice', () => {
    const night = cron('30 2 * * *', 'Europe/Berlin');
    const spring = nextDue(night, 0, at('2026-03-28T12:00:00'));
    expect(shown(spring)).toBe('2026-03-29T01:30:00');
    const autumn = nextDue(night, 0, at('2026-10-24T12:00:00'));
    expect(shown(nextDue(night, 0, autumn)).slice(0, 10)).toBe('2026-10-26');
  });
  test.each(
    JSON.parse(readFileSync(new URL('../../vectors/cron/expressions.json', import.meta.url), 'utf8')) as [
      string,
      boolean,
    ][],
  )('%s is taken here as in Python: %s', (expression, isTaken) => {
    expect(scheduleFault(cron(expression)) === '').toBe(isTaken);
  });
  test('in a time zone that is none is refused', () => {
    expect(scheduleFault(cron('0 9 * * *', 'Mars/Olympus'))).not.toBe('');
  });
});

test('schedules have words for lists', () => {
  expect(scheduleText(cron('0 9 * * *', 'Europe/Rome'))).toBe('0 9 * * * Europe/Rome');
  expect(scheduleText(period(90, 1))).toBe('every 1 months and 90 s');
  expect(scheduleText(undefined)).toBe('');
});
