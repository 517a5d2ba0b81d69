// Fields of the messages of ../messages/operations.ts.

import type { OperationMessage } from '../messages/operations.js';
import type { Shapes } from './kinds.js';

export const OPERATIONS: Shapes<OperationMessage> = {
  'runtime.ask': { request: 'int' },
  'runtime.state': {
    request: 'int',
    pid: 'int',
    version: 'text',
    python: 'text',
    started_at: 'number',
    cpus: 'int',
    memory: 'int',
    gpus: 'list',
    containers: 'list',
    clients: 'int',
    calls_open: 'int',
    isolation: 'text?',
    warning: 'text?',
  },
  'runtime.stop': { keep: 'flag' },
  'token.make': { request: 'int', name: 'text', scope: 'text', seconds: 'number' },
  'token.made': { request: 'int', token: 'text', summary: 'map' },
  'token.list': { request: 'int' },
  'token.listing': { request: 'int', tokens: 'list' },
  'token.revoke': { request: 'int', token_id: 'text' },
  'token.revoked': { request: 'int', token_id: 'text' },
  'store.expire': { request: 'int', seconds: 'number', pretend: 'flag' },
  'store.expired': {
    request: 'int',
    count: 'int',
    calls: 'list',
    bytes: 'number',
    images: 'list?',
    image_bytes: 'number?',
  },
  'store.copy': { request: 'int', folder: 'text' },
  'store.copied': { request: 'int', folder: 'text', files: 'int', bytes: 'number' },
};
