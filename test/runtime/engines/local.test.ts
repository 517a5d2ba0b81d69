// The local engine as an engine (a suite that any engine must pass), and with a supervisor that dies and comes back.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { ContainerId, HostId, Message } from '@farcall/kernel-bridge/wire';

import type { ContainerSpec, Engine } from '../../../runtime/src/engines/engine.js';
import { LocalEngine } from '../../../runtime/src/engines/local.js';
import type { SupervisorProcess } from '../../../runtime/src/engines/supervisor-process.js';
import { ScriptedEngine } from '../../support/gateway.js';

const idOf = (letter: string): ContainerId => `co-${letter.repeat(26)}` as ContainerId;
const spec = (id: ContainerId): ContainerSpec => ({
  container_id: id,
  function_id: `fv-${'a'.repeat(32)}` as ContainerSpec['function_id'],
  token: 't',
  executable: 'python3',
  cwd: '/',
  path: [],
  variables: {},
  imports: [],
  environment_id: `en-${'b'.repeat(32)}` as ContainerSpec['environment_id'],
  memory: 0,
  gpus: [],
  startup_timeout: 60,
});

class FakeProcess implements SupervisorProcess {
  readonly pid = 1;
  readonly ended: Promise<string>;
  die: (why: string) => void = () => undefined;
  stopped = false;
  released = false;

  constructor(readonly host: HostId) {
    this.ended = new Promise((resolve) => {
      this.die = resolve;
    });
  }

  saidLast(): string {
    return 'no module named farcall';
  }

  stop(): Promise<void> {
    this.stopped = true;
    this.die('SIGKILL');
    return Promise.resolve();
  }

  release(): void {
    this.released = true;
  }
}

let made: FakeProcess[];
let sent: { readonly host: HostId; readonly message: Message }[];
let lost: HostId[];
let pending: { readonly why: string; readonly failures: number }[];
let engine: LocalEngine;
const REPORT = { cpus: 4, memory: 1000, gpus: [] };

beforeEach(async () => {
  made = [];
  sent = [];
  lost = [];
  pending = [];
  engine = engineOf();
  await engine.open();
});

function engineOf(connectMs?: number): LocalEngine {
  const spawn = (): FakeProcess => {
    const process = new FakeProcess(`ho-${String(made.length).repeat(26)}` as HostId);
    made.push(process);
    return process;
  };
  return new LocalEngine({
    processes: { spawn, adoptOrSpawn: () => Promise.resolve(spawn()) },
    send: (host, message) => sent.push({ host, message }),
    onLost: (host) => lost.push(host),
    onError: () => undefined,
    onPending: (why, failures) => pending.push({ why, failures }),
    ...(connectMs !== undefined && { connectMs }),
  });
}

afterEach(() => engine.leave());

function conforms(make: () => Engine): void {
  test('starting the same container twice is starting it once', async () => {
    const made = make();
    await made.start(spec(idOf('A')));
    await made.start(spec(idOf('A')));
    expect(await made.list()).toEqual([idOf('A')]);
  });

  test('stopping an unknown container is fine, and so is stopping twice', async () => {
    const made = make();
    await made.stop(idOf('Z'), 'kill');
    await made.start(spec(idOf('A')));
    await made.stop(idOf('A'), 'drain');
    await made.stop(idOf('A'), 'kill');
  });

  test('it knows the host of what it owns and of nothing else', async () => {
    const made = make();
    await made.start(spec(idOf('A')));
    expect(made.hostOf(idOf('A'))).toMatch(/^ho-/);
    expect(made.hostOf(idOf('Z'))).toBeUndefined();
  });
}

describe('the local engine is an engine', () => conforms(() => engine));
describe('the scripted engine of the tests is an engine', () => conforms(() => new ScriptedEngine()));

test('what is asked for before the supervisor is there is told once it is', async () => {
  await engine.start(spec(idOf('A')));
  await engine.start(spec(idOf('B')));
  await engine.stop(idOf('B'), 'kill');
  expect(sent).toEqual([]);
  expect(engine.connected(made[0]!.host, { ...REPORT, containers: [] })).toEqual([idOf('A')]);
  expect(sent.map(({ message }) => message.type)).toEqual(['container.start']);
});

test('a container that the supervisor has and nobody wants is killed', () => {
  engine.connected(made[0]!.host, { ...REPORT, containers: [idOf('X')] });
  expect(sent[0]?.message).toEqual({ type: 'container.stop', container_id: idOf('X'), how: 'kill' });
});

test('containers of before a restart are kept', async () => {
  engine.adopt([idOf('X')]);
  engine.connected(made[0]!.host, { ...REPORT, containers: [idOf('X')] });
  expect(sent).toEqual([]);
  expect(engine.hostOf(idOf('X'))).toBe(made[0]!.host);
});

test('when the supervisor dies its host is lost, and another one is started', async () => {
  await engine.start(spec(idOf('A')));
  engine.connected(made[0]!.host, { ...REPORT, containers: [] });
  made[0]!.die('SIGKILL');
  while (made.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(lost).toEqual([made[0]!.host]);
  expect(await engine.list()).toEqual([]);
  engine.connected(made[1]!.host, { ...REPORT, containers: [] });
  await engine.start(spec(idOf('B')));
  expect(sent.at(-1)).toMatchObject({
    host: made[1]!.host,
    message: { type: 'container.start', container_id: idOf('B') },
  });
});

test('a supervisor that fell silent is stopped, so that its end brings another one', async () => {
  engine.connected(made[0]!.host, { ...REPORT, containers: [] });
  engine.silent('ho-of-another' as HostId);
  expect(made[0]!.stopped).toBe(false);
  engine.silent(made[0]!.host);
  expect(made[0]!.stopped).toBe(true);
});

test('each supervisor that ends before it connects is told of, with its last words', async () => {
  made[0]!.die('exit code 1');
  await expect.poll(() => made.length, { timeout: 10_000 }).toBe(2);
  made[1]!.die('exit code 1');
  await expect.poll(() => pending.length).toBe(2);
  expect(pending[0]).toEqual({ why: 'the supervisor ended (exit code 1): no module named farcall', failures: 1 });
  expect(pending[1]?.failures).toBe(2);
});

test('a supervisor that hangs before it connects makes way for another', async () => {
  engine.leave();
  engine = engineOf(50);
  await engine.open();
  await expect.poll(() => pending.length, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(made[1]!.stopped).toBe(true);
  await expect.poll(() => made.length, { timeout: 10_000 }).toBeGreaterThan(2);
  expect(pending[0]?.why).toBe('the supervisor did not connect: no module named farcall');
});

test('leaving lets the supervisor live; disposing stops it', async () => {
  engine.leave();
  expect([made[0]!.released, made[0]!.stopped]).toEqual([true, false]);
  await engine[Symbol.asyncDispose]();
  expect(made[0]!.stopped).toBe(true);
});
