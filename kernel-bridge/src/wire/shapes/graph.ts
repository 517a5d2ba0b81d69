// Fields of the messages of ../messages/graph.ts.

import type { GraphMessage } from '../messages/graph.js';
import type { Shapes } from './kinds.js';

export const GRAPH: Shapes<GraphMessage> = {
  'graph.root': { request: 'int', call_id: 'text' },
  'graph.children': { request: 'int', calls: 'list', firsts: 'bytes', counts: 'bytes', after: 'int' },
  'graph.calls': {
    request: 'int',
    calls: 'list',
    names: 'list',
    functions: 'bytes',
    inputs: 'bytes',
    asked: 'bytes',
    indexes: 'bytes',
    after: 'int',
    more: 'flag',
  },
  'graph.inputs': { request: 'int', calls: 'list', firsts: 'bytes', counts: 'bytes' },
  'graph.states': {
    request: 'int',
    states: 'bytes',
    attempts: 'bytes',
    started: 'bytes',
    ended: 'bytes',
    containers: 'list',
    container: 'bytes',
  },
  'graph.fold': { request: 'int', call_id: 'text' },
  'graph.folded': { request: 'int', call: 'map', nodes: 'list', more: 'int', began: 'number', width: 'number' },
  'graph.list': { request: 'int', call_id: 'text', node: 'int' },
};
