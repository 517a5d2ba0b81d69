// The supervisor as a process: spawned in a session of its own with its configuration on stdin, or found alive in
// supervisor.json after the gateway was restarted. Only its life and death; what it says comes over its connection.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { HostId } from '@farcall/kernel-bridge/wire';

import type { Isolation } from './isolation.js';

export interface SupervisorSettings {
  readonly python: string;
  readonly home: string;
  readonly token: string;
  /** Where the gateway listens; known once it does. */
  readonly reach: { readonly url: string };
  /** Whether who needs the gateway may start it again. */
  readonly embedded: boolean;
  /** Seconds its containers wait for a gateway that went away. */
  readonly reconnectWindow: number;
  /** `A100:2,T4:1` instead of what nvidia-smi finds. */
  readonly gpus: string | undefined;
  /** Its region and cloud. */
  readonly labels: Readonly<Record<string, string>>;
  readonly isolation: Pick<Isolation, 'kind' | 'lobby' | 'uids'>;
}
export interface SupervisorProcess {
  readonly host: HostId;
  readonly pid: number;
  /** Resolves, with how, once it is gone. */
  readonly ended: Promise<string>;
  /** The end of what it wrote to stderr, in a line; empty when there is nothing or it cannot be known. */
  saidLast(): string;
  /** SIGTERM, and SIGKILL if that is not enough. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Lets it live on without us. */
  release(): void;
}
export interface SupervisorProcesses {
  adoptOrSpawn(isConnected: () => boolean): Promise<SupervisorProcess>;
  spawn(): SupervisorProcess;
}

const ADOPT_MS = 5_000;
const LOOK_MS = 250;
const STOP_MS = 1_500;
const LONGEST_WORDS = 500;
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export class LocalSupervisors implements SupervisorProcesses {
  constructor(private readonly settings: SupervisorSettings) {}

  /** A living supervisor of this home has five seconds to connect before another is started beside it. */
  async adoptOrSpawn(isConnected: () => boolean): Promise<SupervisorProcess> {
    const found = this.#noted();
    if (found === undefined || !isSupervisor(found.pid)) return this.spawn();
    const adopted = new Adopted(found.host_id, found.pid);
    void this.#insist(adopted, isConnected);
    return Promise.resolve(adopted);
  }

  spawn(): SupervisorProcess {
    const { python, home, reach, token, embedded, reconnectWindow, gpus, labels, isolation } = this.settings;
    const host = newHostId();
    const config = {
      url: reach.url,
      token,
      host_id: host,
      home,
      embedded,
      reconnect_window: reconnectWindow,
      gpus: gpus ?? null,
      labels,
      isolation: { kind: isolation.kind, lobby: isolation.lobby, uids: isolation.uids },
    };
    const errors = openSync(join(home, 'supervisor.err'), 'w', 0o600);
    const child = spawn(python, ['-m', 'farcall.host'], {
      cwd: home,
      detached: true,
      stdio: ['pipe', 'ignore', errors],
    });
    closeSync(errors);
    const spawned = new Spawned(host, child, join(home, 'supervisor.err'));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${JSON.stringify(config)}\n`);
    child.unref();
    return spawned;
  }

  async #insist(adopted: Adopted, isConnected: () => boolean): Promise<void> {
    const until = performance.now() + ADOPT_MS;
    while (performance.now() < until) {
      if (isConnected()) return;
      await pause(LOOK_MS, undefined, { ref: false });
    }
    await adopted.stop();
  }

  #noted(): { readonly pid: number; readonly host_id: HostId } | undefined {
    try {
      const note = JSON.parse(readFileSync(join(this.settings.home, 'supervisor.json'), 'utf8')) as {
        pid?: unknown;
        host_id?: unknown;
      };
      if (!Number.isSafeInteger(note.pid) || typeof note.host_id !== 'string') return undefined;
      return { pid: note.pid as number, host_id: note.host_id as HostId };
    } catch {
      return undefined;
    }
  }
}

class Spawned implements SupervisorProcess {
  readonly pid: number;
  readonly ended: Promise<string>;

  constructor(
    readonly host: HostId,
    private readonly child: ChildProcess,
    private readonly errors: string,
  ) {
    this.pid = child.pid ?? 0;
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
  }

  async stop(): Promise<void> {
    if (this.pid === 0 || this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    const gone = await Promise.race([this.ended.then(() => true), pause(STOP_MS, false)]);
    if (gone) return;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  saidLast(): string {
    try {
      return readFileSync(this.errors, 'utf8').trim().split('\n').at(-1)?.slice(0, LONGEST_WORDS) ?? '';
    } catch {
      return '';
    }
  }

  release(): void {
    this.child.unref();
  }
}

/** Not our child, so its death is seen by looking. */
class Adopted implements SupervisorProcess {
  readonly ended: Promise<string>;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly host: HostId,
    readonly pid: number,
  ) {
    this.ended = new Promise((resolve) => {
      this.#timer = setInterval(() => {
        if (isAlive(pid)) return;
        clearInterval(this.#timer);
        resolve('its process is gone');
      }, LOOK_MS).unref();
    });
  }

  async stop(): Promise<void> {
    if (!isSupervisor(this.pid)) return;
    kill(this.pid, 'SIGTERM');
    const until = performance.now() + STOP_MS;
    while (isAlive(this.pid) && performance.now() < until) await pause(20);
    if (isSupervisor(this.pid)) kill(this.pid, 'SIGKILL');
  }

  saidLast(): string {
    return '';
  }

  release(): void {
    clearInterval(this.#timer);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

/** A zombie that nobody reaps still has a pid; it is dead all the same. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** The number may belong to another program by now; what cannot be told apart is left alone. */
function isSupervisor(pid: number): boolean {
  try {
    return isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('farcall.host');
  } catch {
    return false;
  }
}

function newHostId(): HostId {
  let time = Date.now();
  let text = '';
  for (let i = 0; i < 10; i++) {
    text = (CROCKFORD[time % 32] ?? '0') + text;
    time = Math.floor(time / 32);
  }
  const random = Array.from(randomBytes(16), (byte) => CROCKFORD[byte % 32] ?? '0').join('');
  return `ho-${text}${random}` as HostId;
}
