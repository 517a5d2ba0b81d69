// All that a client may send, by type.

import { appMessages } from './app-messages.js';
import { callMessages } from './call-messages.js';
import type { ClientSession } from './clients.js';
import { functionMessages } from './function-messages.js';
import { graphMessages } from './graph-messages.js';
import type { Handlers } from './handlers.js';
import { packageMessages } from './image-messages.js';
import { lookingMessages } from './looking-messages.js';
import { objectMessages } from './object-messages.js';
import { readingMessages } from './reading-messages.js';
import { storeMessages } from './store-messages.js';
import { tokenMessages } from './token-messages.js';

export const clientMessages: Handlers<ClientSession> = {
  ...functionMessages,
  ...packageMessages,
  ...appMessages,
  ...callMessages,
  ...readingMessages,
  ...lookingMessages,
  ...graphMessages,
  ...tokenMessages,
  ...storeMessages,
  ...objectMessages,
};
