// The gateway's program: options, the home, the store, the runtime, the doors, and one ready line. It leaves when it is told
// to, when it is idle, or when SIGTERM drains it. Everything else is decided elsewhere.

import { mkdirSync } from 'node:fs';

import { PROTOCOL } from '@farcall/kernel-bridge/wire';

import { Core } from './core/core.js';
import { type Isolation, openLobby } from './engines/isolation.js';
import { removeLeftLobbies } from './engines/lobbies.js';
import { LocalEngine } from './engines/local.js';
import { LocalSupervisors } from './engines/supervisor-process.js';
import { Tokens } from './gateway/authenticate.js';
import { workFolder } from './gateway/environment.js';
import { clearSocket, Home } from './gateway/home.js';
import { LeaseJournal } from './gateway/lease-journal.js';
import { type Log, openLog } from './gateway/log.js';
import type { Identity } from './gateway/parts.js';
import type { Address, Doorway } from './gateway/server.js';
import { Supervisors } from './gateway/supervisors.js';
import { VERSION } from './gateway/version.js';
import { abandon, boundMemory, doorsOf, isolationOf, leaver, openStore, pythonVersion, watchHome } from './launch.js';
import { Meter } from './operations/meter.js';
import { watchRoutes } from './operations/routes.js';
import { LaunchError, type Options, parseOptions } from './options.js';
import { Runtime } from './runtime.js';
import { StoreError } from './store/errors.js';
import type { Store } from './store/store.js';

/** Nothing that was accepted is lost: the next gateway goes on from the store. */
const FAILED = 70;

async function main(): Promise<void> {
  boundMemory();
  for (const ignored of ['SIGINT', 'SIGHUP'] as const) process.on(ignored, () => undefined);
  const options = parseOptions(process.argv.slice(2));
  const home = new Home(options.home);
  const store = await openStore(home, options, {
    onLost: (error) => log.error({ err: error }, 'store'),
    onEnded: (error) => {
      log.error({ err: error }, 'store.ended');
      process.exit(FAILED);
    },
  });
  home.hold();
  const log = openLog(home.log, { level: options.logLevel, mostBytes: options.logBytes });
  endOnBugs(log);
  const isolation = await isolationOf(home, options);
  if (isolation.warning !== '') log.warn({ isolation: isolation.kind, why: isolation.warning }, 'isolation');
  const identity = await identify(home, options, store, isolation);
  const tokens = new Tokens();
  tokens.admit(home.token('token'), { kind: 'admin' });
  tokens.admit(home.token('supervisor.token'), { kind: 'supervisor' });
  const reach = { url: '' };
  const supervisors = new Supervisors();
  const engine: LocalEngine = new LocalEngine({
    processes: supervisorsOf({ home, options, identity, isolation, reach }),
    isolation: isolation.kind,
    send: (host, message) => supervisors.send(host, message),
    onLost: (host) => runtime.lost(host),
    onError: (error) => log.warn({ err: error }, 'supervisor'),
    onPending: (why, failures) => runtime.pending(why, failures),
  });
  const journal = new LeaseJournal(home.leases);
  const shared = { store, engine, supervisors, tokens, identity, journal, log };
  const core = new Core(store.id);
  const meter = new Meter();
  const runtime: Runtime = new Runtime({
    ...shared,
    core,
    meter,
    keep: options.keep,
    keepImages: options.keepImages,
    limits: options.limits,
    logs: home.logs,
    idleExit: options.idleExit,
    onLeave: (keep) => void leave(keep),
  });
  const address: Address = options.address ?? { socket: home.socketPath() };
  const routes = watchRoutes({ core, store, runtime, meter, doors: () => doors });
  const doors = await doorsOf({ address, home, options, isolation, tokens, log, runtime, routes });
  const leave = leaver({ home, log, doors, runtime, engine, store });
  process.on('SIGTERM', () => void leave(true));

  await runtime.restore();
  const urls = await listen(doors, isolation);
  reach.url = urls.at(-1) ?? '';
  await engine.open();
  announce({ home, log, urls, identity });
  watchHome(home, () => void abandon({ home, log, engine }));
  for (const lobby of await removeLeftLobbies(home.lobby())) log.info({ lobby }, 'lobby.removed');
}

function endOnBugs(log: Log): void {
  process.on('uncaughtException', (error) => {
    log.error({ err: error }, 'uncaught');
    process.exit(FAILED);
  });
}

async function identify(
  home: Home,
  { address, python }: Options,
  store: Store,
  { kind, warning }: Isolation,
): Promise<Identity> {
  const remote = address !== undefined && 'host' in address;
  if (remote) mkdirSync(workFolder(home.folder), { recursive: true, mode: 0o700 });
  return {
    version: VERSION,
    store: store.id,
    epoch: store.epoch,
    python: remote ? await pythonVersion(python) : '',
    executable: python,
    remote,
    isolation: kind,
    warning,
    blobs: home.payloads,
    home: home.folder,
    startedAt: Date.now() / 1000,
  };
}

interface Supervised {
  readonly home: Home;
  readonly options: Options;
  readonly identity: Identity;
  readonly isolation: Isolation;
  readonly reach: { readonly url: string };
}

function supervisorsOf({ home, options, identity: { remote }, isolation, reach }: Supervised): LocalSupervisors {
  const { python, reconnectWindow, gpus, labels } = options;
  const token = home.token('supervisor.token');
  const told = { token, reach, embedded: !remote, reconnectWindow, gpus, labels, isolation };
  return new LocalSupervisors({ python, home: home.folder, ...told });
}

async function listen(doors: readonly Doorway[], isolation: Isolation): Promise<string[]> {
  for (const { address } of doors) if ('socket' in address) await clearSocket(address.socket);
  const urls = await Promise.all(doors.map((door) => door.listen()));
  const last = doors.at(-1)?.address;
  if (isolation.kind !== 'none' && last !== undefined && 'socket' in last) openLobby(isolation, last.socket);
  return urls;
}

interface Announced {
  readonly home: Home;
  readonly log: Log;
  readonly urls: readonly string[];
  readonly identity: Identity;
}

/** The one line that whoever started us waits for; before it, the file that others look for. */
function announce({ home, log, urls, identity: { startedAt, store } }: Announced): void {
  const { pid } = process;
  const [url = '', local = url] = [urls[0], urls.at(-1)];
  const told = { token: home.token('token'), version: VERSION, protocol: PROTOCOL, started_at: startedAt };
  home.announce({ pid, url, local, ...told });
  log.info({ url, version: VERSION, node: process.version, store }, 'listening');
  process.stdout.write(`${JSON.stringify({ pid, url })}\n`);
}

main().catch((error: unknown) => {
  const isTold = error instanceof LaunchError || error instanceof StoreError;
  const said = error instanceof Error ? (isTold ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${said}\n`);
  process.exit(error instanceof LaunchError ? error.exitCode : 1);
});
