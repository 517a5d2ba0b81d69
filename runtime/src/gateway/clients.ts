// The clients that are connected: one session an id, the newest connection wins. A session ends with its connection; the
// client attaches and watches again after it reconnects. Clients inside containers are marked by the container they run in.

import type { ClientId, ContainerId, Message, RefusalCode } from '@farcall/kernel-bridge/wire';

import type { Connection, Spoken } from './connection.js';

export class ClientSession {
  /** Bytes of chunks that this client sent and that are not durable yet. */
  constructor(
    readonly id: ClientId,
    readonly connection: Connection,
    /** `major.minor.patch` */
    readonly python: string,
    /** The container this client runs in, for nested calls. */
    readonly inside?: ContainerId,
  ) {}

  send(message: Message, payload?: Uint8Array): void {
    this.connection.send(message, payload);
  }

  /** Behind what was sent, with what is sent next, or in a few milliseconds. */
  sendSoon(message: Message): void {
    this.connection.sendSoon(message);
  }

  fail(code: RefusalCode, message: string, about: Spoken = {}): void {
    this.connection.fail(code, message, about);
  }
}

export class Clients {
  readonly #sessions = new Map<ClientId, ClientSession>();

  get count(): number {
    return this.#sessions.size;
  }

  /** Clients that are people's, not containers': they keep an idle gateway up. */
  get outsideCount(): number {
    let count = 0;
    for (const session of this.#sessions.values()) if (session.inside === undefined) count += 1;
    return count;
  }

  /** Closes an earlier connection of the same client. */
  add(session: ClientSession): void {
    const earlier = this.#sessions.get(session.id);
    this.#sessions.set(session.id, session);
    earlier?.connection.close(4409, 'the same client connected again');
  }

  /** Whether this was the client's current session. */
  remove(session: ClientSession): boolean {
    if (this.#sessions.get(session.id) !== session) return false;
    this.#sessions.delete(session.id);
    return true;
  }

  get(id: ClientId): ClientSession | undefined {
    return this.#sessions.get(id);
  }

  all(): Iterable<ClientSession> {
    return this.#sessions.values();
  }

  closeInside(container: ContainerId): void {
    for (const session of this.#sessions.values())
      if (session.inside === container) session.connection.close(4401, 'its container is gone');
  }
}
