// How much the core holds, kind by kind. Asked by whoever wants to know that nothing is kept for nothing: when no call is
// open and nobody is connected, all of it but the calls kept for a while and the containers kept on purpose is zero.

import type { State } from './state.js';

export interface Census {
  /** Known calls; those that are not ended; ended ones that wait to be dropped. */
  readonly calls: number;
  readonly open: number;
  readonly ended: number;
  /** Inputs that are queued or running, and those of the queued that wait for their retry's time. */
  readonly unsettled: number;
  readonly delayed: number;
  /** Retries on the clock, stale ones included. */
  readonly delays: number;
  /** Calls with ranges in their queue. */
  readonly queues: number;
  /** Inputs that have used some of their budgets. */
  readonly spent: number;
  /** As calls and as containers count them: the two agree. */
  readonly leases: number;
  readonly held: number;
  /** Calls whose inputs opened calls that are open. */
  readonly parents: number;
  readonly clients: number;
  readonly containers: number;
  /** Restored calls that wait for their containers; containers that have something to forget. */
  readonly heldBack: number;
  readonly forgetful: number;
}

export function censusOf(s: State): Census {
  const calls = [...s.calls.values()];
  const containers = [...s.containers.values()];
  const sum = (of: readonly number[]): number => of.reduce((total, count) => total + count, 0);
  return {
    calls: calls.length,
    open: s.openCalls,
    ended: s.ended.length,
    unsettled: sum(calls.map(({ inputs }) => inputs.unsettled)),
    delayed: sum(calls.map(({ delayed }) => delayed.size)),
    delays: s.delays.size,
    queues: calls.filter(({ queue }) => !queue.isEmpty).length,
    spent: sum(calls.map(({ spent }) => spent.size)),
    leases: sum(calls.map(({ leases }) => leases.size)),
    held: sum(containers.map(({ leases }) => leases.length)),
    parents: s.children.size,
    clients: s.clients.size,
    containers: containers.length,
    heldBack: s.heldBack.size,
    forgetful: s.forgetful.size,
  };
}
