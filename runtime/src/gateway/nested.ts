// The rule for clients inside containers: they may open and read calls beneath the input their container runs, and nothing
// else. People's clients may everything: one trust domain per gateway.

import type { CallId, FunctionId, Message, Parent } from '@farcall/kernel-bridge/wire';

import type { ClientSession } from './clients.js';
import type { Receiver } from './connection.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';

const DEEPEST = 64;

export function mustBeOutside(client: ClientSession): void {
  if (client.inside !== undefined) throw new Refusal('not.allowed', 'a function in a container may not do that');
}

/** Only the home's own token and those made with the scope `admin`. */
export function mustAdminister(client: ClientSession): void {
  if (client.connection.peer.principal.kind !== 'admin')
    throw new Refusal('not.allowed', "this needs an admin token: the one in the gateway's folder, or `--scope admin`");
}

/** A nested call names the input that its container runs. */
export function mustHold(parts: Parts, client: ClientSession, parent: Parent | undefined): void {
  if (client.inside === undefined) return;
  if (parent !== undefined && parts.containers.get(client.inside)?.holds(parent.call_id, parent.index) === true) return;
  throw new Refusal(
    'not.allowed',
    'a call from inside a container belongs beneath the input that runs there, and this is part of none: ' +
      'call inside a method or a function, not in a hook, nor in a thread that outlives its input',
  );
}

/** Code is for a container that runs a call which this version came with. */
export function mustHaveBrought(parts: Parts, client: ClientSession, function_: FunctionId): void {
  const container = client.inside === undefined ? undefined : parts.containers.get(client.inside);
  for (const { call } of container?.leases.values() ?? [])
    if (Object.values(parts.calls.get(call)?.bindings ?? {}).includes(function_)) return;
  throw new Refusal('not.allowed', `${function_} came with no call whose inputs run in this container`);
}

/** A nested client reads only calls whose chain of parents leads to an input of its own container. */
export function mustReach(parts: Parts, client: ClientSession, call: CallId): void {
  if (client.inside === undefined) return;
  const container = parts.containers.get(client.inside);
  let parent = parts.calls.get(call)?.parent;
  for (let depth = 0; parent !== undefined && depth < DEEPEST; depth++) {
    if (container?.holds(parent.call_id, parent.index) === true) return;
    parent = parts.calls.get(parent.call_id)?.parent;
  }
  throw new Refusal('not.allowed', `${call} is not beneath the input that runs in this container`);
}

/**
 * Takes a nested client's messages. Parents of a call that ended before the gateway started, or long ago, are in the store
 * only: they are brought here before the rules above look for them.
 */
export function afterParents(parts: Parts, take: Receiver): Receiver {
  return (message, payload) => {
    const call = spokenOf(message);
    const isNew = message.type === 'call.open' && call !== undefined && !parts.calls.isPast(call);
    if (call === undefined || isNew || missing(parts, call) === undefined) return take(message, payload);
    return bring(parts, call).then(() => take(message, payload));
  };
}

function spokenOf(message: Message): CallId | undefined {
  if ('base' in message && message.base !== undefined) return message.base;
  return 'call_id' in message ? message.call_id : undefined;
}

/** The first call up the chain of parents that is not at hand. */
function missing(parts: Parts, call: CallId): CallId | undefined {
  let at: CallId | undefined = call;
  for (let depth = 0; at !== undefined && depth < DEEPEST; depth++) {
    const entry = parts.calls.get(at);
    if (entry === undefined) return at;
    at = entry.parent?.call_id;
  }
  return undefined;
}

async function bring(parts: Parts, call: CallId): Promise<void> {
  for (let depth = 0; depth < DEEPEST; depth++) {
    const wanted = missing(parts, call);
    if (wanted === undefined) return;
    try {
      await parts.calls.find(wanted);
    } catch {
      return; // what is not here leads nowhere: the rules say so
    }
  }
}
