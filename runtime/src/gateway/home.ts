// The gateway's folder: private, with the tokens, the socket and the file that tells clients where it listens.
// Tokens are made once for a home and stay. Files are 0600, folders 0700, whatever the umask.

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';

import { newToken } from './authenticate.js';

/** What a Unix socket's path may be long. */
const LONGEST_SOCKET_PATH = 100;

export interface Discovery {
  readonly pid: number;
  readonly url: string;
  /** For this machine: a Unix socket, for which no certificate and no name matters. */
  readonly local: string;
  readonly token: string;
  readonly version: string;
  readonly protocol: readonly [number, number];
  readonly started_at: number;
}

export class Home {
  readonly logs: string;
  readonly payloads: string;
  readonly log: string;
  readonly leases: string;

  constructor(readonly folder: string) {
    this.logs = join(folder, 'logs');
    this.payloads = join(folder, 'payloads');
    this.log = join(folder, 'gateway.log');
    this.leases = join(folder, 'leases.journal');
    for (const path of [folder, this.logs, this.payloads]) makePrivate(path);
  }

  /** The token in this file, made if there is none. */
  token(name: 'token' | 'supervisor.token'): string {
    const path = join(this.folder, name);
    const known = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
    if (/^[A-Za-z0-9_-]{43}$/.test(known)) {
      chmodSync(path, 0o600);
      return known;
    }
    const made = newToken();
    writePrivate(path, `${made}\n`);
    return made;
  }

  /** Where it listens by itself: in the folder, or in a short private one when that path is too long for a socket. */
  socketPath(): string {
    const inside = join(this.folder, 'gateway.sock');
    if (Buffer.byteLength(inside) <= LONGEST_SOCKET_PATH) return inside;
    const digest = createHash('sha256').update(this.folder).digest('hex').slice(0, 8);
    return join('/tmp', `farcall-${userInfo().uid}-${digest}`, 'gateway.sock');
  }

  /** Outside this folder: what isolated containers may enter. See engines/isolation.ts. */
  lobby(): string {
    const digest = createHash('sha256').update(this.folder).digest('hex').slice(0, 8);
    return join('/tmp', `farcall-${userInfo().uid}-${digest}-lobby`);
  }

  /** Makes the lobby, or takes it over from an earlier gateway. The socket in it is where containers knock. */
  openLobby(): string {
    const lobby = this.lobby();
    for (const path of [lobby, join(lobby, 'door')]) makePrivate(path);
    writePrivate(join(lobby, 'gateway.pid'), `${process.pid}\n`); // see engines/lobbies.ts
    return join(lobby, 'door', 'gateway.sock');
  }

  /** Nobody is left who needs it, unless a later gateway has opened it. */
  closeLobby(): void {
    const opened = readIfThere(join(this.lobby(), 'gateway.pid'));
    if (Number(opened) === process.pid) rmSync(this.lobby(), { recursive: true, force: true });
  }

  /** Leaves our pid for the sentence that another gateway ends with. The lock itself is the store's. */
  hold(): void {
    writePrivate(join(this.folder, 'gateway.pid'), `${process.pid}\n`);
  }

  /** The pid of the gateway that opened this home last. */
  holder(): number | undefined {
    const pid = Number(readIfThere(join(this.folder, 'gateway.pid')));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  }

  announce(discovery: Discovery): void {
    writePrivate(join(this.folder, 'gateway.json'), `${JSON.stringify(discovery)}\n`);
  }

  /** Takes the announcement back, if it is still ours. */
  retract(): void {
    const announced = readIfThere(join(this.folder, 'gateway.json'));
    const isOurs = announced !== '' && (JSON.parse(announced) as { pid?: unknown }).pid === process.pid;
    if (isOurs) rmSync(join(this.folder, 'gateway.json'), { force: true });
  }
}

/** Makes way for a socket: a private folder, and no stale file. Throws when something listens there. */
export async function clearSocket(path: string): Promise<void> {
  makePrivate(dirname(path));
  if (!existsSync(path)) return;
  if (await answers(path)) throw new Error(`something already listens on ${path}`);
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function makePrivate(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  const ours = found.uid === (process.getuid?.() ?? found.uid);
  // A folder in /tmp may have been put there by someone else.
  if (!found.isDirectory() || !ours) throw new Error(`${path} is not a folder of this user`);
  if ((found.mode & 0o077) !== 0 && path !== tmpdir()) chmodSync(path, 0o700);
}

function writePrivate(path: string, text: string): void {
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, text, { mode: 0o600 });
  chmodSync(part, 0o600);
  renameSync(part, path);
}
