// The gateway as a program, with the real store, supervisor, containers and Python client: how it is launched, found, stopped
// and followed by another.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { gatewayProgram } from '../support/bundle.js';
import { TestPeer } from '../support/client.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PYTHON = join(ROOT, '.venv/bin/python');
const CLIENT = `cl-${'5'.repeat(26)}`;

let program: string;
let home: string;
let children: ChildProcess[];

beforeAll(async () => {
  program = await gatewayProgram();
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farcall-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) await stop(child);
  await endSupervisor();
  rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

/** With its supervisor, which would write into the home otherwise. */
async function stop(child: ChildProcess): Promise<void> {
  const { url } = JSON.parse(readFileSync(join(home, 'gateway.json'), 'utf8')) as { url: string };
  const peer = await TestPeer.connect(url, token());
  await peer.hello('client', CLIENT);
  peer.send({ type: 'runtime.stop', keep: false });
  await ended(child);
}

/** The one that a drained or killed gateway left for the next. It takes its note away when it goes. */
async function endSupervisor(): Promise<void> {
  const note = join(home, 'supervisor.json');
  if (!existsSync(note)) return;
  process.kill((JSON.parse(readFileSync(note, 'utf8')) as { pid: number }).pid, 'SIGTERM');
  while (existsSync(note)) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Launched {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly url: string;
}

function start(...more: string[]): ChildProcess {
  const child = spawn(process.execPath, [program, '--home', home, '--python', PYTHON, ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function launch(...more: string[]): Promise<Launched> {
  const child = start(...more);
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as { pid: number; url: string }) };
}

async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit') as Promise<[number | null]>;
  if (signal !== undefined) child.kill(signal);
  return (await exit)[0];
}

async function failure(...more: string[]): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = start(...more);
  let said = '';
  child.stderr!.on('data', (data: Buffer) => {
    said += data.toString();
  });
  return { code: await ended(child), said };
}

const token = (): string => readFileSync(join(home, 'token'), 'utf8').trim();
const python = async (code: string): Promise<string> => {
  const variables = { ...process.env, FARCALL_HOME: home, FARCALL_NODE: process.execPath, PYTHONPATH: '' };
  return (await promisify(execFile)(PYTHON, ['-c', code], { env: variables, timeout: 50_000 })).stdout.trim();
};

test('it says where it listens in one line, and in a private file', async () => {
  const { pid, url, child } = await launch();
  expect([pid, url]).toEqual([child.pid, `unix://${home}/gateway.sock`]);
  const found = JSON.parse(readFileSync(join(home, 'gateway.json'), 'utf8')) as Record<string, unknown>;
  expect(found).toMatchObject({ pid, url, token: token(), protocol: [1, 1] });
  for (const name of ['gateway.json', 'token', 'supervisor.token', 'gateway.log', 'gateway.sock'])
    expect([name, statSync(join(home, name)).mode & 0o777]).toEqual([name, 0o600]);
  const peer = await TestPeer.connect(url, token());
  expect(await peer.hello('client', CLIENT)).toMatchObject({ blobs: join(home, 'payloads') });
  await peer[Symbol.asyncDispose]();
});

test('a second gateway on the same home refuses to start and names the first', async () => {
  const { pid } = await launch();
  const { code, said } = await failure();
  expect([code, said.trim().split('\n').length]).toEqual([3, 1]);
  expect(said).toContain(`pid ${pid}`);
});

test('a wrong option is one sentence', async () => {
  const { code, said } = await failure('--durability', 'maybe');
  expect([code, said]).toEqual([2, '--durability is "process" or "power", not "maybe"\n']);
});

test('SIGINT and SIGHUP do nothing; SIGTERM says goodbye, takes the announcement back and ends in order', async () => {
  const { child, url } = await launch();
  const peer = await TestPeer.connect(url, token());
  await peer.hello('client', CLIENT);
  while (!existsSync(join(home, 'supervisor.json'))) await peer.settled();
  child.kill('SIGINT');
  child.kill('SIGHUP');
  await peer.settled();
  child.kill('SIGTERM');
  await peer.next('goaway');
  expect((await peer.closed).code).toBe(4503);
  expect(await ended(child)).toBe(0);
  expect([existsSync(join(home, 'gateway.json')), existsSync(join(home, 'gateway.sock'))]).toEqual([false, false]);
});

test('it leaves when it is idle, with its supervisor', async () => {
  const { child } = await launch('--idle-exit', '0.2');
  expect(await ended(child)).toBe(0);
  expect(existsSync(join(home, 'supervisor.json'))).toBe(false);
});

test('a gateway that was killed is followed by another, which finds everything', async () => {
  const first = await launch();
  const peer = await TestPeer.connect(first.url, token());
  const { store, epoch } = await peer.hello('client', CLIENT);
  while (!existsSync(join(home, 'supervisor.json'))) await peer.settled();
  await ended(first.child, 'SIGKILL');
  const second = await launch();
  const again = await TestPeer.connect(second.url, token());
  expect(await again.hello('client', CLIENT)).toMatchObject({ store, epoch });
  await again[Symbol.asyncDispose]();
});

test('a map of the Python client runs in real containers, over the Unix socket', async () => {
  await launch();
  const said = await python(`
import farcall
app = farcall.App("t")
@app.function()
def square(x):
    return x * x
print(square.remote(501), sum(square.map(range(500))))
`);
  expect(said).toBe(`251001 ${Array.from({ length: 500 }, (_, x) => x * x).reduce((a, b) => a + b)}`);
});

test('a server on a port runs the same, with its own interpreter and only the variables that were named', async () => {
  const { url } = await launch('--port', '0');
  expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
  const said = await python(`
import os, farcall
os.environ.update(FARCALL_URL=${JSON.stringify(url)}, FARCALL_TOKEN=${JSON.stringify(token())}, PRIVATE="yes")
app = farcall.App("t")
@app.function()
def look(size):
    import os
    return "PRIVATE" in os.environ, os.getcwd().endswith("work"), b"x" * size
private, in_work, data = look.remote(600_000)
print(private, in_work, len(data))
`);
  expect(said).toBe('False True 600000');
});
