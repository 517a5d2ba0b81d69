// The pieces that main.ts puts together before the runtime: the store under its lock, the doors to listen on, the
// interpreter's version, and the way out. Each knows only what it is given.

import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';

import { findIsolation, type Isolation } from './engines/isolation.js';
import type { LocalEngine } from './engines/local.js';
import { blobRoutes } from './gateway/blobs.js';
import type { Tokens } from './gateway/authenticate.js';
import type { Home } from './gateway/home.js';
import type { Log } from './gateway/log.js';
import { type Address, Doorway, type Route } from './gateway/server.js';
import { isLoopback, LaunchError, type Options } from './options.js';
import type { Runtime } from './runtime.js';
import { StoreBusy } from './store/errors.js';
import { Payloads } from './store/payloads.js';
import { openSqliteStore, type SqliteOptions, type SqliteStore } from './store/sqlite.js';

/** V8 collects once the old objects have grown by so much, not once there are up to four times as many. */
const GROWING_PERCENT = 60;
/** How malloc serves a gateway, told by whoever started it (embedded.py). */
const MALLOC = ['MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_'];
const LEAVE_MS = 2000;
/** How often the home is looked at. */
const LOOK_MS = 5000;
const ANOTHER_HOLDS_HOME = 3;

/** How much this process keeps for the next burst (docs/operations.md); those that it starts have their own ways. */
export function boundMemory(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
  for (const name of MALLOC) Reflect.deleteProperty(process.env, name);
}

/** The store's lock is the home's: one gateway a home. */
export async function openStore(
  home: Home,
  options: Options,
  told: Pick<SqliteOptions, 'onLost' | 'onEnded'>,
): Promise<SqliteStore> {
  try {
    return await openSqliteStore({ folder: home.folder, durability: options.durability, ...told });
  } catch (error) {
    if (!(error instanceof StoreBusy)) throw error;
    const holder = home.holder();
    const who = holder === undefined ? 'another gateway' : `another gateway (pid ${holder})`;
    throw new LaunchError(`${who} holds ${home.folder}`, ANOTHER_HOLDS_HOME);
  }
}

/** Decided once, here; what was asked for by name and is not possible ends the start. */
export async function isolationOf(home: Home, { isolation: asked, python, uids }: Options): Promise<Isolation> {
  try {
    if (asked !== 'none') home.openLobby();
    const found = await findIsolation({ asked, python, uids, home: home.folder, lobby: home.lobby() });
    if (found.kind === 'none' && asked !== 'none') home.closeLobby();
    return found;
  } catch (error) {
    throw new LaunchError(error instanceof Error ? error.message : String(error));
  }
}

export interface Doors {
  readonly address: Address;
  readonly home: Home;
  readonly options: Options;
  readonly isolation: Isolation;
  readonly tokens: Tokens;
  readonly log: Log;
  readonly runtime: Runtime;
  /** Beside those of blobs. */
  readonly routes: readonly Route[];
}

/** The last one is for our own supervisor and containers: on a server too they come by a Unix socket, which needs no TLS. */
export async function doorsOf(given: Doors): Promise<readonly Doorway[]> {
  const { address, home, options, isolation, tokens, log, runtime } = given;
  const blobs = blobRoutes(await Payloads.open(home.payloads, options.durability));
  const inner: readonly Address[] = 'socket' in address ? [] : [{ socket: home.socketPath() }];
  const lobby: readonly Address[] = isolation.kind === 'none' ? [] : [{ socket: home.openLobby() }];
  const addresses: readonly Address[] = [address, ...(lobby.length > 0 ? lobby : inner)];
  return addresses.map(
    (at) =>
      new Doorway({
        tokens,
        address: at,
        hosts: hostsOf(at, options),
        origins: new Set(options.allowedOrigins),
        limits: options.limits,
        routes: [...blobs, ...given.routes],
        onSocket: (socket, peer) => runtime.accept(socket, peer),
        onError: (error) => log.error({ err: error }, 'door'),
      }),
  );
}

function hostsOf(address: Address, { allowedHosts }: Options): ReadonlySet<string> {
  const ours = ['localhost', '127.0.0.1', '[::1]', ...allowedHosts.map((name) => name.toLowerCase())];
  if (!('host' in address) || isLoopback(address.host)) return new Set(ours);
  const own = address.host.includes(':') ? `[${address.host}]` : address.host.toLowerCase();
  return new Set([...ours, own, hostname().toLowerCase()]);
}

export async function pythonVersion(python: string): Promise<string> {
  try {
    const code = 'import platform; print(platform.python_version())';
    const { stdout } = await promisify(execFile)(python, ['-c', code], { timeout: 10_000 });
    return stdout.trim();
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new LaunchError(`--python ${python} does not run: ${why ?? ''}`);
  }
}

/** Calls back once the home is gone, or is another folder by now: nobody can find this gateway any more. */
export function watchHome({ folder }: Home, onGone: () => void): void {
  const { dev, ino } = statSync(folder);
  const timer = setInterval(() => {
    const now = statSync(folder, { throwIfNoEntry: false });
    if (now?.dev === dev && now.ino === ino) return;
    clearInterval(timer);
    onGone();
  }, LOOK_MS).unref();
}

/** Ends at once, its containers too. Doors are not closed: that would remove a later gateway's sockets at the same paths. */
export async function abandon({ home, log, engine }: Pick<Leaving, 'home' | 'log' | 'engine'>): Promise<void> {
  log.warn({}, 'home.gone');
  await engine[Symbol.asyncDispose]();
  home.closeLobby();
  process.exit(1);
}

export interface Leaving {
  readonly home: Home;
  readonly log: Log;
  readonly doors: readonly Doorway[];
  readonly runtime: Runtime;
  readonly engine: LocalEngine;
  readonly store: AsyncDisposable;
}

/** Drains once, within two seconds. `keep`: containers go on and wait for the next gateway. */
export function leaver({ home, log, doors, runtime, engine, store }: Leaving): (keep: boolean) => Promise<void> {
  let isLeaving = false;
  return async (keep) => {
    if (isLeaving) return;
    isLeaving = true;
    log.info({ keep }, 'leaving');
    setTimeout(() => process.exit(0), LEAVE_MS);
    for (const door of doors) door.stopAccepting();
    home.retract();
    // A supervisor that loses its gateway while it has containers would start another one: it goes first.
    if (keep) engine.leave();
    else {
      await engine[Symbol.asyncDispose]();
      home.closeLobby();
    }
    await runtime.drain();
    log.info({}, 'drained');
    await store[Symbol.asyncDispose]();
    for (const door of doors) await door[Symbol.asyncDispose]();
    process.exit(0);
  };
}
