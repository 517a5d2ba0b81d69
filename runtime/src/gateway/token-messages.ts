// Clients' messages about tokens for other people. Only admins may send them.

import { checkOneOf, invalid } from './checks.js';
import type { ClientSession } from './clients.js';
import type { Handlers } from './handlers.js';
import { mustAdminister } from './nested.js';

const LONGEST_NAME = 200;
/** A hundred years: beyond it a date is a mistake. */
const LONGEST_S = 100 * 366 * 86_400;

export const tokenMessages: Handlers<ClientSession> = {
  'token.make': (parts, client, { request, name, scope, seconds }) => {
    mustAdminister(client);
    checkOneOf(scope, ['client', 'admin'], 'scope');
    if (name.trim() === '' || name.length > LONGEST_NAME) throw invalid(`name takes 1 to ${LONGEST_NAME} characters`);
    if (!(seconds >= 0 && seconds <= LONGEST_S)) throw invalid(`seconds is from 0 to ${LONGEST_S}`);
    const { token, summary } = parts.tokenBook.make({ name, scope, seconds });
    parts.log.info({ token_id: summary.token_id, scope, expires_at: summary.expires_at }, 'token.made');
    client.send({ type: 'token.made', request, token, summary });
  },

  'token.list': (parts, client, { request }) => {
    mustAdminister(client);
    client.send({ type: 'token.listing', request, tokens: parts.tokenBook.list() });
  },

  'token.revoke': (parts, client, { request, token_id }) => {
    mustAdminister(client);
    // Said first: the token may be the asker's own.
    parts.tokenBook.mustHold(token_id);
    client.send({ type: 'token.revoked', request, token_id });
    parts.tokenBook.revoke(token_id);
    parts.log.info({ token_id }, 'token.revoked');
  },
};
