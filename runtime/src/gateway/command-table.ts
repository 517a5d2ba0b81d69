// What each command of the core means: an operation for the store, something done at once, or a fact that waits for the
// commits before it. The rule stands at the top of core/commands.ts; `runCommand` is the only place that applies it.

import type { CallId, Message } from '@farcall/kernel-bridge/wire';

import type { Command } from '../core/commands.js';
import type { CallRow } from '../store/store.js';
import { methodOf } from './calls.js';
import { slicePiece } from './chunks.js';
import type { ClientSession } from './clients.js';
import type { When } from './commits.js';
import { assign, cancelLease, dismiss, forgetCall, leasesRevoked, revokeLease, start, stop } from './dispatch.js';
import { buildImage } from './image-messages.js';
import { type Row, rowOf, settledRowOf } from './outcomes.js';
import type { Parts, Source } from './parts.js';
import type { Ending } from './streams.js';
import { bytesOf } from './tables.js';

type Do<Kind extends Command['do']> = Extract<Command, { do: Kind }>;
type Runs = { readonly [Kind in Command['do']]: (parts: Parts, command: Do<Kind>, source: Source) => void };

const RUNS: Runs = {
  'persist.call': persistCall,
  'persist.inputs': persistInputs,
  'persist.outcomes': persistOutcomes,
  'persist.settled': persistSettled,
  'persist.state': persistState,
  'persist.attempt': ({ commits }, { call, index, attempt }) =>
    commits.persist({ put: 'attempt', call_id: call, index, attempt }),

  assign: assign,
  start: start,
  'image.build': (parts, { host, image }) => buildImage(parts, host, image),
  'image.stop': ({ supervisors }, { host, image }) => supervisors.send(host, { type: 'image.stop', image_id: image }),
  stop: stop,
  'lease.revoke': revokeLease,
  'lease.cancel': cancelLease,
  'leases.revoked': leasesRevoked,
  forget: forgetCall,
  dismiss: dismiss,

  'accept.call': (parts, { call }, { client, request }) => {
    if (client !== undefined && request !== undefined)
      accept(parts, client, { type: 'call.accepted', request, call_id: call });
  },
  'accept.inputs': (parts, { call, through }, { client }) =>
    accept(parts, client, { type: 'inputs.accepted', call_id: call, through }),
  'accept.seal': (parts, { call, count }, { client }) =>
    accept(parts, client, { type: 'call.sealed', call_id: call, count }),
  'accept.cancel': ({ commits }, { call }, { client, request }) => {
    if (client !== undefined && request !== undefined)
      commits.fact(call, () => client.send({ type: 'call.cancelled', request, call_id: call }));
  },
  refuse: ({ commits }, { call, code, message }, { client, request }) => {
    const about = request !== undefined ? { request } : call !== undefined ? { inputs_of: call } : {};
    commits.fact(call ?? '', () => client?.fail(code, message, about));
  },
  acknowledge: ({ commits, containers }, { container, through }) => {
    commits.fact('', () => containers.get(container)?.sendSoon({ type: 'outcomes.acknowledged', through }));
  },
  publish: ({ commits, streams }, { call, seq }) => commits.fact(call, () => streams.publish(call, seq)),
  end: end,
  show: (parts, { call }) => parts.commits.fact(call, () => parts.watches.show(call), patience(parts, call)),
};

export function runCommand(parts: Parts, command: Command, source: Source): void {
  const run = RUNS[command.do] as (parts: Parts, command: Command, source: Source) => void;
  run(parts, command, source);
}

/** Nobody waits for a lone call's acceptance: its caller waits for the outcome. */
function patience(parts: Parts, call: CallId): When {
  return parts.calls.get(call)?.kind === 'remote' ? 'soon' : 'now';
}

type Acceptance = Extract<Message, { type: 'call.accepted' | 'inputs.accepted' | 'call.sealed' }>;

function accept(parts: Parts, client: ClientSession | undefined, said: Acceptance): void {
  const when = patience(parts, said.call_id);
  const say = (): void => (when === 'soon' ? client?.sendSoon(said) : client?.send(said));
  parts.commits.fact(said.call_id, say, when);
}

