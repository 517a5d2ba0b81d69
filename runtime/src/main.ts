// The gateway's program: options, the home, the store, the runtime, the door, and one ready line. It leaves when it is told
// to, when it is idle, or when SIGTERM drains it. Everything else is decided elsewhere.

import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

import { PROTOCOL } from '@farcall/kernel-bridge/wire';

import { Core } from './core/core.js';
import { LocalEngine } from './engines/local.js';
import { LocalSupervisors } from './engines/supervisor-process.js';
import { Tokens } from './gateway/authenticate.js';
import { blobRoutes } from './gateway/blobs.js';
import { workFolder } from './gateway/environment.js';
import { clearSocket, Home } from './gateway/home.js';
import { LeaseJournal } from './gateway/lease-journal.js';
import { type Log, openLog } from './gateway/log.js';
import { type Address, Doorway } from './gateway/server.js';
import { Supervisors } from './gateway/supervisors.js';
import { VERSION } from './gateway/version.js';
import { isLoopback, LaunchError, type Options, parseOptions } from './options.js';
import { Runtime } from './runtime.js';
import { StoreBusy, StoreError } from './store/errors.js';
import { openSqliteStore, type SqliteStore } from './store/sqlite.js';

const LEAVE_MS = 2000;

async function main(): Promise<void> {
  for (const ignored of ['SIGINT', 'SIGHUP'] as const) process.on(ignored, () => undefined);
  const options = parseOptions(process.argv.slice(2));
  const home = new Home(options.home);
  const store = await openStore(home, options);
  home.hold();
  const log = openLog(home.log);
  process.on('uncaughtException', (error) => {
    log.error({ err: error }, 'uncaught');
    process.exit(70);
  });
  const address: Address = options.address ?? { socket: home.socketPath() };

  const tokens = new Tokens();
  const token = home.token('token');
  const supervisorToken = home.token('supervisor.token');
  tokens.admit(token, { kind: 'client' });
  tokens.admit(supervisorToken, { kind: 'supervisor' });

  const startedAt = Date.now() / 1000;
  const remote = 'host' in address;
  if (remote) mkdirSync(workFolder(home.folder), { recursive: true, mode: 0o700 });
  const supervisors = new Supervisors();
  const reach = { url: '' };
  const engine = new LocalEngine({
    processes: new LocalSupervisors({
      python: options.python, home: home.folder, token: supervisorToken, reach, embedded: !remote,
      reconnectWindow: options.reconnectWindow, gpus: options.gpus,
    }),
    send: (host, message) => supervisors.send(host, message),
    onLost: (host) => runtime.lost(host),
    onError: (error) => log.warn({ err: error }, 'supervisor'),
  });
  const runtime = new Runtime({
    core: new Core(store.id), store, engine, supervisors, tokens, logs: home.logs, journal: new LeaseJournal(home.leases), log, idleExit: options.idleExit,
    identity: {
      version: VERSION, store: store.id, epoch: store.epoch, python: remote ? await pythonVersion(options.python) : '',
      executable: options.python, remote, blobs: home.payloads, home: home.folder, startedAt,
    },
    onLeave: (keep) => void leave(keep),
  });
  const doors = doorsOf(address, home).map((at) => new Doorway({
    tokens, address: at, hosts: hostsOf(at, options), routes: blobRoutes(home.payloads),
    onSocket: (socket, peer) => runtime.accept(socket, peer),
    onError: (error) => log.error({ err: error }, 'door'),
  }));
  const leave = leaver({ home, log, doors, runtime, engine, store });
  process.on('SIGTERM', () => void leave(true));

  await runtime.restore();
  for (const door of doors) if ('socket' in door.address) await clearSocket(door.address.socket);
  const urls = await Promise.all(doors.map((door) => door.listen()));
  const url = urls[0] ?? '';
  reach.url = urls.at(-1) ?? '';
  await engine.open();
  home.announce({ pid: process.pid, url, token, version: VERSION, protocol: PROTOCOL, started_at: startedAt });
  log.info({ url, version: VERSION, node: process.version, store: store.id }, 'listening');
  process.stdout.write(`${JSON.stringify({ pid: process.pid, url })}\n`);
}

async function openStore(home: Home, options: Options): Promise<SqliteStore> {
  try {
    return await openSqliteStore({ folder: home.folder, durability: options.durability });
  } catch (error) {
    if (!(error instanceof StoreBusy)) throw error;
    const holder = home.holder();
    throw new LaunchError(`another gateway${holder === undefined ? '' : ` (pid ${holder})`} holds ${home.folder}`, 3);
  }
}

/** A gateway reached over the network has a door for its own supervisor and containers too, which need no TLS. */
function doorsOf(address: Address, home: Home): readonly Address[] {
  return 'socket' in address ? [address] : [address, { socket: home.socketPath() }];
}

function hostsOf(address: Address, { allowedHosts }: Options): ReadonlySet<string> {
  const ours = ['localhost', '127.0.0.1', '[::1]'];
  if (!('host' in address) || isLoopback(address.host)) return new Set([...ours, ...allowedHosts]);
  return new Set([...ours, address.host.includes(':') ? `[${address.host}]` : address.host, hostname().toLowerCase(), ...allowedHosts]);
}

interface Leaving {
  readonly home: Home;
  readonly log: Log;
  readonly doors: readonly Doorway[];
  readonly runtime: Runtime;
  readonly engine: LocalEngine;
  readonly store: AsyncDisposable;
}

/** Drains once, within two seconds. `keep`: containers go on and wait for the next gateway. */
function leaver({ home, log, doors, runtime, engine, store }: Leaving): (keep: boolean) => Promise<void> {
  let leaving = false;
  return async (keep) => {
    if (leaving) return;
    leaving = true;
    log.info({ keep }, 'leaving');
    setTimeout(() => process.exit(0), LEAVE_MS);
    for (const door of doors) door.stopAccepting();
    home.retract();
    await runtime.drain();
    if (keep) engine.leave();
    else await engine[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    for (const door of doors) await door[Symbol.asyncDispose]();
    process.exit(0);
  };
}

async function pythonVersion(python: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', 'import platform; print(platform.python_version())'], { timeout: 10_000 });
    return stdout.trim();
  } catch (error) {
    throw new LaunchError(`--python ${python} does not run: ${error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error)}`);
  }
}

main().catch((error: unknown) => {
  const isTold = error instanceof LaunchError || error instanceof StoreError;
  process.stderr.write(`${isTold ? error.message : error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(error instanceof LaunchError ? error.exitCode : 1);
});
