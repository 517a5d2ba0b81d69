// Fields of the messages of ../messages/hosts.ts.

import type { HostMessage } from '../messages/hosts.js';
import type { Shapes } from './kinds.js';

export const HOSTS: Shapes<HostMessage> = {
  'host.state': { cpus: 'int', memory: 'int', gpus: 'list', containers: 'list', labels: 'map?', holds: 'map?' },
  heartbeat: { stopped: 'list', used: 'map?' },
  'container.start': {
    container_id: 'text',
    function_id: 'text',
    token: 'text',
    executable: 'text',
    cwd: 'text',
    path: 'list',
    variables: 'map',
    imports: 'list',
    environment_id: 'text',
    memory: 'int',
    gpus: 'list',
    startup_timeout: 'number',
    hidden: 'list?',
    cpu_limit: 'number?',
  },
  'container.started': { container_id: 'text', pid: 'int', starter: 'text' },
  'container.exited': {
    container_id: 'text',
    reason: 'text',
    code: 'int',
    lease: 'int',
    index: 'int',
    detail: 'text',
    running: 'list?',
  },
  'container.stop': { container_id: 'text', how: 'text' },
  'lease.revoke': { container_id: 'text', lease: 'int', first: 'int' },
  'lease.revoked': { container_id: 'text', lease: 'int', first: 'int' },
  'lease.cancel': { container_id: 'text', lease: 'int', first: 'int', grace_ms: 'int' },
  'output.put': { container_id: 'text', stream: 'int', offset: 'int', lease: 'int', index: 'int' },
};
