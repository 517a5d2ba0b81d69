// Calls of methods over the wire: what they are named, after a restart too; and instances of a class with parameters of
// their own, made of the class's version.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { FunctionId } from '@farcall/kernel-bridge/wire';

import { MemoryStore } from '../../../runtime/src/store/memory.js';
import { FUNCTION, openingOf, SPEC, TestGateway, text } from '../../support/gateway.js';

const INSTANCE = `fv-${'d'.repeat(32)}` as FunctionId;
const NAME = `${SPEC.name}#0123456789ab`;
const CLIENT = `cl-${'3'.repeat(26)}` as never;

let home: string;
let store: MemoryStore;
let running: TestGateway[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farcall-'));
  store = new MemoryStore();
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

test('an instance is a version of the class with a name and parameters of its own; its calls are named by method', async () => {
  const before = await start();
  const client = await before.ready();
  const changes = { name: NAME, parameters: 'cGFyYW1ldGVycw==' };
  client.send({ type: 'function.vary', request: 6, of: FUNCTION, function_id: INSTANCE, changes });
  await client.next('function.accepted');
  const { functions } = await store.load();
  const made = { ...changes, of: FUNCTION, is_base: false };
  expect(functions.find(({ function_id }) => function_id === INSTANCE)?.spec).toMatchObject(made);

  const call = before.callId();
  const how = { function_id: INSTANCE, method: 'letters*', attached: false } as const;
  client.send(openingOf(call, how), text('shared'));
  await client.next('call.accepted');
  const told = { name: `${SPEC.name}.letters`, pool: NAME, is_generator: true };
  client.send({ type: 'call.ask', request: 8, call_id: call });
  expect((await client.next('call.info')).message.call).toMatchObject(told);
  await before.crash();

  const after = await (await start()).client(CLIENT);
  after.send({ type: 'call.ask', request: 9, call_id: call });
  expect((await after.next('call.info')).message.call).toMatchObject(told);
});

test('a method without a name, or with a very long one, is refused', async () => {
  const gateway = await start();
  const client = await gateway.ready();
  for (const method of ['', 'm'.repeat(300)]) {
    client.send(openingOf(gateway.callId(), { method }), text('shared'));
    expect((await client.next('failed')).message.message).toBe('method is not a name');
  }
});
