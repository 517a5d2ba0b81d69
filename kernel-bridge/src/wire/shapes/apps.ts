// Fields of the messages of ../messages/apps.ts.

import type { AppMessage } from '../messages/apps.js';
import type { Shapes } from './kinds.js';

export const APPS: Shapes<AppMessage> = {
  'app.put': {
    request: 'int',
    app: 'text',
    deploys: 'flag',
    since: 'number',
    tags: 'map',
    functions: 'list',
    lengths: 'bytes',
    blobs: 'list?',
  },
  'app.accepted': { request: 'int', app: 'text' },
  'app.leave': { app: 'text' },
  'app.stop': { request: 'int', app: 'text' },
  'app.stopped': { request: 'int', known: 'flag', calls: 'int' },
  'app.list': { request: 'int' },
  'app.listing': { request: 'int', apps: 'list' },
  'function.find': { request: 'int', app: 'text', name: 'text' },
  'function.found': { request: 'int', function: 'map?', blob: 'text?', app_known: 'flag?', names: 'list?' },
  'function.moved': { app: 'text', name: 'text' },
  'function.vary': {
    request: 'int',
    of: 'text',
    function_id: 'text',
    changes: 'map',
    hidden: 'map?',
    shown: 'map?',
  },
};
