// Calls belong to a connected client. When it is gone for a minute, an attached call runs out what was accepted, or is
// cancelled, as it was opened; and whatever was not sealed ends incomplete, because nobody can feed it any more.

import type { Call } from './call.js';
import { endIfSettled, seal } from './ending.js';
import type { Event } from './events.js';
import type { State } from './state.js';
import { cancelCall } from './verdict.js';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

const OWNER_LOST_MS = 60_000;

export function clientConnected(s: State, { client }: Of<'client.connected'>): void {
  s.client(client).lostAt = Infinity;
}

export function clientLost(s: State, { client: id }: Of<'client.lost'>): void {
  const client = s.clients.get(id);
  if (client !== undefined && client.lostAt === Infinity) client.lostAt = s.now;
}

export function watchOwners(s: State): void {
  for (const [id, client] of s.clients) {
    if (s.now - client.lostAt < OWNER_LOST_MS) continue;
    s.clients.delete(id);
    for (const call of [...client.calls]) loseOwner(s, call);
  }
}

function loseOwner(s: State, call: Call): void {
  if (call.attached && call.opening.onOwnerLost === 'cancel') return cancelCall(s, call, 'all', 'its client is gone');
  if (!call.isSealed) call.endAs('incomplete');
  seal(s, call);
  endIfSettled(s, call);
}
