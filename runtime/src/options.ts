// The command line of the gateway, parsed and checked once. A wrong one is a sentence, never a stack trace.

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import type { Address } from './gateway/server.js';

export interface Options {
  readonly home: string;
  readonly python: string;
  /** Absent: the home's own Unix socket. */
  readonly address: Address | undefined;
  readonly durability: 'process' | 'power';
  /** Seconds without clients and open calls after which it leaves; 0: never. */
  readonly idleExit: number;
  readonly gpus: string | undefined;
  /** Seconds that containers wait for a gateway that went away. */
  readonly reconnectWindow: number;
  /** Further names this gateway may be addressed by. */
  readonly allowedHosts: readonly string[];
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
  durability: { type: 'string' },
  'idle-exit': { type: 'string' },
  gpus: { type: 'string' },
  'reconnect-window': { type: 'string' },
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
  return {
    home: resolve(values.home ?? defaultHome(env)),
    python: values.python ?? 'python3',
    address,
    durability,
    idleExit: seconds('idle-exit', values['idle-exit'], isRemote ? 0 : 300),
    gpus: values.gpus,
    reconnectWindow: seconds('reconnect-window', values['reconnect-window'], isRemote ? 600 : 60),
    allowedHosts: values['allow-host'] ?? [],
  };
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

function defaultHome(env: NodeJS.ProcessEnv): string {
  if (env['FARCALL_HOME']) return env['FARCALL_HOME'];
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'farcall', 'v1');
}
