// Fields of the messages of ../messages/functions.ts.

import type { FunctionMessage } from '../messages/functions.js';
import type { Shapes } from './kinds.js';

export const FUNCTIONS: Shapes<FunctionMessage> = {
  'environment.put': {
    environment_id: 'text',
    executable: 'text',
    python: 'text',
    cwd: 'text',
    path: 'list',
    variables: 'map',
    image: 'map?',
    files: 'map?',
  },
  'function.put': {
    request: 'int',
    function_id: 'text',
    environment_id: 'text',
    spec: 'map',
    blob: 'text?',
  },
  'function.accepted': { request: 'int', function_id: 'text' },
  'function.replace': { app: 'text', name: 'text', function_id: 'text' },
  'autoscaler.update': {
    request: 'int',
    app: 'text',
    name: 'text',
    min_containers: 'int?',
    max_containers: 'int?',
    buffer_containers: 'int?',
    scaledown_window: 'number?',
  },
  'autoscaler.state': {
    request: 'int',
    min_containers: 'int',
    max_containers: 'int',
    buffer_containers: 'int',
    scaledown_window: 'number',
  },
  'function.ask': { request: 'int', function_id: 'text' },
  'function.fetch': { request: 'int', function_id: 'text' },
  'function.code': { request: 'int', blob: 'text?' },
  'function.state': {
    request: 'int',
    backlog: 'int',
    running: 'int',
    containers: 'int',
    headroom: 'int',
    because: 'list',
  },
};
