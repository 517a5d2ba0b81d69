// The tokens of several people on one gateway: made, listed, revoked and expired. HOME/tokens.json (0600) holds their hashes,
// never a token. It decides nothing: it puts them into Tokens, and takes them out again.

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

import type { TokenSummary } from '@farcall/kernel-bridge/wire';

import { hashOf, newToken, type Principal, type Tokens } from './authenticate.js';
import { Refusal } from './refusal.js';

interface Entry extends TokenSummary {
  readonly hash: string;
}
interface Held {
  readonly entry: Entry;
  readonly principal: Principal;
}
/** What is asked for. `seconds`: until it expires, 0: never. */
export interface TokenWish {
  readonly name: string;
  readonly scope: 'client' | 'admin';
  readonly seconds: number;
}
/** Expired tokens are looked for this often: their sockets close within a second. */
const SWEEP_MS = 250;
const MOST_TOKENS = 1000;

export class TokenBook {
  readonly #held = new Map<string, Held>();
  #sweeping: NodeJS.Timeout | undefined;

  constructor(
    private readonly path: string,
    private readonly tokens: Tokens,
  ) {
    for (const entry of read(path)) if (!isOver(entry)) this.#hold(entry);
  }

  make({ name, scope, seconds }: TokenWish): { readonly token: string; readonly summary: TokenSummary } {
    if (this.#held.size >= MOST_TOKENS)
      throw new Refusal('resource.exhausted', `${MOST_TOKENS} tokens were given out; revoke one first`);
    const token = newToken();
    const now = Date.now() / 1000;
    const token_id = `tk-${randomBytes(6).toString('hex')}`;
    const expires_at = seconds === 0 ? 0 : now + seconds;
    const entry = { token_id, name, scope, made_at: now, expires_at, hash: hashOf(token) };
    this.#hold(entry);
    this.#write();
    return { token, summary: summaryOf(entry) };
  }

  list(): readonly TokenSummary[] {
    return Array.from(this.#held.values(), ({ entry }) => entry)
      .filter((entry) => !isOver(entry))
      .map(summaryOf);
  }

  revoke(id: string): void {
    this.#drop(this.mustHold(id));
    this.#write();
  }

  mustHold(id: string): Held {
    const held = this.#held.get(id);
    if (held === undefined) throw new Refusal('not.found', `there is no token ${id.slice(0, 40)}; list them first`);
    return held;
  }

  #hold(entry: Entry): void {
    const principal: Principal = { kind: entry.scope, person: entry.name };
    this.#held.set(entry.token_id, { entry, principal });
    this.tokens.admitHash(entry.hash, principal, () => isOver(entry));
    if (entry.expires_at > 0) this.#sweeping ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  #drop({ entry, principal }: Held): void {
    this.#held.delete(entry.token_id);
    this.tokens.withdraw(principal);
  }

  #sweep(): void {
    const over = [...this.#held.values()].filter(({ entry }) => isOver(entry));
    for (const held of over) this.#drop(held);
    if (over.length > 0) this.#write();
    if ([...this.#held.values()].some(({ entry }) => entry.expires_at > 0)) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }

  #write(): void {
    const part = `${this.path}.${process.pid}.part`;
    const entries = Array.from(this.#held.values(), ({ entry }) => entry);
    writeFileSync(part, `${JSON.stringify(entries, undefined, 2)}\n`, { mode: 0o600, flush: true });
    chmodSync(part, 0o600);
    renameSync(part, this.path);
  }
}

function read(path: string): readonly Entry[] {
  if (!existsSync(path)) return [];
  const found: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!Array.isArray(found) || !found.every(isEntry))
    throw new Error(`${path} is not a list of tokens: put it aside (its tokens then are worth nothing) or mend it`);
  return found;
}

function isEntry(value: unknown): value is Entry {
  const { token_id, hash, scope, expires_at } = (value ?? {}) as Partial<Record<keyof Entry, unknown>>;
  const isScope = scope === 'client' || scope === 'admin';
  return typeof token_id === 'string' && /^[0-9a-f]{64}$/.test(String(hash)) && isScope && Number.isFinite(expires_at);
}

/** By the wall clock: a date that a person gave means that date, also after a restart. */
function isOver({ expires_at }: Entry): boolean {
  return expires_at > 0 && expires_at * 1000 <= Date.now();
}

function summaryOf({ token_id, name, scope, made_at, expires_at }: Entry): TokenSummary {
  return { token_id, name, scope, made_at, expires_at };
}
