// Who may run again. The user's retries are for exceptions, timeouts and memory; the infrastructure's for containers that
// were lost under an input; and an input that was running in three dead containers is poison. Each has its own budget.

import { FAILED, QUEUED, RUNNING, TIMED_OUT, type FailureCode } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import type { Stretch } from './input.js';
import type { State } from './state.js';
import { fail } from './verdict.js';

const INFRASTRUCTURE_RETRIES = 8;
const DEADLY = 3;

/** Whether the user's policy lets this running input try again after a failure of its own. */
export function mayRetry(call: Call, index: number): boolean {
  if (call.yielded.has(index) || call.ending === 'cancelled') return false;
  return (call.spent.get(index)?.user ?? 0) < call.fn.spec.max_retries;
}

/** A running input failed and has retries left: queued again, after the policy's delay. */
export function retryLater(s: State, call: Call, index: number): void {
  const spent = call.spentOf(index);
  spent.user += 1;
  nextAttempt(s, call, { first: index, count: 1 });
  const delayMs = delayMsOf(call, spent.user);
  if (delayMs <= 0) return requeue(s, call, [{ first: index, count: 1 }]);
  call.delay(index);
  s.delays.add({ dueAt: s.now + delayMs, call, index });
  s.touch(call.fn);
}

/** Retries whose delay has passed stand in line again. */
export function queueDue(s: State): void {
  for (let due = s.delays.takeDue(s.now); due !== undefined; due = s.delays.takeDue(s.now)) {
    if (!due.call.undelay(due.index)) continue;
    requeue(s, due.call, [{ first: due.index, count: 1 }]);
  }
}

/** Running inputs that may have begun in a container that is gone: queued again under their next attempt, free of charge. */
export function runAgain(
  s: State,
  call: Call,
  ranges: readonly { readonly first: number; readonly count: number }[],
): void {
  for (const range of ranges) nextAttempt(s, call, range);
  requeue(s, call, ranges);
}

/** Running inputs that surely did not begin: queued again as if they had never left. */
export function unstart(s: State, call: Call, stretches: readonly Stretch[], weight: number): void {
  if (stretches.length === 0) return;
  call.giveBack(stretches, weight);
  call.fn.enlist(call);
  s.touch(call.fn);
}

/** The input failed by its user's own doing (timeout, memory) and its container is gone. */
export function chargeUser(
  s: State,
  call: Call,
  index: number,
  why: { status: number; code: FailureCode; message: string },
): void {
  if (mayRetry(call, index)) retryLater(s, call, index);
  else fail(s, call, index, why);
}

/** The input was lost with its container; it is not known to have caused it. */
export function chargeInfrastructure(s: State, call: Call, index: number, detail: string): void {
  const spent = call.spentOf(index);
  spent.infrastructure += 1;
  const isOver = spent.infrastructure > INFRASTRUCTURE_RETRIES || call.yielded.has(index);
  if (!isOver) return runAgain(s, call, [{ first: index, count: 1 }]);
  fail(s, call, index, {
    status: FAILED,
    code: 'container.lost',
    message: detail || 'the container was lost, again and again',
  });
}

/** The input was running when its container died. */
export function chargeDeath(s: State, call: Call, index: number, detail: string): void {
  const spent = call.spentOf(index);
  spent.deaths += 1;
  if (spent.deaths < DEADLY) return chargeInfrastructure(s, call, index, detail);
  const message = `the input ended its container ${DEADLY} times: ${detail}`;
  fail(s, call, index, { status: FAILED, code: 'container.poison', message });
}

export function timedOut(call: Call): { status: number; code: FailureCode; message: string } {
  return {
    status: TIMED_OUT,
    code: 'user.timeout',
    message: `ran longer than its timeout of ${call.fn.spec.timeout} s`,
  };
}

function nextAttempt(s: State, call: Call, range: { readonly first: number; readonly count: number }): void {
  call.move(range.first, range.count, RUNNING, QUEUED);
  for (let index = range.first; index < range.first + range.count; index += 1) {
    const attempt = call.inputs.attempt(index) + 1;
    call.inputs.setAttempt(index, attempt);
    s.out.persist({ do: 'persist.attempt', call: call.id, index, attempt });
  }
}

function requeue(s: State, call: Call, ranges: readonly { readonly first: number; readonly count: number }[]): void {
  call.queue.giveBack(ranges.map(({ first, count }) => ({ first, count, weight: 0 })));
  call.fn.enlist(call);
  s.touch(call.fn);
}

function delayMsOf(call: Call, retry: number): number {
  const { initial_delay: initial, backoff, max_delay: longest } = call.fn.spec;
  return Math.min(initial * backoff ** (retry - 1), longest) * 1000;
}
