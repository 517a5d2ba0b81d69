// All that the core knows, and the moment it lives in. Every topic's functions take it, as `s`; only core.ts makes one.

import type { CallId, ClientId, ContainerId, FunctionId, HostId } from '@farcall/kernel-bridge/wire';

import type { Call } from './call.js';
import type { Container } from './container.js';
import { Delays } from './delays.js';
import type { Moment } from './events.js';
import type { RemoteFunction, Settings } from './function.js';
import type { Host } from './host.js';
import { Orders } from './orders.js';

/** A session object of some kernel. `lostAt`: Infinity while it is connected. */
export interface Client {
  lostAt: number;
  readonly calls: Set<Call>;
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export class State {
  now = 0;
  at = 0;
  readonly out = new Orders();
  readonly functions = new Map<FunctionId, RemoteFunction>();
  /** app and name → settings that outlive versions. */
  readonly settings = new Map<string, Partial<Settings>>();
  readonly calls = new Map<CallId, Call>();
  /** Ended calls, the oldest first. */
  readonly ended: Call[] = [];
  /** Parent call → calls opened by its inputs, while they are open. */
  readonly children = new Map<CallId, Set<Call>>();
  readonly containers = new Map<ContainerId, Container>();
  readonly hosts = new Map<HostId, Host>();
  /** Why there is none, as far as the engine knows. */
  hostless = '';
  readonly clients = new Map<ClientId, Client>();
  readonly delays = new Delays();
  /** Functions whose queue or containers changed in this event. */
  readonly dirty = new Set<RemoteFunction>();
  /** Containers that hold what ended calls shared. */
  readonly forgetful = new Set<Container>();
  /** Restored calls that are held back. */
  readonly heldBack = new Set<Call>();
  openCalls = 0;
  /** The containers of before a restart have until then to come back. */
  restoredUntil = 0;
  #made = 0;

  /** `salt`: up to six base-32 characters that differ between gateways, so that container ids do. */
  constructor(private readonly salt: string) {}

  begin(moment: Moment): void {
    this.now = moment.now;
    this.at = moment.at;
  }

  touch(fn: RemoteFunction): void {
    this.dirty.add(fn);
  }

  /** Resources changed hands: whoever waits for some looks again. */
  touchAll(): void {
    for (const fn of this.functions.values()) if (fn.queued > 0 || fn.shortage !== '') this.dirty.add(fn);
  }

  client(id: ClientId): Client {
    const known = this.clients.get(id);
    if (known !== undefined) return known;
    const client = { lostAt: Infinity, calls: new Set<Call>() };
    this.clients.set(id, client);
    return client;
  }

  /** A ulid of the time, the salt and a count. */
  newContainerId(): ContainerId {
    this.#made += 1;
    const time = base32(Math.floor(this.at * 1000), 10);
    const rest = this.salt.padStart(6, '0').slice(0, 6) + base32(this.#made, 10);
    return `co-${time}${rest}` as ContainerId;
  }
}

export function keyOf(app: string, name: string): string {
  return `${app}\n${name}`;
}

/** When a container of this id was asked for, in Unix seconds. */
export function bornAt(id: ContainerId): number {
  let time = 0;
  for (const letter of id.slice(3, 13)) time = time * 32 + Math.max(0, CROCKFORD.indexOf(letter));
  return time / 1000;
}

function base32(value: number, length: number): string {
  let text = '';
  let left = value;
  for (let at = 0; at < length; at += 1) {
    text = (CROCKFORD[left % 32] ?? '0') + text;
    left = Math.floor(left / 32);
  }
  return text;
}
