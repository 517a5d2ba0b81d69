// All that a client may send, by type.

import { callMessages } from './call-messages.js';
import type { ClientSession } from './clients.js';
import { functionMessages } from './function-messages.js';
import type { Handlers } from './handlers.js';
import { lookingMessages } from './looking-messages.js';
import { readingMessages } from './reading-messages.js';
import { storeMessages } from './store-messages.js';
import { tokenMessages } from './token-messages.js';

export const clientMessages: Handlers<ClientSession> = {
  ...functionMessages,
  ...callMessages,
  ...readingMessages,
  ...lookingMessages,
  ...tokenMessages,
  ...storeMessages,
};
