// The command line of the gateway, parsed and checked once. A wrong one is a sentence, never a stack trace.

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { ISOLATIONS, type IsolationWish } from './engines/isolation.js';
import { type Limits, LIMITS } from './gateway/limits.js';
import { LOG_LEVELS, type LogLevel } from './gateway/log.js';
import type { Address } from './gateway/server.js';
import type { Keep } from './store/store.js';

export interface Options {
  readonly home: string;
  readonly python: string;
  /** Absent: the home's own Unix socket. */
  readonly address: Address | undefined;
  readonly durability: 'process' | 'power';
  /** Seconds without clients and open calls after which it leaves; 0: never. */
  readonly idleExit: number;
  readonly gpus: string | undefined;
  /** Where it is: `region` and `cloud`, as far as they were given. */
  readonly labels: Readonly<Record<string, string>>;
  readonly isolation: IsolationWish;
  /** Users that containers may be run as: the first, and how many. */
  readonly uids: readonly [first: number, count: number];
  /** Seconds that containers wait for a gateway that went away. */
  readonly reconnectWindow: number;
  /** Further names this gateway may be addressed by. */
  readonly allowedHosts: readonly string[];
  /** Origins of browser pages that may come in, letter by letter. */
  readonly allowedOrigins: readonly string[];
  readonly limits: Limits;
  readonly keep: Keep;
  /** Bytes of images that may stay though nobody uses them. */
  readonly keepImages: number;
  readonly logLevel: LogLevel;
  readonly logBytes: number;
}

/** Something the person who started it can change. */
export class LaunchError extends Error {
  constructor(
    message: string,
    readonly exitCode = 2,
  ) {
    super(message);
    this.name = 'LaunchError';
  }
}

const OPTIONS = {
  home: { type: 'string' },
  python: { type: 'string' },
  socket: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  insecure: { type: 'boolean' },
  'allow-host': { type: 'string', multiple: true },
  'allow-origin': { type: 'string', multiple: true },
  limit: { type: 'string', multiple: true },
  durability: { type: 'string' },
  'idle-exit': { type: 'string' },
  gpus: { type: 'string' },
  region: { type: 'string' },
  cloud: { type: 'string' },
  isolation: { type: 'string' },
  uids: { type: 'string' },
  'reconnect-window': { type: 'string' },
  'keep-days': { type: 'string' },
  'keep-bytes': { type: 'string' },
  'keep-images': { type: 'string' },
  'log-level': { type: 'string' },
  'log-bytes': { type: 'string' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Options {
  const values = valuesOf(argv);
  const address = addressOf(values);
  const isRemote = address !== undefined && 'host' in address;
  const durability = values.durability ?? (isRemote ? 'power' : 'process');
  if (durability !== 'process' && durability !== 'power')
    throw new LaunchError(`--durability is "process" or "power", not "${durability}"`);
  if (values.gpus !== undefined && !/^([\w .-]+(:\d{1,3})?)(,[\w .-]+(:\d{1,3})?)*$/.test(values.gpus))
    throw new LaunchError(`--gpus looks like "A100:2,T4:1", not "${values.gpus}"`);
  const labels = { ...labelOf('region', values.region), ...labelOf('cloud', values.cloud) };
  return {
    home: resolve(values.home ?? defaultHome(env)),
    python: values.python ?? 'python3',
    address,
    durability,
    idleExit: seconds('idle-exit', values['idle-exit'], isRemote ? 0 : 300),
    gpus: values.gpus,
    labels,
    isolation: isolationOf(values.isolation ?? (isRemote ? 'auto' : 'none')),
    uids: uidsOf(values.uids ?? '60600-61099'),
    reconnectWindow: seconds('reconnect-window', values['reconnect-window'], isRemote ? 600 : 60),
    allowedHosts: values['allow-host'] ?? [],
    allowedOrigins: values['allow-origin'] ?? [],
    limits: limitsOf(values.limit ?? []),
    keep: keepOf(values, env),
    keepImages: bytes('keep-images', values['keep-images'] ?? (env['FARCALL_KEEP_IMAGES'] || '20GiB')),
    logLevel: levelOf(values['log-level'] ?? (env['FARCALL_LOG_LEVEL'] || 'info')),
    logBytes: bytes('log-bytes', values['log-bytes'] ?? '16MiB'),
  };
}

function labelOf(name: string, text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text))
    throw new LaunchError(
      `--${name} takes up to 64 letters, digits, dots, dashes and underscores, such as "eu", not "${text}"`,
    );
  return { [name]: text };
}

