// The supervisors' connections and heartbeats. A host is lost when it was silent for 20 s; control messages wait, within a
// bound, for one that is reconnecting. It does not know what the messages mean.

import type { HostId, Message } from '@farcall/kernel-bridge/wire';

import type { Connection } from './connection.js';

/** No heartbeat for so long: the host is lost. */
export const HOST_SILENCE_MS = 20_000;
const WAITING_LIMIT = 10_000;

interface Supervisor {
  connection: Connection | undefined;
  heardAt: number;
  lost: boolean;
  readonly waiting: Message[];
}

export class Supervisors {
  /** `major.minor.patch` of the last one that said hello. */
  python = '';
  readonly #hosts = new Map<HostId, Supervisor>();

  connected(host: HostId, connection: Connection, now: number): void {
    const earlier = this.#hosts.get(host);
    this.#hosts.set(host, { connection, heardAt: now, lost: false, waiting: earlier?.waiting ?? [] });
    if (earlier?.connection !== undefined) earlier.connection.close(4409, 'the same supervisor connected again');
  }

  /** Its state has been heard; now it gets what waited. */
  settle(host: HostId): void {
    const supervisor = this.#hosts.get(host);
    for (const message of supervisor?.waiting.splice(0) ?? []) supervisor?.connection?.send(message);
  }

  disconnected(host: HostId, connection: Connection): void {
    const supervisor = this.#hosts.get(host);
    if (supervisor?.connection === connection) supervisor.connection = undefined;
  }

  heard(host: HostId, now: number): void {
    const supervisor = this.#hosts.get(host);
    if (supervisor !== undefined) supervisor.heardAt = now;
  }

  send(host: HostId, message: Message): void {
    const supervisor = this.#hosts.get(host);
    if (supervisor === undefined) return;
    if (supervisor.connection?.open === true) supervisor.connection.send(message);
    else if (supervisor.waiting.length < WAITING_LIMIT) supervisor.waiting.push(message);
  }

  /** It is to ship now what its containers printed; a ping says so. */
  hurry(host: HostId): void {
    this.#hosts.get(host)?.connection?.send({ type: 'ping' });
  }

  /** Hosts that have been silent for too long; each is named once. */
  silent(now: number): HostId[] {
    const lost: HostId[] = [];
    for (const [host, supervisor] of this.#hosts) {
      if (supervisor.lost || now - supervisor.heardAt < HOST_SILENCE_MS) continue;
      supervisor.lost = true;
      lost.push(host);
    }
    return lost;
  }

  forget(host: HostId): void {
    this.#hosts.delete(host);
  }

  all(): Iterable<readonly [HostId, Connection | undefined]> {
    return [...this.#hosts].map(([host, supervisor]) => [host, supervisor.connection] as const);
  }
}
