// What the gateway knows of each container beside the core: its connection, what it was sent (so that code and shared values
// travel once), its leases, and an outbox that keeps messages in order while a payload is read back from the store.

import type { CallId, ContainerId, FunctionId, Message } from '@farcall/kernel-bridge/wire';

import type { Connection } from './connection.js';

export interface Lease {
  readonly lease: number;
  readonly call: CallId;
  readonly first: number;
  readonly count: number;
  readonly attempt: number;
}
/** Ended leases that output and late outcomes may still refer to. */
const ENDED_LEASES_KEPT = 32;

export class ContainerSession {
  connection: Connection | undefined;
  /** Set once its code is loaded. */
  ready = false;
  /** It was there before a restart of the gateway and has not come back yet. */
  isAwaited = false;
  readonly calls = new Set<CallId>();
  readonly leases = new Map<number, Lease>();
  #ended: number[] = [];
  #outbox: Promise<void> | undefined;

  constructor(
    readonly id: ContainerId,
    readonly function_: FunctionId,
  ) {}

  send(message: Message, payload?: Uint8Array): void {
    this.connection?.send(message, payload);
  }

  /** Behind what was sent, with what is sent next, or in a few milliseconds. */
  sendSoon(message: Message): void {
    this.connection?.sendSoon(message);
  }

  /** Runs steps one after the other; at once when none is waiting. */
  inOrder(step: () => void | Promise<void>): void {
    if (this.#outbox === undefined) {
      const late = step();
      if (late !== undefined) this.#follow(late);
    } else this.#follow(this.#outbox.then(step));
  }

  endLease(lease: number): void {
    if (!this.leases.has(lease) || this.#ended.includes(lease)) return;
    this.#ended.push(lease);
    while (this.#ended.length > ENDED_LEASES_KEPT) this.leases.delete(this.#ended.shift() ?? 0);
  }

  /** Every lease it was given has ended here. */
  get isIdle(): boolean {
    return this.leases.size === this.#ended.length;
  }

  /** The lease it was given last, for output that nobody can attribute. */
  get latest(): Lease | undefined {
    return [...this.leases.values()].at(-1);
  }

  /** Whether this input is or was just leased to it. */
  holds(call: CallId, index: number): boolean {
    for (const lease of this.leases.values())
      if (lease.call === call && index >= lease.first && index < lease.first + lease.count) return true;
    return false;
  }

  #follow(step: Promise<void>): void {
    this.#outbox = step;
    void step.finally(() => {
      if (this.#outbox === step) this.#outbox = undefined;
    });
  }
}

export class Containers {
  readonly #sessions = new Map<ContainerId, ContainerSession>();

  add(session: ContainerSession): void {
    this.#sessions.set(session.id, session);
  }

  get(id: ContainerId): ContainerSession | undefined {
    return this.#sessions.get(id);
  }

  remove(id: ContainerId): ContainerSession | undefined {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    return session;
  }

  all(): IterableIterator<ContainerSession> {
    return this.#sessions.values();
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Ready containers of a function. */
  ofFunction(id: FunctionId): ContainerSession[] {
    return [...this.#sessions.values()].filter(
      (session) => session.function_ === id && session.ready && session.connection?.open === true,
    );
  }
}
