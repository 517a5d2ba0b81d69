// When a schedule is due. Pure: the time comes in, Unix seconds both ways. Cron expressions are croner's business, in the
// zone's own wall clock: what a clock leaps over runs right after it, what it shows twice runs once.

import { Cron } from 'croner';

import type { Schedule } from '@farcall/kernel-bridge/wire';

/** An average month, to guess from. */
const MONTH_S = (365.25 / 12) * 86_400;
const MOST_MONTHS = 1200;

/** Why it can never be due; empty: it can. */
export function scheduleFault(schedule: Schedule): string {
  const { kind, months, seconds } = schedule;
  if (kind === 'period') {
    const isWithin = months >= 0 && months <= MOST_MONTHS && seconds >= 0 && seconds <= MOST_MONTHS * MONTH_S;
    if (!Number.isSafeInteger(months) || !isWithin)
      return 'a period has months and seconds from 0 on, up to a hundred years';
    return months === 0 && seconds < 1 ? 'a period is at least a second' : '';
  }
  if (kind !== 'cron') return 'its kind is neither period nor cron';
  try {
    return cronOf(schedule).nextRun(new Date()) === null ? `${schedule.expression} is never due` : '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The first due time after `after`, of a schedule that began at `since`; Infinity: none. */
export function nextDue(schedule: Schedule, since: number, after: number): number {
  if (schedule.kind === 'period') return periodDue(schedule, since, stepsUntil(schedule, since, after) + 1);
  const next = cronOf(schedule).nextRun(new Date(Math.max(since, after) * 1000));
  return next === null ? Infinity : next.getTime() / 1000;
}

/** The last due time up to `now`, of a schedule that began at `since`; -Infinity: none yet. */
export function lastDue(schedule: Schedule, since: number, now: number): number {
  if (schedule.kind === 'period') {
    const steps = stepsUntil(schedule, since, now);
    return steps < 1 ? -Infinity : periodDue(schedule, since, steps);
  }
  // It looks before the second it is given.
  const [last] = cronOf(schedule).previousRuns(1, new Date((Math.floor(now) + 1) * 1000));
  const due = last === undefined ? -Infinity : last.getTime() / 1000;
  return due > since ? due : -Infinity;
}

/** In words, for lists. */
export function scheduleText(schedule: Schedule | undefined): string {
  if (schedule === undefined) return '';
  const { kind, months, seconds, expression, timezone } = schedule;
  if (kind === 'cron') return timezone === 'UTC' ? expression : `${expression} ${timezone}`;
  const parts = [...(months > 0 ? [`${months} months`] : []), ...(seconds > 0 ? [`${seconds} s`] : [])];
  return `every ${parts.join(' and ')}`;
}

function cronOf({ expression, timezone }: Schedule): Cron {
  return new Cron(expression, { paused: true, mode: '5-part', timezone });
}

/** How many times a period was due up to `now`. */
function stepsUntil(schedule: Schedule, since: number, now: number): number {
  let steps = Math.max(0, Math.floor((now - since) / (schedule.months * MONTH_S + schedule.seconds)));
  while (steps > 0 && periodDue(schedule, since, steps) > now) steps -= 1;
  while (periodDue(schedule, since, steps + 1) <= now) steps += 1;
  return steps;
}

/** The moment so many periods after `since`. A day that the month lacks is its last one. */
function periodDue({ months, seconds }: Schedule, since: number, steps: number): number {
  if (months === 0) return since + steps * seconds;
  const began = new Date(since * 1000);
  const moved = new Date(since * 1000);
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + steps * months);
  const days = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(began.getUTCDate(), days));
  return moved.getTime() / 1000 + (since % 0.001) + steps * seconds;
}