function isolationOf(text: string): IsolationWish {
  const found = ISOLATIONS.find((known) => known === text);
  if (found === undefined) throw new LaunchError(`--isolation is one of ${ISOLATIONS.join(', ')}, not "${text}"`);
  return found;
}

function uidsOf(text: string): readonly [first: number, count: number] {
  const match = /^(\d{1,10})-(\d{1,10})$/.exec(text);
  const [first, last] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  if (first < 1000 || last < first || last > 0xfffffffd)
    throw new LaunchError(`--uids takes a range of users that nobody else has, such as 60600-61099, not "${text}"`);
  return [first, last - first + 1];
}

/** `name=number`, each of limits.ts. A frame may not be larger than the protocol's. */
function limitsOf(texts: readonly string[]): Limits {
  const limits: Record<string, number> = { ...LIMITS };
  for (const text of texts) {
    const [name = '', number = ''] = text.split('=');
    const value = Number(number);
    if (!Object.hasOwn(LIMITS, name) || !(value >= 1) || !Number.isFinite(value))
      throw new LaunchError(
        `--limit takes ${Object.keys(LIMITS).join(', ')} and a number, as unproven=20, not "${text}"`,
      );
    limits[name] = name === 'frame' ? Math.min(value, LIMITS.frame) : value;
  }
  return { ...LIMITS, ...limits };
}

function valuesOf(argv: readonly string[]): Values {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new LaunchError((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '');
  }
}

function addressOf(values: Values): Address | undefined {
  const { socket, host, port } = values;
  if (host === undefined && port === undefined) return socket === undefined ? undefined : { socket: resolve(socket) };
  if (socket !== undefined) throw new LaunchError('--socket and --host are two ways to listen: choose one');
  const number = Number(port ?? NaN);
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new LaunchError('--port takes a number from 0 to 65535');
  const { 'tls-cert': cert, 'tls-key': key } = values;
  if ((cert === undefined) !== (key === undefined)) throw new LaunchError('--tls-cert and --tls-key belong together');
  const at = { host: host ?? '127.0.0.1', port: number };
  if (cert !== undefined && key !== undefined) return { ...at, tls: { cert, key } };
  if (!isLoopback(at.host) && values.insecure !== true)
    throw new LaunchError(
      `listening on ${at.host} needs --tls-cert and --tls-key (or --insecure, spelled out: everyone on the way can read and run)`,
    );
  return at;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function seconds(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new LaunchError(`--${name} takes seconds, not "${text}"`);
  return value;
}

/** Calls are kept for a week, payloads within 10 GiB, unless told otherwise (the gateway that a kernel starts: by variables). */
function keepOf(values: Values, env: NodeJS.ProcessEnv): Keep {
  const text = values['keep-days'] ?? (env['FARCALL_KEEP_DAYS'] || '7');
  const days = Number(text);
  if (text.trim() === '' || !Number.isFinite(days) || days < 0)
    throw new LaunchError(`--keep-days takes days, such as 7 or 0.5, not "${text}"`);
  const budgetBytes = bytes('keep-bytes', values['keep-bytes'] ?? (env['FARCALL_KEEP_BYTES'] || '10GiB'));
  return { olderThanMs: days * 24 * 3_600_000, budgetBytes };
}

function levelOf(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new LaunchError(`--log-level is one of ${LOG_LEVELS.join(', ')}, not "${text}"`);
  return level;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };

function bytes(name: string, text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([KMGT]iB)?$/.exec(text) ?? [];
  if (number === undefined) throw new LaunchError(`--${name} takes bytes, such as 500MiB or 10GiB, not "${text}"`);
  return Math.floor(Number(number) * (UNITS[unit] ?? 1));
}

function defaultHome(env: NodeJS.ProcessEnv): string {
  if (env['FARCALL_HOME']) return env['FARCALL_HOME'];
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'farcall', 'v1');
}
