// Supervisors' messages: what a host has, which containers live, what they print.

import type { ContainerId, HostId } from '@farcall/kernel-bridge/wire';

import { checkTexts } from './checks.js';
import { dropContainer } from './dispatch.js';
import { isHeld } from './checks.js';
import type { Handlers } from './handlers.js';
import { imageReports } from './image-messages.js';
import type { Parts } from './parts.js';

export interface SupervisorSession {
  readonly host: HostId;
  /** Containers that were stopped at the last heartbeat. */
  stopped: number;
}

export const supervisorMessages: Handlers<SupervisorSession> = {
  'host.state': (parts, { host }, message) => {
    const { cpus, memory, gpus, containers, labels = {}, holds = {} } = message;
    checkTexts(labels, 'labels');
    parts.supervisors.heard(host, performance.now());
    const owned = parts.hosts.connected(host, { cpus, memory, gpus, containers });
    parts.apply({ type: 'host.connected', host, cpus, memory, gpus, containers: owned, labels, holds });
    for (const { id, isAwaited } of [...parts.containers.all()])
      if (isAwaited && !owned.includes(id)) buryAwaited(parts, id);
    parts.supervisors.settle(host);
  },

  heartbeat: (parts, session, { stopped, used }) => {
    parts.supervisors.heard(session.host, performance.now());
    if (stopped.length > 0 || session.stopped > 0) parts.apply({ type: 'containers.stopped', containers: stopped });
    session.stopped = stopped.length;
    if (used === undefined) return;
    checkTexts(used, 'used');
    parts.apply({ type: 'gpus.used', host: session.host, used });
  },

  'container.started': (parts, _session, { container_id, pid, starter }) => {
    parts.log.info({ container: container_id, containerPid: pid, starter }, 'container.started');
    parts.apply({ type: 'container.started', container: container_id, pid });
  },

  'container.exited': (parts, _session, message) => {
    const { container_id: container, reason, code, lease, index, detail, running } = message;
    parts.log.info(
      { container, reason, code, lease, index, user: { detail: detail.slice(0, 2000) } },
      'container.exited',
    );
    parts.hosts.exited(container);
    parts.apply({
      type: 'container.exited',
      container,
      reason,
      code,
      lease,
      index,
      detail,
      ...(running !== undefined && { running: running.filter(isHeld) }),
    });
    dropContainer(parts, container);
  },

  'lease.revoked': (parts, _session, { container_id, lease, first }) => {
    parts.journal.cut(container_id, lease, first);
    parts.apply({ type: 'lease.revoked', container: container_id, lease, first });
  },

  ...imageReports,
  'output.put': (parts, _session, message, payload) => parts.outputs.arrived(message, payload),
};

/** A container of before a restart that its host does not have any more. */
function buryAwaited(parts: Parts, container: ContainerId): void {
  parts.apply({
    type: 'container.exited',
    container,
    reason: 'stopped',
    code: 0,
    lease: 0,
    index: -1,
    detail: 'it ended while the gateway was away',
  });
  dropContainer(parts, container);
}
