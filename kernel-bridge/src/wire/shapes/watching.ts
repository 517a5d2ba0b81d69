// Fields of the messages of ../messages/watching.ts.

import type { WatchingMessage } from '../messages/watching.js';
import type { Shapes } from './kinds.js';

export const WATCHING: Shapes<WatchingMessage> = {
  watch: { call_id: 'text' },
  unwatch: { call_id: 'text' },
  progress: {
    call: 'map',
    rate: 'number',
    containers: 'int',
    hardware: 'text',
    waiting: 'text',
    cells: 'text',
    cell: 'int',
    failures: 'list',
  },
  'inputs.list': { request: 'int', call_id: 'text', states: 'list', first: 'int', limit: 'int' },
  'inputs.rows': { request: 'int', rows: 'list', next: 'int' },
  'timing.ask': { request: 'int', call_id: 'text' },
  'timing.state': {
    request: 'int',
    durations: 'bytes',
    first: 'int',
    slowest: 'list',
    began: 'number',
    width: 'number',
    lanes: 'list',
    more: 'int',
  },
  'preview.ask': { request: 'int', call_id: 'text', index: 'int', what: 'text' },
  'preview.make': { request: 'int', what: 'text', call_id: 'text', blob: 'text?' },
  'preview.made': { request: 'int', bundle: 'map' },
  'output.read': { request: 'int', call_id: 'text', index: 'int', offset: 'int' },
  'output.page': { request: 'int', next: 'int' },
  output: { call_id: 'text', index: 'int', stream: 'text' },
};
