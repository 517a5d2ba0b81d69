// Who is asking: one check for HTTP requests and upgrades alike, before anything is routed.
// Tokens are kept as sha256 and compared in constant time. Bootstrap tokens of containers are used once and expire.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { ContainerId } from '@farcall/kernel-bridge/wire';

export type Principal =
  | { readonly kind: 'client' }
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
  readonly expiresAt: number;
}

export class Tokens {
  readonly #known = new Map<string, Known>();

  /** A token of the whole home: client (and admin), or supervisor. */
  admit(token: string, principal: Principal): void {
    this.#add(hashOf(token), principal, Infinity);
  }

  /** A fresh single-use token for a container that is being started. */
  issue(container: ContainerId): string {
    this.revoke(container);
    const token = newToken();
    this.#add(hashOf(token), { kind: 'container', container, first: true }, performance.now() + BOOTSTRAP_MS);
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
    this.#add(hash, { kind: 'container', container, first: false }, Infinity);
  }

  revoke(container: ContainerId): void {
    for (const [hash, { principal }] of this.#known)
      if (principal.kind === 'container' && principal.container === container) this.#known.delete(hash);
  }

  who(token: string): Principal | undefined {
    const hash = hashOf(token);
    const known = this.#known.get(hash);
    if (known === undefined || known.expiresAt < performance.now()) return undefined;
    return timingSafeEqual(known.hash, Buffer.from(hash, 'hex')) ? known.principal : undefined;
  }

  #add(hash: string, principal: Principal, expiresAt: number): void {
    this.#known.set(hash, { hash: Buffer.from(hash, 'hex'), principal, expiresAt });
  }
}

export interface Door {
  readonly tokens: Tokens;
  /** Host header values that are ours, without the port, lower case. */
  readonly hosts: ReadonlySet<string>;
}
/** Why a request is turned away, as an HTTP status. */
export type Verdict = { readonly principal: Principal } | { readonly status: 400 | 401 | 403 | 421 };

export function authenticate(request: IncomingMessage, door: Door): Verdict {
  const outside = misdirected(request, door);
  if (outside !== undefined) return { status: outside };
  const bearer = /^Bearer ([A-Za-z0-9_-]{20,128})$/.exec(request.headers.authorization ?? '');
  const principal = bearer?.[1] === undefined ? undefined : door.tokens.who(bearer[1]);
  return principal === undefined ? { status: 401 } : { principal };
}

/** DNS rebinding and pages of a browser end here, with or without a token. */
export function misdirected(request: IncomingMessage, door: Door): 400 | 403 | 421 | undefined {
  if (request.url?.startsWith('/') !== true) return 400;
  const hosts = request.headersDistinct['host'] ?? [];
  const host = hosts[0];
  if (hosts.length !== 1 || host === undefined || !door.hosts.has(nameOf(host))) return 421;
  if (request.headersDistinct['origin'] !== undefined) return 403;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'none' && site !== 'same-origin') return 403;
  return undefined;
}

function nameOf(host: string): string {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.exec(host.toLowerCase());
  return match?.[1] ?? '';
}
