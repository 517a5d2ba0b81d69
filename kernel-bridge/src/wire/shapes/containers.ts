// Fields of the messages of ../messages/containers.ts.

import type { ContainerMessage } from '../messages/containers.js';
import type { Shapes } from './kinds.js';

export const CONTAINERS: Shapes<ContainerMessage> = {
  'function.load': { function_id: 'text', spec: 'map', blob: 'text?' },
  'container.ready': { container_id: 'text' },
  'container.broken': { container_id: 'text' },
  'call.load': { call_id: 'text', bindings: 'map', sources: 'map', blob: 'text?', traceparent: 'text?' },
  'call.forget': { call_id: 'text' },
  'inputs.run': {
    lease: 'int',
    call_id: 'text',
    first: 'int',
    count: 'int',
    attempt: 'int',
    lengths: 'bytes',
    blobs: 'list?',
  },
  'outcomes.put': {
    seq: 'int',
    lease: 'int',
    call_id: 'text',
    indexes: 'bytes',
    statuses: 'bytes',
    attempt: 'int',
    seconds: 'bytes',
    lengths: 'bytes',
    blobs: 'list?',
    failures: 'list?',
    spans: 'list?',
    ended: 'flag',
  },
  'outcomes.acknowledged': { through: 'int' },
  'container.waiting': { waiting: 'flag', newest: 'int?' },
  'leases.revoked': { through: 'int' },
  drain: {},
};
