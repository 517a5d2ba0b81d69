// Clients' messages that open, feed and end calls. Each becomes an event of the core; the replies are the core's commands.

import type { CallDerive, CallId, CallOpen, ClientId, FunctionId } from '@farcall/kernel-bridge/wire';

import type { Happening } from '../core/events.js';
import { type CallEntry, hasEnded, isYielding, methodOf } from './calls.js';
import {
  checkBlob,
  checkCallId,
  checkFunctionId,
  checkLengths,
  checkMethod,
  checkOneOf,
  checkParent,
  checkRange,
  checkTexts,
  invalid,
} from './checks.js';
import type { ClientSession } from './clients.js';
import type { Handlers } from './handlers.js';
import { ownedBy, personOf } from './people.js';
import { mustHold, mustReach } from './nested.js';
import type { Parts, Source } from './parts.js';
import { Refusal } from './refusal.js';
import { kept, u32Of } from './tables.js';

const FAILURE_POLICIES = ['continue', 'stop_after', 'stop_all'];
/** Fed but not durable, over all clients: beyond it nothing more is read from whoever feeds. */
const UNCOMMITTED_LIMIT = 64 * 1024 * 1024;
/** The same in operations: what one commit lets the gateway say at once delays everybody. */
const UNCOMMITTED_OPERATIONS = 256;

export const callMessages: Handlers<ClientSession> = {
  'call.open': (parts, client, message, payload) => {
    checkOpening(parts, message);
    checkOneOf(message.kind, ['remote', 'map', 'spawn', 'spawn_map'], 'kind');
    checkOneOf(message.on_owner_lost, ['finish', 'cancel'], 'on_owner_lost');
    checkParent(message.parent);
    if (alreadyOpen(parts, client, message)) return;
    mustHold(parts, client, message.parent);
    mustHaveRoom(parts);
    open(parts, client, message, {
      ...common(parts, message, client, payload),
      kind: message.kind,
      on_owner_lost: message.on_owner_lost,
      ...(message.parent === undefined ? {} : { parent: message.parent }),
    });
    keepPace(parts, client);
  },

  'call.derive': (parts, client, message, payload) => {
    checkOpening(parts, message);
    checkCallId(message.base);
    if (alreadyOpen(parts, client, message)) return undefined;
    mustReach(parts, client, message.base);
    mustHaveRoom(parts);
    return parts.calls.openingOf(message.call_id, () => derive(parts, client, message, payload));
  },

  'inputs.put': (parts, client, message, payload) => {
    const { call_id, first, count } = message;
    checkRange(first, count);
    if (isOver(parts, client, call_id))
      return parts.commits.fact(call_id, () =>
        client.send({ type: 'inputs.accepted', call_id, through: first + count }),
      );
    const lengths = checkLengths(message.lengths, count, message.blobs, payload);
    mustBeOpen(parts, client, call_id);
    mustHaveRoom(parts);
    const bytes = kept(payload);
    const chunk = {
      call: call_id,
      first,
      count,
      lengths: bytes === payload ? lengths : lengths.slice(),
      blobs: message.blobs ?? [],
      payload: bytes,
    };
    parts.apply({ type: 'inputs.arrived', call: call_id, first, count, bytes: payload.length }, { client, chunk });
    keepPace(parts, client);
  },

  'call.seal': (parts, client, message) => {
    checkRange(0, message.count);
    const { call_id, count } = message;
    if (isOver(parts, client, call_id))
      return parts.commits.fact(call_id, () => client.send({ type: 'call.sealed', call_id, count }));
    mustBeOpen(parts, client, call_id);
    parts.apply({ type: 'call.sealed', call: call_id, count }, { client });
  },

  'call.cancel': async (parts, client, message) => {
    checkOneOf(message.scope, ['all', 'queued'], 'scope');
    const { call_id, request, scope, terminate } = message;
    mustReach(parts, client, call_id);
    if (parts.core.call(call_id) === undefined) await parts.calls.find(call_id);
    if (parts.core.call(call_id) !== undefined)
      parts.apply({ type: 'call.cancelled', call: call_id, scope, terminate }, { client, request });
    else client.send({ type: 'call.cancelled', request, call_id });
  },

  'call.detach': (parts, client, message) => {
    mustReach(parts, client, message.call_id);
    if (parts.core.call(message.call_id) !== undefined)
      parts.apply({ type: 'call.detached', call: message.call_id }, { client });
  },
};

function checkOpening(parts: Parts, message: CallOpen | CallDerive): void {
  checkCallId(message.call_id);
  parts.calls.mustBeOurs(message.call_id);
  if (message.type === 'call.open' || message.function_id !== '') mustKnow(parts, message.function_id as FunctionId);
  checkOneOf(message.on_failure, FAILURE_POLICIES, 'on_failure');
  checkTexts(message.bindings, 'bindings');
  checkTexts(message.sources, 'sources');
  checkBlob(message.blob);
  checkMethod(message.method);
}

function mustKnow(parts: Parts, fn: FunctionId): void {
  checkFunctionId(fn);
  if (parts.functions.get(fn) === undefined) throw new Refusal('not.found', `function ${fn} was not put`);
}

