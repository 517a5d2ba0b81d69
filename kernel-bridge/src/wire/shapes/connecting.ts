// Fields of the messages of ../messages/connecting.ts.

import type { ConnectingMessage } from '../messages/connecting.js';
import type { Shapes } from './kinds.js';

export const CONNECTING: Shapes<ConnectingMessage> = {
  hello: { role: 'text', id: 'text', protocol: 'list', version: 'text', python: 'text', held: 'list?' },
  welcome: {
    protocol: 'int',
    version: 'text',
    store: 'text',
    epoch: 'text',
    key: 'text?',
    blobs: 'text?',
    revoked: 'int?',
  },
  failed: { request: 'int?', call_id: 'text?', inputs_of: 'text?', code: 'text', message: 'text' },
  goaway: { after_ms: 'int' },
  ping: {},
  pong: {},
};
