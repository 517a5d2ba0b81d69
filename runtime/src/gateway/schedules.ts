// Starts functions when they are due: a call like any spawned one, with the origin "schedule". Once for each due time: the
// call's id says which one it is for, and what was obeyed is committed with it. What was missed while no gateway ran is
// made up for once, by the newest due time. One timer, for whatever is due next.

import { createHash } from 'node:crypto';

import type { CallId, ClientId } from '@farcall/kernel-bridge/wire';

import type { Entry } from './apps.js';
import { openCall } from './call-messages.js';
import { lastDue, nextDue } from './due.js';
import type { Parts } from './parts.js';

/** Whose the calls are: nobody's. */
const NOBODY = `cl-${'0'.repeat(26)}` as ClientId;
/** The wall clock may be set meanwhile. */
const LONGEST_WAIT_MS = 30_000;
const FULL_WAIT_MS = 1_000;
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export class Schedules {
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  constructor(private readonly parts: () => Parts) {}

  start(): void {
    this.#isOn = true;
    this.look();
  }

  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  /** Starts what is due, and waits for what is due next. Also when schedules came or went. */
  look(): void {
    if (!this.#isOn) return;
    clearTimeout(this.#timer);
    const { apps, commits } = this.parts();
    const now = Date.now() / 1000;
    let next = Infinity;
    for (const entry of apps.scheduled()) {
      const { schedule } = entry.function;
      if (schedule === undefined) continue;
      const due = lastDue(schedule, entry.since, now);
      if (due > entry.due && !commits.isFull) this.#obey(entry, due);
      next = Math.min(next, nextDue(schedule, entry.since, now));
    }
    const waitMs = commits.isFull ? FULL_WAIT_MS : Math.max(1, next * 1000 - Date.now());
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.look(), Math.min(waitMs, LONGEST_WAIT_MS)).unref();
  }

  #obey(entry: Entry, due: number): void {
    const parts = this.parts();
    entry.due = due;
    const call = callIdOf(parts.store.id, entry, due);
    parts.store
      .call(call)
      .then((known) => {
        if (known === undefined && parts.calls.get(call) === undefined) start(parts, entry, call, due);
      })
      .catch((error: unknown) => parts.log.error({ err: error, app: entry.app, call }, 'schedule'));
  }
}

function start(parts: Parts, entry: Entry, call: CallId, due: number): void {
  const { app, client, shared } = entry;
  const { name, function_id, bindings, sources, is_generator, schedule } = entry.function;
  const payload = Buffer.from(schedule?.input ?? '', 'base64');
  const opening = {
    id: call,
    function: function_id,
    kind: 'spawn',
    on_failure: 'continue',
    on_owner_lost: 'finish',
    client: NOBODY,
    origin: 'schedule',
    bindings,
    sources,
    created_at: Date.now() / 1000,
    shared,
  } as const;
  parts.log.info({ app, function: name, call, due, is_generator }, 'schedule.due');
  if (openCall(parts, opening, false, {})) {
    const chunk = { call, first: 0, count: 1, lengths: Uint32Array.of(payload.length), blobs: [], payload };
    parts.apply({ type: 'inputs.arrived', call, first: 0, count: 1, bytes: payload.length }, { chunk });
    parts.apply({ type: 'call.sealed', call, count: 1 });
    parts.apply({ type: 'client.lost', client: NOBODY });
  } else parts.log.warn({ app, function: name, call }, 'schedule.refused');
  if (client === '') parts.commits.persist({ put: 'app.due', app, name, due });
}

/** The same for the same due time of the same name, so that none is obeyed twice. */
function callIdOf(store: string, { app, client, function: { name } }: Entry, due: number): CallId {
  const digest = createHash('sha256')
    .update(JSON.stringify([app, name, client, due]))
    .digest();
  let time = '';
  for (let left = Math.floor(due * 1000), at = 0; at < 10; at += 1, left = Math.floor(left / 32))
    time = (CROCKFORD[left % 32] ?? '0') + time;
  const rest = [...digest.subarray(0, 16)].map((byte) => CROCKFORD[byte % 32] ?? '0').join('');
  return `fc-${store}${time}${rest}` as CallId;
}