/** A resend: the call is known, whatever became of it. */
function alreadyOpen(parts: Parts, client: ClientSession, message: CallOpen | CallDerive): boolean {
  const { call_id, request } = message;
  if (!parts.calls.isKnown(call_id)) return false;
  mustBeOwn(parts, client, call_id);
  parts.commits.fact(call_id, () => client.send({ type: 'call.accepted', request, call_id }));
  return true;
}

function mustBeOwn(parts: Parts, client: ClientSession, call: CallId): void {
  if (client.inside !== undefined) mustReach(parts, client, call);
}

function mustBeOpen(parts: Parts, client: ClientSession, call: CallId): void {
  mustReach(parts, client, call);
  if (parts.core.call(call) !== undefined) return;
  parts.calls.mustBeOurs(call);
  throw new Refusal('not.found', `call ${call} is not open here`);
}

/** Whoever feeds it had not heard that all is durable; or it was cancelled, and this is what was left of its inputs. */
function isOver(parts: Parts, client: ClientSession, call: CallId): boolean {
  if (!hasEnded(parts, call)) return false;
  mustReach(parts, client, call);
  return true;
}

/** Who feeds faster than the store takes is not read until it has caught up. */
function keepPace({ commits }: Parts, client: ClientSession): void {
  if (commits.waitingBytes > UNCOMMITTED_LIMIT || commits.waitingCount > UNCOMMITTED_OPERATIONS)
    client.connection.hold(commits.idle());
}

function mustHaveRoom(parts: Parts): void {
  if (parts.commits.isFull)
    throw new Refusal('resource.exhausted', 'the disk of the gateway is nearly full; what runs goes on');
}

function common(
  parts: Parts,
  message: (CallOpen | CallDerive) & { readonly function_id: FunctionId },
  client: ClientSession,
  payload: Uint8Array,
): Omit<CallEntry, 'kind' | 'on_owner_lost'> {
  return {
    id: message.call_id,
    function: message.function_id,
    on_failure: message.on_failure,
    client: client.id,
    origin: message.origin.slice(0, 500),
    bindings: message.bindings,
    sources: message.sources,
    created_at: Date.now() / 1000,
    ...parts.traces.opened(message),
    ...methodOf(message),
    ...ownedBy(personOf(parts, client, 'parent' in message ? message.parent : undefined)),
    shared: message.blob === undefined ? { bytes: kept(payload) } : { blob: message.blob },
  };
}

function open(parts: Parts, client: ClientSession, message: CallOpen | CallDerive, opening: CallEntry): void {
  openCall(parts, opening, message.attached, { client, request: message.request });
}

/** Whether the core took it. The call's client is the opening's, whoever asked. */
export function openCall(parts: Parts, opening: CallEntry, attached: boolean, source: Source): boolean {
  const happening: Happening = {
    type: 'call.opened',
    opening: {
      call: opening.id,
      function: opening.function,
      kind: opening.kind,
      onFailure: opening.on_failure,
      onOwnerLost: opening.on_owner_lost,
      attached,
      client: opening.client as ClientId,
      origin: opening.origin,
      calls: Object.values(opening.bindings),
      ...(isYielding(opening.method) ? { yields: true } : {}),
      ...(opening.parent === undefined ? {} : { parent: opening.parent }),
      ...(opening.base === undefined
        ? {}
        : { base: { call: opening.base, indexes: opening.indexes ?? new Uint32Array(0) } }),
    },
  };
  parts.calls.put(opening);
  const isTaken = parts.apply(happening, { ...source, opening });
  if (!isTaken) giveUp(parts, opening.id);
  return isTaken;
}

/** A call that the core did not take. */
function giveUp(parts: Parts, call: CallId): void {
  parts.calls.forget(call);
  parts.traces.ended(call, 'failed');
}

async function derive(parts: Parts, client: ClientSession, message: CallDerive, payload: Uint8Array): Promise<void> {
  const base = await parts.calls.find(message.base);
  const indexes = message.indexes.length > 0 ? u32Of(kept(message.indexes)) : await unsucceeded(parts, base.id);
  const { function_id: named } = message;
  const before = named === '' ? await asBefore(parts, base) : {};
  if (alreadyOpen(parts, client, message)) return;
  open(parts, client, message, {
    ...common(parts, { ...message, function_id: named || base.function }, client, payload),
    ...before,
    kind: base.kind,
    on_owner_lost: 'finish',
    base: base.id,
    indexes,
    ...(base.parent === undefined ? {} : { parent: base.parent }),
  });
}

/** What made a call's inputs run as they did. */
async function asBefore(parts: Parts, base: CallEntry): Promise<Partial<CallEntry>> {
  const { function: fn, bindings, sources } = base;
  mustKnow(parts, fn);
  return { function: fn, bindings, sources, ...methodOf(base), shared: await parts.calls.shared(base) };
}

/** The inputs of a call that did not succeed, in order, as the store has it. */
async function unsucceeded(parts: Parts, call: CallId): Promise<Uint32Array> {
  const found = await parts.store.call(call);
  const inputs = Math.max(found?.row.inputs ?? 0, parts.core.call(call)?.inputs ?? 0);
  if (inputs === 0) throw invalid(`${call} has no inputs to run again`);
  const succeeded = await parts.streams.succeeded(call, inputs);
  return Uint32Array.from({ length: inputs }, (_, index) => index).filter((index) => succeeded[index] === 0);
}
