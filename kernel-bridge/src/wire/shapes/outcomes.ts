// Fields of the messages of ../messages/outcomes.ts.

import type { OutcomeMessage } from '../messages/outcomes.js';
import type { Shapes } from './kinds.js';

export const OUTCOMES: Shapes<OutcomeMessage> = {
  outcomes: {
    call_id: 'text',
    epoch: 'text',
    seq: 'int',
    count: 'int',
    indexes: 'bytes',
    statuses: 'bytes',
    attempts: 'bytes',
    seconds: 'bytes',
    lengths: 'bytes',
  },
  'outcomes.taken': { call_id: 'text', through: 'int' },
  'call.ended': { call_id: 'text', state: 'text', count: 'int', seq: 'int' },
  'outcomes.read': { request: 'int', call_id: 'text', first: 'int', count: 'int' },
  'outcomes.page': {
    request: 'int',
    call_id: 'text',
    indexes: 'bytes',
    statuses: 'bytes',
    attempts: 'bytes',
    seconds: 'bytes',
    lengths: 'bytes',
    blobs: 'list?',
  },
  'inputs.read': { request: 'int', call_id: 'text', first: 'int', count: 'int' },
  'inputs.page': { request: 'int', call_id: 'text', first: 'int', count: 'int', lengths: 'bytes', blobs: 'list?' },
  items: { call_id: 'text', index: 'int', attempt: 'int', first: 'int', lengths: 'bytes', blobs: 'list?' },
  'items.taken': { call_id: 'text', index: 'int', through: 'int' },
};
