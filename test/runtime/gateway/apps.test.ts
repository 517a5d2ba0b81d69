// Apps over the wire: names given, found, moved and taken away; schedules that start by themselves; a gateway that restarts.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { FunctionId, NamedFunction, Schedule } from '@farcall/kernel-bridge/wire';

import { FUNCTION, GatedStore, serve, SPEC, TestGateway } from '../../support/gateway.js';
import type { TestPeer } from '../../support/client.js';

const SHARED = Buffer.from('shared by all inputs');
const VARIED = `fv-${'c'.repeat(32)}` as FunctionId;
const EVERY_HOUR: Schedule = {
  kind: 'period',
  months: 0,
  seconds: 3600,
  expression: '',
  timezone: 'UTC',
  input: Buffer.from('no arguments').toString('base64'),
};

let home: string;
let store: GatedStore;
let running: TestGateway[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farcall-'));
  store = new GatedStore();
  running = [];
});
afterEach(async () => {
  for (const gateway of running) await gateway[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function start(): Promise<TestGateway> {
  const gateway = await TestGateway.start({ home, store });
  running.push(gateway);
  return gateway;
}

function named(name: string, more: Partial<NamedFunction> = {}): NamedFunction {
  const parameters = [['x', 1, false]] as const;
  const rest = { is_generator: false, is_async: false, parameters, bindings: {}, sources: {} };
  return { name, function_id: FUNCTION, ...rest, ...more };
}

interface Put {
  readonly deploys?: boolean;
  readonly app?: string;
  readonly since?: number;
}

function send(client: TestPeer, functions: readonly NamedFunction[], put: Put = {}): void {
  const { deploys = true, app = 'tests', since = Date.now() / 1000 } = put;
  const lengths = new Uint8Array(Uint32Array.from(functions, () => SHARED.length).buffer);
  client.send(
    { type: 'app.put', request: 3, app, deploys, since, tags: { team: 'films' }, functions, lengths },
    Buffer.concat(functions.map(() => SHARED)),
  );
}

async function put(client: TestPeer, functions: readonly NamedFunction[], how: Put = {}): Promise<void> {
  send(client, functions, how);
  await client.next('app.accepted');
}

async function find(client: TestPeer, name: string, app = 'tests'): ReturnType<typeof client.next<'function.found'>> {
  client.send({ type: 'function.find', request: 4, app, name });
  return client.next('function.found');
}

async function list(client: TestPeer): Promise<readonly string[]> {
  client.send({ type: 'app.list', request: 5 });
  const { message } = await client.next('app.listing');
  return message.apps.map(
    ({ app, state, functions }) => `${app} ${state} ${functions.map(({ name }) => name).join(',')}`,
  );
}

describe('names', () => {
  test('a deployed name is found by others, with what its inputs share', async () => {
    const gateway = await start();
    const client = await gateway.ready();
    await put(client, [named('f')]);
    const other = await gateway.client();
    const { message, payload } = await find(other, 'f');
    expect(message.function).toEqual(named('f'));
    expect(Buffer.from(payload)).toEqual(SHARED);
  });

  test('what is not there is answered with what is', async () => {
    const client = await (await start()).ready();
    await put(client, [named('f'), named('g')]);
    expect((await find(client, 'h')).message).toMatchObject({ app_known: true, names: ['f', 'g'] });
    expect((await find(client, 'f', 'test')).message).toMatchObject({ app_known: false, names: ['tests'] });
  });

  test('a deployment is accepted only once it is durable, and replaces the one before', async () => {
    const client = await (await start()).ready();
    await put(client, [named('f')]);
    store.shut();
    send(client, [named('g')]);
    await client.settled();
    expect(client.arrived.filter(({ type }) => type === 'app.accepted')).toHaveLength(1);
    store.release();
    await client.next('app.accepted');
    expect(await list(client)).toEqual(['tests deployed g']);
  });

  test('whoever found a name is told that it moved, once, and before the deployment is accepted', async () => {
    const client = await (await start()).ready();
    await put(client, [named('f')]);
    await find(client, 'f');
    await put(client, [named('f')]);
    await put(client, [named('f')]);
    const told = client.arrived
      .map(({ type }) => type)
      .filter((type) => type.startsWith('app.acc') || type.endsWith('moved'));
    expect(told).toEqual(['app.accepted', 'function.moved', 'app.accepted', 'app.accepted']);
  });

  test('names of a running app are known until their client leaves them; deployed ones come first', async () => {
    const gateway = await start();
    const client = await gateway.ready();
    await put(client, [named('f'), named('g', { is_async: true })], { deploys: false });
    const other = await gateway.client();
    expect((await find(other, 'g')).message.function?.is_async).toBe(true);
    await put(other, [named('g')]);
    expect((await find(other, 'g')).message.function?.is_async).toBe(false);
    client.send({ type: 'app.leave', app: 'tests' });
    await client.settled();
    expect(await list(other)).toEqual(['tests deployed g']);
  });

  test('a stopped app is unknown, its calls are cancelled, and a second stop says that there was none', async () => {
    const gateway = await start();
    await gateway.host();
    const client = await gateway.ready();
    await put(client, [named('f')]);
    const call = gateway.callId();
    client.send({
      type: 'call.open',
      request: 7,
      call_id: call,
      function_id: FUNCTION,
      kind: 'spawn',
      on_failure: 'continue',
      attached: false,
      on_owner_lost: 'finish',
      bindings: {},
      sources: {},
      origin: '',
    });
    await client.next('call.accepted');
    client.send({ type: 'app.stop', request: 8, app: 'tests' });
    expect((await client.next('app.stopped')).message).toMatchObject({ known: true, calls: 1 });
    client.send({ type: 'call.ask', request: 9, call_id: call });
    expect((await client.next('call.info')).message.call.state).toBe('cancelled');
    client.send({ type: 'app.stop', request: 10, app: 'tests' });
    expect((await client.next('app.stopped')).message.known).toBe(false);
    expect(await store.apps()).toEqual([]);
  });

  test.each([
    ['an app without a name to deploy', { app: '' }, {}, 'default app'],
    ['an app whose name is a path', { app: '../x' }, {}, 'not a name'],
    ['a function that was not put', {}, { function_id: VARIED }, 'was not put'],
    ['a schedule that is none', {}, { schedule: null as never }, 'is no map'],
    ['parameters of another shape', {}, { parameters: [['x']] as never }, 'malformed'],
    [
      'a schedule that is never due',
      {},
      { schedule: { ...EVERY_HOUR, kind: 'cron', expression: '0 0 30 2 *' } as Schedule },
      'never due',
    ],
  ])('%s is refused, and changes nothing', async (_, how, more, why) => {
    const client = await (await start()).ready();
    await put(client, [named('f')]);
    send(client, [named('g', more)], how);
    expect((await client.next('failed')).message.message).toContain(why);
    expect(await list(client)).toEqual(['tests deployed f']);
  });

  test('deployed names are there after a restart, and min_containers holds without anybody asking', async () => {
    const before = await start();
    const client = await before.ready({ min_containers: 1 });
    await put(client, [named('f')]);
    await before.crash();
    const after = await start();
    await after.host();
    expect((await after.engine.asked()).function_id).toBe(FUNCTION);
    expect((await find(await after.client(), 'f')).message.function).toEqual(named('f'));
  });
});

describe('the same code with other options', () => {
  test('is a version of its own; secrets and variables are replaced apart', async () => {
    const gateway = await start();
    const client = await gateway.ready({ secrets: { KEY: 'k', LEVEL: 'low' }, hidden: ['KEY'] });
    client.send({
      type: 'function.vary',
      request: 6,
      of: FUNCTION,
      function_id: VARIED,
      changes: { cpu: 2, gpu: ['A100'] },
      shown: { LEVEL: 'high' },
    });
    expect((await client.next('function.accepted')).message.function_id).toBe(VARIED);
    const { functions } = await store.load();
    const varied = functions.find(({ function_id }) => function_id === VARIED);
    expect(varied?.spec).toMatchObject({
      ...SPEC,
      cpu: 2,
      gpu: ['A100'],
      secrets: { KEY: 'k', LEVEL: 'high' },
      hidden: ['KEY'],
    });
    expect(await store.payload('function', VARIED)).toEqual(await store.payload('function', FUNCTION));
  });

  test.each([
    [{ app: 'other' }, 'app cannot be changed'],
    [{ name: 'other' }, 'name cannot be changed'],
    [{ name: `${SPEC.name}#not hex` }, 'name cannot be changed'],
    [{ parameters: 'x'.repeat(100_000) }, 'spec.parameters'],
    [{ cpu: 'many' }, 'spec.cpu'],
    [{ min_containers: 3, max_containers: 2 }, 'max_containers'],
  ])('%j is refused', async (changes, why) => {
    const client = await (await start()).ready();
    client.send({ type: 'function.vary', request: 6, of: FUNCTION, function_id: VARIED, changes });
    expect((await client.next('failed')).message.message).toContain(why);
  });
});

describe('schedules', () => {
  const scheduled = named('f', { schedule: EVERY_HOUR });

  /** A store in which the function was deployed two and a half hours ago, and obeyed its schedule until `due`. */
  async function deployedBefore(due: (since: number) => number): Promise<number> {
    const first = await start();
    await put(await first.ready(), [named('f')]);
    await first.crash();
    const since = Date.now() / 1000 - 9000;
    const names = [{ function: scheduled, shared: { bytes: SHARED }, since, due: due(since) }];
    await store.append([{ put: 'app', app: 'tests', row: { app: 'tests', since, tags: {}, names } }]);
    return since;
  }
  const calls = async (): Promise<readonly string[]> => (await store.calls(10)).map(({ row }) => row.origin);

  test('what was missed while no gateway ran is made up for once, by the newest due time', async () => {
    const since = await deployedBefore((began) => began);
    const gateway = await start();
    await gateway.host();
    const { peer } = await gateway.container();
    const inputs: string[] = [];
    serve(peer, (input) => (inputs.push(input), 'done'));
    await expect.poll(() => inputs, { timeout: 60_000 }).toEqual(['no arguments']);
    expect(await calls()).toEqual(['schedule']);
    expect((await store.apps())[0]?.names[0]?.due).toBe(since + 7200);
    await gateway.crash();
    const again = await start();
    await (await again.client()).settled();
    expect(await calls()).toEqual(['schedule']);
  });

  test('what was obeyed is not started again', async () => {
    await deployedBefore((since) => since + 7200);
    const gateway = await start();
    await (await gateway.client()).settled();
    expect(await calls()).toEqual([]);
  });

  test('a call that ended, and whose due time was not written down, is known by its id', async () => {
    const since = await deployedBefore((began) => began);
    const gateway = await start();
    await gateway.host();
    serve((await gateway.container()).peer, () => 'done');
    const states = async (): Promise<readonly string[]> => (await store.calls(10)).map(({ row }) => row.state);
    await expect.poll(states, { timeout: 60_000 }).toEqual(['done']);
    await gateway.crash();
    const names = [{ function: scheduled, shared: { bytes: SHARED }, since, due: since }];
    await store.append([{ put: 'app', app: 'tests', row: { app: 'tests', since, tags: {}, names } }]);
    const again = await start();
    await (await again.client()).settled();
    expect(again.runtime.parts.core.isIdle()).toBe(true);
    expect(await calls()).toEqual(['schedule']);
  });

  test('the same schedule goes on when it is deployed again; another one begins anew', async () => {
    const since = await deployedBefore((began) => began + 7200);
    const client = await (await start()).client();
    await put(client, [scheduled]);
    expect((await store.apps())[0]?.names[0]).toMatchObject({ since, due: since + 7200 });
    await put(client, [named('f', { schedule: { ...EVERY_HOUR, seconds: 60 } })]);
    expect((await store.apps())[0]?.names[0]?.since).toBeGreaterThan(since);
  });

  test('a running app has its schedule while it runs', async () => {
    const gateway = await start();
    const client = await gateway.ready();
    const every = { ...EVERY_HOUR, seconds: 1 };
    await put(client, [named('f', { schedule: every })], { deploys: false });
    await expect.poll(async () => (await calls()).length, { timeout: 60_000 }).toBeGreaterThan(1);
    client.send({ type: 'app.leave', app: 'tests' });
    await client.settled();
    client.send({ type: 'app.list', request: 5 });
    expect((await client.next('app.listing')).message.apps).toEqual([]);
  });
});
