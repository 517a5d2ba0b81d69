// Containers' messages. What they say becomes events of the core; the bytes of their outcomes go with the event's source.

import {
  type FailureCode,
  FAILURES,
  type FailureSummary,
  type OutcomesPut,
  unpackMap,
} from '@farcall/kernel-bridge/wire';

import { hasEnded } from './calls.js';
import { checkLengths, invalid } from './checks.js';
import type { ContainerSession } from './containers.js';
import type { Handlers } from './handlers.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';
import { copied, f32Of, kept, u32Of } from './tables.js';

export const containerMessages: Handlers<ContainerSession> = {
  'container.ready': (parts, container) => {
    container.ready = true;
    parts.broken.delete(container.function_);
    parts.apply({ type: 'container.ready', container: container.id });
    parts.previews.ready(container);
  },

  'container.broken': (parts, container, _message, payload) => {
    const failure = summaryOfFailure(payload);
    parts.broken.set(container.function_, kept(payload));
    parts.log.warn(
      { container: container.id, function: container.function_, code: failure.code, kind: failure.kind },
      'container.broken',
    );
    parts.apply({ type: 'container.broken', container: container.id, failure });
  },

  'outcomes.put': (parts, container, message, payload) => {
    checkBatch(parts, container, message, payload);
    const batch = ownedBatch(message, payload);
    if (message.ended) {
      container.endLease(message.lease);
      parts.journal.ended(container.id, message.lease);
    }
    parts.outputs.attributed(container, message);
    const { seq, lease, call_id: call, statuses, attempt, ended } = batch.message;
    if (hasEnded(parts, call))
      return parts.commits.fact(call, () => container.sendSoon({ type: 'outcomes.acknowledged', through: seq }));
    parts.apply(
      {
        type: 'outcomes.arrived',
        container: container.id,
        seq,
        lease,
        call,
        attempt,
        ended,
        statuses,
        indexes: u32Of(batch.message.indexes),
        seconds: f32Of(batch.message.seconds),
      },
      { batch: { ...batch, container } },
    );
  },

  items: (parts, container, message, payload) => {
    checkLengths(message.lengths, message.lengths.length >>> 2, message.blobs, payload);
    mustRun(parts, container, message.call_id);
    const { call_id: call, index } = message;
    if (parts.calls.get(call) !== undefined && !parts.calls.isOpen(call)) return parts.items.refuse(message);
    if (parts.items.arrived(container, message, payload)) parts.apply({ type: 'items.arrived', call, index });
  },

  'container.waiting': (parts, container, { waiting, newest }) => {
    const still = newest === undefined ? {} : { newest };
    parts.apply({ type: 'container.waiting', container: container.id, waiting, ...still });
  },

  'preview.made': ({ previews }, container, message) => previews.made(container, message),
};

function checkBatch(parts: Parts, container: ContainerSession, message: OutcomesPut, payload: Uint8Array): void {
  const count = message.statuses.length;
  if (message.indexes.length !== 4 * count || message.seconds.length !== 4 * count)
    throw invalid('the tables of outcomes.put do not agree');
  checkLengths(message.lengths, count, message.blobs, payload);
  mustRun(parts, container, message.call_id);
  mustLease(container, message);
}

/** Under a lease that is known, it answers for that lease's inputs. One that is not may be of before a restart. */
function mustLease(container: ContainerSession, { lease, call_id, indexes }: OutcomesPut): void {
  const given = container.leases.get(lease);
  if (given === undefined) return;
  const end = given.first + given.count;
  if (given.call === call_id && u32Of(indexes).every((index) => index >= given.first && index < end)) return;
  throw new Refusal('not.allowed', `lease ${lease} of this container is not for these inputs`);
}

/** A container answers only for calls of its function. A call unknown here may come yet: its client sends it again. */
function mustRun(parts: Parts, container: ContainerSession, call: OutcomesPut['call_id']): void {
  const entry = parts.calls.get(call);
  if (entry !== undefined && entry.function !== container.function_)
    throw new Refusal('not.allowed', `${call} does not run in this container`);
}

/** The batch on bytes of its own, if keeping the frame would waste memory. */
function ownedBatch(
  message: OutcomesPut,
  payload: Uint8Array,
): { readonly message: OutcomesPut; readonly payload: Uint8Array } {
  const bytes = kept(payload);
  if (bytes === payload && payload.length > 0) return { message, payload };
  const { indexes, statuses, seconds, lengths } = message;
  return {
    message: {
      ...message,
      indexes: copied(indexes),
      statuses: copied(statuses),
      seconds: copied(seconds),
      lengths: copied(lengths),
    },
    payload: bytes,
  };
}

/** What views may know of a Failure payload, without unpickling anything. */
function summaryOfFailure(payload: Uint8Array): FailureSummary {
  const map = unpackMap(payload);
  const text = (field: string): string => (typeof map[field] === 'string' ? map[field].slice(0, 2000) : '');
  const code = text('code');
  return {
    index: 0,
    code: Object.hasOwn(FAILURES, code) ? (code as FailureCode) : 'container.start',
    kind: text('kind'),
    message: text('message'),
    where: text('where'),
  };
}