function persistCall(parts: Parts, { call }: Do<'persist.call'>, { opening }: Source): void {
  const live = parts.core.call(call);
  if (opening === undefined || live === undefined) throw new Error(`no opening to persist for ${call}`);
  const { shared } = opening;
  if (shared === undefined) throw new Error(`the opening of ${call} has no shared payload`);
  const row: CallRow = {
    call_id: call,
    function_id: opening.function,
    kind: opening.kind,
    state: live.state,
    inputs: live.inputs,
    sealed: live.sealed,
    attached: live.attached,
    created_at: opening.created_at,
    started_at: live.startedAt,
    ended_at: live.endedAt,
    origin: opening.origin,
    on_failure: opening.on_failure,
    on_owner_lost: opening.on_owner_lost,
    client: opening.client,
    bindings: opening.bindings,
    sources: opening.sources,
    seq: live.seq,
    ...(opening.base === undefined ? {} : { base: opening.base }),
    ...(opening.traceparent === undefined ? {} : { traceparent: opening.traceparent }),
    ...(opening.parent === undefined ? {} : { parent: opening.parent }),
    ...methodOf(opening),
    ...(opening.person === undefined ? {} : { person: opening.person }),
    ...(opening.indexes === undefined ? {} : { indexes: bytesOf(opening.indexes) }),
  };
  const bytes = 'bytes' in shared ? shared.bytes.length : 0;
  parts.commits.persist({ put: 'call', row, shared }, bytes, patience(parts, call));
}

function persistInputs(parts: Parts, { call, first, count }: Do<'persist.inputs'>, { chunk }: Source): void {
  if (chunk === undefined) throw new Error(`no chunk to persist for ${call}`);
  const from = first - chunk.first;
  const piece = from === 0 && count === chunk.count ? chunk : slicePiece(chunk, from, from + count);
  const fresh = { call, first, count, lengths: piece.lengths, blobs: piece.blobs, payload: piece.payload };
  parts.chunks.hold(fresh);
  parts.commits.persist(
    {
      put: 'chunk',
      row: { call_id: call, first, count, lengths: bytesOf(piece.lengths), blobs: piece.blobs, payload: piece.payload },
    },
    piece.payload.length,
    patience(parts, call),
  );
  parts.commits.fact(call, () => parts.chunks.committed(call, first), patience(parts, call));
}

function persistOutcomes(parts: Parts, { call, seq, taken }: Do<'persist.outcomes'>, { batch }: Source): void {
  if (batch === undefined) throw new Error(`no batch to persist for ${call}`);
  const row = rowOf(batch, seq, taken);
  parts.commits.persist({ put: 'outcomes', row }, row.payload.length);
  remember(parts, row);
}

function persistSettled(
  parts: Parts,
  { call, seq, ranges, status, attempts, code, message }: Do<'persist.settled'>,
): void {
  const row = settledRowOf({ call, seq, ranges, status, attempts, code, message });
  const broken = parts.broken.get(parts.calls.get(call)?.function ?? NO_FUNCTION);
  const fromCode = code === 'container.start' || code === 'payload.unreadable';
  const whole = fromCode && broken !== undefined ? { ...row, payload: broken } : row;
  parts.commits.persist({ put: 'settled', row: whole }, whole.payload.length);
  remember(parts, whole);
}

const NO_FUNCTION = '' as Parameters<Parts['broken']['get']>[0];

function remember(parts: Parts, row: Row): void {
  parts.streams.keep(row);
  parts.failures.add(row);
}

function persistState(parts: Parts, { call }: Do<'persist.state'>): void {
  const live = parts.core.call(call);
  if (live === undefined) return;
  const { state, inputs, sealed, attached, seq, startedAt: started_at, endedAt: ended_at } = live;
  const row = { call_id: call, state, inputs, sealed, attached, seq, started_at, ended_at };
  parts.commits.persist({ put: 'state', row }, 0, patience(parts, call));
}

function end(parts: Parts, { call, state, count, seq }: Do<'end'>): void {
  parts.traces.ended(call, state);
  parts.commits.fact(call, () => {
    endStream(parts, call, { state, count, seq });
    parts.calls.ended(call);
    parts.watches.ended(call);
    parts.chunks.forget(call);
    parts.failures.forget(call);
    parts.items.ended(call, state);
  });
}

/** After the last of what its inputs printed, if that is known to be on its way. */
function endStream({ outputs, streams }: Parts, call: CallId, ending: Ending): void {
  const late = outputs.complete(call);
  if (late === undefined) return streams.end(call, ending);
  void late.then(() => {
    streams.end(call, ending);
    streams.flush();
  });
}
