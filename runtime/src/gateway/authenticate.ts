// Who is asking: one check for HTTP requests and upgrades alike, before anything is routed.
// Tokens are kept as sha256 and compared in constant time. Bootstrap tokens of containers are used once and expire; a person's
// may expire or be revoked, and what is connected by it then is told through `onWithdrawn`.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { ContainerId } from '@farcall/kernel-bridge/wire';

export type Principal =
  /** `admin` may also stop the gateway and give tokens out. `person`: the token's name; absent: the home's owner. */
  | { readonly kind: 'client' | 'admin'; readonly person?: string }
  | { readonly kind: 'supervisor' }
  /** `first`: by its single-use token, so it gets a key. */
  | { readonly kind: 'container'; readonly container: ContainerId; readonly first: boolean };

const BOOTSTRAP_MS = 10 * 60_000;

export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

interface Known {
  readonly hash: Buffer;
  readonly principal: Principal;
  readonly isOver: () => boolean;
}
const never = (): boolean => false;

export class Tokens {
  readonly #known = new Map<string, Known>();
  readonly #listeners: ((principal: Principal) => void)[] = [];

  /** A token of the whole home: its owner's, or the supervisor's. */
  admit(token: string, principal: Principal): void {
    this.#add(hashOf(token), principal, never);
  }

  /** A token that is kept as its hash only. Each has a principal object of its own, by which it is withdrawn. */
  admitHash(hash: string, principal: Principal, isOver: () => boolean): void {
    this.#add(hash, principal, isOver);
  }

  /** Worth nothing from now on; whoever is connected by it is disconnected. */
  withdraw(principal: Principal): void {
    for (const [hash, known] of this.#known) if (known.principal === principal) this.#known.delete(hash);
    for (const listener of this.#listeners) listener(principal);
  }

  /** For the doors: `listener` closes what this principal has open. */
  onWithdrawn(listener: (principal: Principal) => void): void {
    this.#listeners.push(listener);
  }

  /** A fresh single-use token for a container that is being started. */
  issue(container: ContainerId): string {
    this.revoke(container);
    const token = newToken();
    const until = performance.now() + BOOTSTRAP_MS;
    this.#add(hashOf(token), { kind: 'container', container, first: true }, () => performance.now() > until);
    return token;
  }

  /** The key that replaces the container's single-use token; its hash is for the store. */
  exchange(container: ContainerId): { readonly key: string; readonly hash: string } {
    this.revoke(container);
    const key = newToken();
    const hash = hashOf(key);
    this.restore(container, hash);
    return { key, hash };
  }

  /** A container's key as the store has it. */
  restore(container: ContainerId, hash: string): void {
    this.#add(hash, { kind: 'container', container, first: false }, never);
  }

  revoke(container: ContainerId): void {
    for (const [hash, { principal }] of this.#known)
      if (principal.kind === 'container' && principal.container === container) this.#known.delete(hash);
  }

  who(token: string): Principal | undefined {
    const hash = hashOf(token);
    const known = this.#known.get(hash);
    if (known === undefined || known.isOver()) return undefined;
    return timingSafeEqual(known.hash, Buffer.from(hash, 'hex')) ? known.principal : undefined;
  }

  #add(hash: string, principal: Principal, isOver: () => boolean): void {
    this.#known.set(hash, { hash: Buffer.from(hash, 'hex'), principal, isOver });
  }
}

export interface Door {
  readonly tokens: Tokens;
  /** Host header values that are ours, without the port, lower case. */
  readonly hosts: ReadonlySet<string>;
  /** Origin header values that may come in, letter by letter. None unless someone lists them. */
  readonly origins?: ReadonlySet<string>;
}
/** Why a request is turned away, as an HTTP status. */
export type Verdict = { readonly principal: Principal } | { readonly status: 400 | 401 | 403 | 421 };

export function authenticate(request: IncomingMessage, door: Door): Verdict {
  const outside = misdirected(request, door);
  if (outside !== undefined) return { status: outside };
  const shown = request.headersDistinct['authorization'] ?? [];
  const bearer = shown.length === 1 ? /^Bearer ([A-Za-z0-9_-]{20,128})$/.exec(shown[0] ?? '') : null;
  const principal = bearer?.[1] === undefined ? undefined : door.tokens.who(bearer[1]);
  return principal === undefined ? { status: 401 } : { principal };
}

/** DNS rebinding and pages of a browser end here, with or without a token. */
export function misdirected(request: IncomingMessage, door: Door): 400 | 403 | 421 | undefined {
  if (request.url?.startsWith('/') !== true) return 400;
  const hosts = request.headersDistinct['host'] ?? [];
  const host = hosts[0];
  if (hosts.length !== 1 || host === undefined || !door.hosts.has(nameOf(host))) return 421;
  const origins = request.headersDistinct['origin'];
  if (origins !== undefined)
    return origins.length === 1 && door.origins?.has(origins[0] ?? '') === true ? undefined : 403;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'none' && site !== 'same-origin') return 403;
  return undefined;
}

function nameOf(host: string): string {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.exec(host.toLowerCase());
  return match?.[1] ?? '';
}
