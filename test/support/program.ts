// The gateway as its users run it, for tests: the bundled program as a process, on a home of its own, with the real store,
// supervisor and containers. Everything it started is ended with it, by id.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'vitest';

import { gatewayProgram } from './bundle.js';
import { TestPeer } from './client.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const PYTHON = join(ROOT, '.venv/bin/python');
const PATIENCE_MS = 30_000;

export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}
export interface Answer {
  readonly status: number;
  readonly text: string;
}

export class Program implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), 'farcall-'));
  #child: ChildProcess | undefined;

  /** Starts a gateway and waits for its ready line. `nodeOptions`: for node itself. */
  async launch(options: readonly string[] = [], nodeOptions: readonly string[] = []): Promise<number> {
    const child = await this.#spawn(options, nodeOptions);
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the gateway ended (${String(code)}) before it was ready`);
    });
    await Promise.race([once(child.stdout ?? child, 'data'), ended]);
    return child.pid ?? 0;
  }

  /** Starts one that is to fail: its exit code, and what it said. */
  async failure(...options: string[]): Promise<{ readonly code: number | null; readonly said: string }> {
    const child = await this.#spawn(options, []);
    let said = '';
    child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
    return { code: await this.ended(), said };
  }

  /** Sends a signal, if one is given, and waits for the exit. */
  async ended(signal?: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = once(child, 'exit') as Promise<[number | null]>;
    if (signal !== undefined) child.kill(signal);
    return (await exit)[0];
  }

  /** Ends the gateway and its containers as `farcall stop` does. */
  async stop(): Promise<void> {
    if (this.#child?.exitCode !== null || this.#child.signalCode !== null) return;
    const { url } = JSON.parse(readFileSync(join(this.home, 'gateway.json'), 'utf8')) as { url: string };
    const peer = await TestPeer.connect(url, this.token());
    await peer.hello('client', `cl-${'5'.repeat(26)}`);
    peer.send({ type: 'runtime.stop', keep: false });
    await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => this.ended('SIGKILL'));
    await this.#endSupervisor();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  token(name: 'token' | 'supervisor.token' = 'token'): string {
    return readFileSync(join(this.home, name), 'utf8').trim();
  }

  /** A GET over its socket. */
  get(path: string, token = this.token()): Promise<Answer> {
    const headers = { Host: 'localhost', ...(token === '' ? {} : { Authorization: `Bearer ${token}` }) };
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: join(this.home, 'gateway.sock'), path, headers }, (response) => {
        let text = '';
        response.on('data', (data: Buffer) => (text += data.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  /** Runs Python against this home; what it printed. */
  async python(code: string): Promise<string> {
    const variables = { ...process.env, FARCALL_HOME: this.home, FARCALL_NODE: process.execPath, PYTHONPATH: '' };
    const { stdout } = await promisify(execFile)(PYTHON, ['-c', code], { env: variables, timeout: 50_000 });
    return stdout.trim();
  }

  /** The lines of its log, of one event if it is named. */
  log(event?: string): Line[] {
    const text = readFileSync(join(this.home, 'gateway.log'), 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    return event === undefined ? lines : lines.filter(({ msg }) => msg === event);
  }

  async #spawn(options: readonly string[], nodeOptions: readonly string[]): Promise<ChildProcess> {
    const argv = [...nodeOptions, await gatewayProgram(), '--home', this.home, '--python', PYTHON, ...options];
    this.#child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    return this.#child;
  }

  /** The one that a drained or killed gateway left for the next. */
  async #endSupervisor(): Promise<void> {
    const note = join(this.home, 'supervisor.json');
    if (!existsSync(note)) return;
    const { pid } = JSON.parse(readFileSync(note, 'utf8')) as { pid: number };
    signalled(pid, 'SIGTERM');
    await eventually(() => expect(signalled(pid, 0)).toBe(false));
  }
}

/** Whether there was such a process. */
function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Repeats a check until it holds. */
export async function eventually<Value>(check: () => Value | Promise<Value>): Promise<Value> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
