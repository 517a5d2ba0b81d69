// The commands that are done at once: sending leases to containers, starting and stopping them, reaching their supervisor.
// Payloads are cut from memory when they are there; while one is read back, the container's later messages wait their turn.

import type { CallId, Message } from '@farcall/kernel-bridge/wire';

import type { Command } from '../core/commands.js';
import type { Stored } from '../store/store.js';
import type { CallEntry } from './calls.js';
import type { Piece } from './chunks.js';
import { ContainerSession, type Lease } from './containers.js';
import { type BuiltImage, containerSpec } from './environment.js';
import type { KnownFunction } from './functions.js';
import { recipeOf } from './images.js';
import type { Parts } from './parts.js';
import { bytesOf, NOTHING } from './tables.js';

type Do<Kind extends Command['do']> = Extract<Command, { do: Kind }>;

export function assign(parts: Parts, command: Do<'assign'>): void {
  const session = parts.containers.get(command.container);
  if (session === undefined) return;
  const { lease, call, first, count, attempt } = command;
  const given: Lease = { lease, call, first, count, attempt };
  session.leases.set(lease, given);
  parts.journal.assigned(command.container, given);
  session.inOrder(() => runLease(parts, session, given));
}

/** Without a promise when everything is at hand: a lone input should not wait for a microtask more than it must. */
function runLease(parts: Parts, session: ContainerSession, lease: Lease): void | Promise<void> {
  const entry = parts.calls.get(lease.call);
  const shared = session.calls.has(lease.call) ? 'sent' : entry?.shared;
  if (entry === undefined || shared === undefined) return runLeaseLate(parts, session, lease);
  if (shared !== 'sent') loadCall(session, entry, shared);
  const piece = parts.calls.inputs(entry, lease.first, lease.count);
  if (!(piece instanceof Promise)) return sendLease(session, lease, piece);
  const { connection } = session;
  return piece
    .then((found) => sendLease(session, lease, found, connection))
    .catch((error: unknown) => parts.onUnreadable(session, lease, error));
}

async function runLeaseLate(parts: Parts, session: ContainerSession, lease: Lease): Promise<void> {
  const { connection } = session;
  try {
    const entry = await parts.calls.find(lease.call);
    const shared = await parts.calls.shared(entry);
    const piece = await parts.calls.inputs(entry, lease.first, lease.count);
    if (session.connection !== connection) return;
    if (!session.calls.has(lease.call)) loadCall(session, entry, shared);
    sendLease(session, lease, piece);
  } catch (error) {
    parts.onUnreadable(session, lease, error);
  }
}

function loadCall(session: ContainerSession, entry: CallEntry, shared: Stored): void {
  session.calls.add(entry.id);
  const { bindings, sources, traceparent } = entry;
  const traced = traceparent === undefined ? {} : { traceparent };
  sendStored(session, { type: 'call.load', call_id: entry.id, bindings, sources, ...traced }, shared);
}

/** Not on another connection than the one on which its call was loaded: there the core hears that it was never held. */
function sendLease(
  session: ContainerSession,
  { lease, call, first, count, attempt }: Lease,
  piece: Piece,
  on = session.connection,
): void {
  if (session.connection !== on) return;
  session.send(
    {
      type: 'inputs.run',
      lease,
      call_id: call,
      first,
      count,
      attempt,
      lengths: bytesOf(piece.lengths),
      blobs: piece.blobs,
    },
    piece.payload,
  );
}

/** The code, once its hello was heard and until it said that it is ready. */
export function loadFunction(parts: Parts, session: ContainerSession): void {
  const known = parts.functions.get(session.function_);
  if (known === undefined) return;
  const message = { type: 'function.load', function_id: known.id, spec: known.spec } as const;
  session.inOrder(() => {
    const here = parts.functions.codeHere(known.id);
    if (here !== undefined) return sendStored(session, message, here);
    return parts.functions
      .code(known.id)
      .then((code) => {
        if (code === undefined) throw new Error(`the code of ${known.id} is not in the store`);
        sendStored(session, message, code);
      })
      .catch((error: unknown) => parts.log.error({ err: error, container: session.id }, 'function.load'));
  });
}

