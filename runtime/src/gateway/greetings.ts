// The first message of a connection: who it is, which protocol, and what takes its further messages. The token already said
// what the peer may be; hello must agree with it.

import {
  type ClientId,
  type ContainerId,
  type Hello,
  type HostId,
  PROTOCOL,
  type Welcome,
} from '@farcall/kernel-bridge/wire';

import { isHeld } from './checks.js';
import { clientMessages } from './client-messages.js';
import { ClientSession } from './clients.js';
import type { Connection, Receiver } from './connection.js';
import { containerMessages } from './container-messages.js';
import { loadFunction } from './dispatch.js';
import { receiver } from './handlers.js';
import { afterParents } from './nested.js';
import type { Parts } from './parts.js';
import { supervisorMessages } from './supervisor-messages.js';

type Greeting = (parts: Parts, connection: Connection, hello: Hello) => Receiver;

const ROLES: Readonly<Record<Hello['role'], Greeting>> = {
  client: greetClient,
  container: greetContainer,
  supervisor: greetSupervisor,
};
const ID = /^(cl|co|ho)-[0-9A-HJKMNP-TV-Z]{26}$/;
const DEAF: Receiver = () => undefined;

export function greet(parts: Parts, connection: Connection, hello: Hello): Receiver {
  const [low, high] = [Number(hello.protocol[0]), Number(hello.protocol[1])];
  if (!(low <= PROTOCOL[1] && high >= PROTOCOL[0])) {
    connection.close(4406, `protocol ${PROTOCOL.join('–')} is spoken here, not ${low}–${high}`);
    return DEAF;
  }
  if (!Object.hasOwn(ROLES, hello.role) || !ID.test(hello.id)) {
    connection.close(4400, 'hello names no known role, or its id is malformed');
    return DEAF;
  }
  return ROLES[hello.role](parts, connection, hello);
}

function welcome(parts: Parts, connection: Connection, high: number, own: Pick<Welcome, 'key' | 'revoked'> = {}): void {
  const { version, store, epoch, blobs, isolation } = parts.identity;
  const { local, principal } = connection.peer;
  // The folder is out of an isolated container's reach, so its blobs come and go over HTTP.
  const reachesFiles = local && (isolation === 'none' || principal.kind !== 'container');
  connection.send({
    type: 'welcome',
    protocol: Math.min(high, PROTOCOL[1]),
    version,
    store,
    epoch,
    ...own,
    ...(reachesFiles ? { blobs } : {}),
  });
}

function refuse(connection: Connection, why: string): Receiver {
  connection.close(4401, why);
  return DEAF;
}

function greetClient(parts: Parts, connection: Connection, hello: Hello): Receiver {
  const { principal } = connection.peer;
  if (principal.kind === 'supervisor') return refuse(connection, 'a supervisor is no client');
  if (principal.kind === 'container' && principal.first)
    return refuse(connection, 'the container must say hello first');
  const inside = principal.kind === 'container' ? principal.container : undefined;
  const client = new ClientSession(hello.id as ClientId, connection, hello.python, inside);
  parts.clients.add(client);
  welcome(parts, connection, hello.protocol[1]);
  parts.objects.clientConnected(client.id);
  parts.apply({ type: 'client.connected', client: client.id }, { client });
  parts.apps.connected(client.id);
  connection.onClosed = () => {
    parts.streams.releaseAll(client);
    parts.watches.unwatchAll(client);
    parts.apps.forget(client);
    parts.objects.dropWaiters(client);
    if (!parts.clients.remove(client)) return;
    parts.objects.clientLost(client.id, inside !== undefined && parts.containers.get(inside) === undefined);
    parts.apps.lost(client.id, performance.now());
    parts.apply({ type: 'client.lost', client: client.id });
  };
  const take = receiver(clientMessages, parts, client);
  return inside === undefined ? take : afterParents(parts, take);
}

function greetContainer(parts: Parts, connection: Connection, hello: Hello): Receiver {
  const { principal } = connection.peer;
  if (principal.kind !== 'container' || principal.container !== hello.id)
    return refuse(connection, "the token is another container's");
  const container = parts.containers.get(hello.id as ContainerId);
  if (container === undefined) {
    connection.close(4410, 'the gateway does not know this container');
    return DEAF;
  }
  container.connection?.close(4409, 'the same container connected again');
  container.connection = connection;
  container.isAwaited = false;
  container.calls.clear();
  let key: Pick<Welcome, 'key'> = {};
  if (principal.first) {
    const made = parts.tokens.exchange(container.id);
    key = { key: made.key };
    parts.commits.persist({
      put: 'container',
      row: { container_id: container.id, function_id: container.function_, key_hash: made.hash, gone: false },
    });
  }
  // Known before it goes on: what was given to others meanwhile must not begin here as well.
  const revoked = parts.core.container(container.id)?.revoked ?? 0;
  welcome(parts, connection, hello.protocol[1], { ...key, ...(revoked > 0 ? { revoked } : {}) });
  connection.onClosed = () => {
    if (container.connection !== connection) return;
    container.connection = undefined;
    if (parts.containers.get(container.id) === container)
      parts.apply({ type: 'container.disconnected', container: container.id });
  };
  parts.apply({ type: 'container.connected', container: container.id, held: (hello.held ?? []).filter(isHeld) });
  if (!container.ready) loadFunction(parts, container);
  return receiver(containerMessages, parts, container);
}

function greetSupervisor(parts: Parts, connection: Connection, hello: Hello): Receiver {
  if (connection.peer.principal.kind !== 'supervisor') return refuse(connection, "the token is not a supervisor's");
  const host = hello.id as HostId;
  parts.supervisors.python = hello.python;
  parts.supervisors.connected(host, connection, performance.now());
  welcome(parts, connection, hello.protocol[1]);
  connection.onClosed = () => {
    parts.supervisors.disconnected(host, connection);
    parts.hosts.disconnected(host);
  };
  const session = { host, stopped: 0 };
  return receiver(supervisorMessages, parts, session);
}
