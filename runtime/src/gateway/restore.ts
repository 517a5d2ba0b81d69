// After a restart: tells the core what the store holds, before the door opens. Calls that ended stay in the store; of
// containers only those that once said hello can come back.

import type { ClientId, ContainerId } from '@farcall/kernel-bridge/wire';

import type { CallOpening } from '../core/events.js';
import type { CallRow, Restored, RestoredCall } from '../store/store.js';
import { entryOf, isYielding } from './calls.js';
import { ContainerSession } from './containers.js';
import { imageOf } from './images.js';
import { countOf } from './outcomes.js';
import type { Parts } from './parts.js';
import { asRescaling } from './scaling.js';

/** Calls of before the restart whose late resends are recognised. */
const PAST_CALLS = 1000;
const REGROUP_OUTCOMES = 65_536;

/** Returns the containers that may come back. */
export async function restore(parts: Parts): Promise<readonly ContainerId[]> {
  const restored = await parts.store.load();
  for (const row of restored.functions) {
    parts.functions.restore(row);
    const { function_id, environment, spec } = row;
    const image = imageOf(parts.identity, environment);
    parts.apply({
      type: 'function.put',
      function: function_id,
      environment: environment.environment_id,
      spec,
      ...image,
    });
  }
  for (const row of await parts.store.apps()) {
    parts.apps.deploy(row);
    const functions = row.names.map(({ function: { function_id } }) => function_id);
    parts.apply({ type: 'app.deployed', app: row.app, functions });
  }
  for (const row of await parts.store.scaling()) parts.apply({ type: 'autoscaler.restored', ...asRescaling(row) });
  for (const call of restored.calls) restoreCall(parts, call);
  await parts.objects.restore();
  const past = await parts.store.calls(PAST_CALLS);
  parts.calls.past(past.map(({ row }) => row.call_id));
  return restoreContainers(parts, restored);
}

function restoreCall(parts: Parts, { row, settled, attempts, hasChildren }: RestoredCall): void {
  parts.calls.put(entryOf(row));
  if (hasChildren) parts.calls.noteChild(row.call_id);
  parts.streams.publish(row.call_id, row.seq);
  void regroup(parts, row).catch((error: unknown) => parts.log.error({ err: error, call: row.call_id }, 'failures'));
  const { inputs, sealed, state, seq, created_at: createdAt, started_at: startedAt, ended_at: endedAt } = row;
  const times = { createdAt, startedAt, endedAt };
  parts.apply({
    type: 'call.restored',
    opening: openingOf(row),
    inputs,
    sealed,
    state,
    settled,
    attempts,
    seq,
    ...times,
  });
}

function openingOf(row: CallRow): CallOpening {
  const { indexes } = entryOf(row);
  return {
    call: row.call_id,
    function: row.function_id,
    kind: row.kind,
    onFailure: row.on_failure,
    onOwnerLost: row.on_owner_lost,
    attached: row.attached,
    client: row.client as ClientId,
    origin: row.origin,
    calls: Object.values(row.bindings),
    ...(isYielding(row.method) ? { yields: true } : {}),
    ...(row.parent === undefined ? {} : { parent: row.parent }),
    ...(row.base === undefined ? {} : { base: { call: row.base, indexes: indexes ?? new Uint32Array(0) } }),
  };
}

/** The groups of failures of before, for views. */
async function regroup(parts: Parts, { call_id, seq: end }: CallRow): Promise<void> {
  for (let seq = 0; seq < end;) {
    const rows = await parts.store.outcomes(call_id, seq, Math.min(REGROUP_OUTCOMES, end - seq), 'tables');
    for (const row of rows) if (row.seq >= seq) parts.failures.add(row);
    const last = rows.at(-1);
    if (last === undefined) return;
    seq = last.seq + countOf(last);
  }
}

function restoreContainers(parts: Parts, { containers }: Restored): readonly ContainerId[] {
  const back = containers.filter(({ key_hash, gone }) => !gone && key_hash !== '');
  parts.journal.keepOnly(new Set(back.map(({ container_id }) => container_id)));
  for (const { container_id, function_id, key_hash } of back) {
    const container = new ContainerSession(container_id as ContainerId, function_id);
    container.isAwaited = true;
    const leases = parts.journal.of(container.id);
    const newest = parts.journal.newest(container.id);
    for (const lease of leases) container.leases.set(lease.lease, lease);
    parts.containers.add(container);
    parts.tokens.restore(container.id, key_hash);
    parts.apply({ type: 'container.restored', container: container.id, function: function_id, leases, newest });
  }
  return back.map(({ container_id }) => container_id as ContainerId);
}