function sendStored(session: ContainerSession, message: Message, stored: Stored): void {
  if ('bytes' in stored) session.send(message, stored.bytes);
  else session.send({ ...message, blob: stored.blob } as Message, NOTHING);
}

export function start(parts: Parts, command: Do<'start'>): void {
  const { container, gpus } = command;
  const known = parts.functions.get(command.function);
  if (known === undefined) throw new Error(`a container was asked for the unknown function ${command.function}`);
  // The core asks again when a start may have been lost with the supervisor's connection.
  if (parts.containers.get(container) === undefined)
    parts.containers.add(new ContainerSession(container, command.function));
  parts.commits.persist({
    put: 'container',
    row: { container_id: container, function_id: command.function, key_hash: '', gone: false },
  });
  const spec = containerSpec(
    parts.identity,
    known,
    { container, gpus, token: parts.tokens.issue(container) },
    builtImage(parts, known),
  );
  parts.engine.start(spec).catch((error: unknown) => parts.log.error({ err: error, container }, 'container.start'));
}

/** The core starts containers on hosts that said that they have the image. */
function builtImage({ identity, images }: Parts, { environment }: KnownFunction): BuiltImage | undefined {
  const recipe = recipeOf(identity, environment);
  const built = recipe && images.built(recipe.image_id);
  return recipe === undefined || built === undefined ? undefined : { recipe, built };
}

export function stop(parts: Parts, { container, how }: Do<'stop'>): void {
  if (how === 'drain') {
    const session = parts.containers.get(container);
    session?.inOrder(() => session.send({ type: 'drain' }));
  }
  parts.engine
    .stop(container, how)
    .catch((error: unknown) => parts.log.error({ err: error, container }, 'container.stop'));
}

export function revokeLease(parts: Parts, { container, lease, first }: Do<'lease.revoke'>): void {
  toSupervisor(parts, container, { type: 'lease.revoke', container_id: container, lease, first });
}

export function cancelLease(parts: Parts, { container, lease, first, graceMs }: Do<'lease.cancel'>): void {
  toSupervisor(parts, container, { type: 'lease.cancel', container_id: container, lease, first, grace_ms: graceMs });
}

function toSupervisor(parts: Parts, container: ContainerSession['id'], message: Message): void {
  const host = parts.engine.hostOf(container);
  if (host !== undefined) parts.supervisors.send(host, message);
}

export function leasesRevoked(parts: Parts, { container, through }: Do<'leases.revoked'>): void {
  const session = parts.containers.get(container);
  session?.inOrder(() => session.send({ type: 'leases.revoked', through }));
}

export function forgetCall(
  parts: Parts,
  { container, call }: { readonly container: ContainerSession['id']; readonly call: CallId },
): void {
  const session = parts.containers.get(container);
  if (session?.calls.delete(call) !== true) return;
  session.inOrder(() => session.sendSoon({ type: 'call.forget', call_id: call }));
}

/** A container that nobody expects: it leaves when it hears the code. */
export function dismiss(parts: Parts, { container }: Do<'dismiss'>): void {
  parts.containers.get(container)?.connection?.close(4410, 'the gateway does not know this container');
  dropContainer(parts, container);
}

/** Its key is worth nothing from now on, and what used it is closed. */
export function dropContainer(parts: Parts, container: ContainerSession['id']): void {
  parts.outputs.gone(container);
  const session = parts.containers.remove(container);
  if (session !== undefined) parts.previews.gone(session);
  parts.tokens.revoke(container);
  parts.journal.gone(container);
  parts.clients.closeInside(container);
  if (session === undefined) return;
  session.connection?.close(4410, 'the container is gone');
  parts.commits.persist({
    put: 'container',
    row: { container_id: container, function_id: session.function_, key_hash: '', gone: true },
  });
}
