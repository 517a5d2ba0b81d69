// Clients' messages that read calls: streams of outcomes, pages by index, what is known of a call.

import { type CallId, IN_BLOB } from '@farcall/kernel-bridge/wire';

import { slicePiece } from './chunks.js';
import { checkCallId, checkRange } from './checks.js';
import type { ClientSession } from './clients.js';
import type { Handlers } from './handlers.js';
import { mustBeOutside, mustReach } from './nested.js';
import { readPage } from './outcome-pages.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';
import { storedSummary, summaryOf } from './summaries.js';
import { bytesOf, NOTHING } from './tables.js';

const PAGE_BYTES = 960 * 1024;
const PAGE_INPUTS = 4096;
const LISTING_LIMIT = 500;

export const readingMessages: Handlers<ClientSession> = {
  'call.ask': async (parts, client, message) => {
    const { call_id, request } = message;
    checkCallId(call_id);
    mustReach(parts, client, call_id);
    const entry = await parts.calls.find(call_id);
    const call = summaryOf(parts, call_id) ?? (await storedSummary(parts, call_id));
    client.send({ type: 'call.info', request, call }, entry.indexes === undefined ? NOTHING : bytesOf(entry.indexes));
  },

  'call.list': async (parts, client, message) => {
    mustBeOutside(client);
    const stored = await parts.store.calls(Math.max(1, Math.min(message.limit, LISTING_LIMIT)));
    const calls = stored.map(
      (found) => summaryOf(parts, found.row.call_id) ?? summaryOf(parts, found.row.call_id, found),
    );
    client.send({ type: 'call.listing', request: message.request, calls: calls.filter((call) => call !== undefined) });
  },

  'call.attach': (parts, client, message) => {
    const { call_id: call, after, output } = message;
    checkCallId(call);
    checkRange(after, 0);
    mustReach(parts, client, call);
    return parts.calls.isOpen(call)
      ? attachOpen(parts, client, call, { after, output })
      : attachEnded(parts, client, call, { after, output });
  },

  'call.release': ({ streams }, client, message) => streams.release(client, message.call_id),
  'outcomes.taken': ({ streams }, client, message) => streams.taken(client, message.call_id, message.through),
  'items.taken': (parts, client, message) => {
    mustReach(parts, client, message.call_id);
    parts.items.taken(message);
  },

  'outcomes.read': async (parts, client, message) => {
    const { call_id, first, request } = message;
    checkCallId(call_id);
    checkRange(first, message.count);
    mustReach(parts, client, call_id);
    parts.calls.mustBeOurs(call_id);
    const page = await readPage(parts.store, call_id, first, message.count);
    if (page.indexes.length === 0) await parts.calls.find(call_id);
    client.send(
      {
        type: 'outcomes.page',
        request,
        call_id,
        indexes: bytesOf(page.indexes),
        statuses: page.statuses,
        attempts: bytesOf(page.attempts),
        seconds: bytesOf(page.seconds),
        lengths: bytesOf(page.lengths),
        blobs: page.blobs,
      },
      page.payload,
    );
  },

  'inputs.read': async (parts, client, message) => {
    const { call_id, first, request } = message;
    checkCallId(call_id);
    checkRange(first, message.count);
    mustReach(parts, client, call_id);
    const entry = await parts.calls.find(call_id);
    const known = summaryOf(parts, call_id) ?? (await storedSummary(parts, call_id));
    const count = Math.min(message.count, known.inputs - first, PAGE_INPUTS);
    if (count <= 0) throw new Refusal('not.found', `${call_id} has ${known.inputs} inputs`);
    const piece = await parts.calls.inputs(entry, first, count);
    const page = slicePiece(piece, 0, fitting(piece.lengths));
    client.send(
      {
        type: 'inputs.page',
        request,
        call_id,
        first,
        count: page.lengths.length,
        lengths: bytesOf(page.lengths),
        blobs: page.blobs,
      },
      page.payload,
    );
  },
};

interface From {
  readonly after: number;
  readonly output: boolean;
}

function attachOpen(parts: Parts, client: ClientSession, call: CallId, { after, output }: From): void {
  parts.streams.attach(client, call, after, { output, seq: 0, ending: undefined });
  parts.items.attached(call);
}

async function attachEnded(parts: Parts, client: ClientSession, call: CallId, from: From): Promise<void> {
  await parts.calls.find(call);
  if (parts.calls.isOpen(call)) return attachOpen(parts, client, call, from);
  const found = await parts.store.call(call);
  if (found === undefined) throw new Refusal('not.found', `call ${call} is gone`);
  const { state, inputs, seq } = found.row;
  parts.streams.attach(client, call, from.after, { output: from.output, seq, ending: { state, count: inputs, seq } });
  parts.items.attached(call);
}

/** How many entries fit one page; at least one. */
function fitting(lengths: Uint32Array): number {
  let room = PAGE_BYTES;
  let end = 0;
  while (end < lengths.length) {
    const length = lengths[end] ?? 0;
    room -= (length === IN_BLOB ? 32 : length) + 20;
    if (room < 0 && end > 0) break;
    end += 1;
  }
  return end;
}
