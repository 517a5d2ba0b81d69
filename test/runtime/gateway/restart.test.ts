// A gateway that comes back on the same store: clients go on, containers are adopted, nothing runs twice that need not.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { ContainerId } from '@farcall/kernel-bridge/wire';

import type { TestPeer } from '../../support/client.js';
import { answer, type LeaseTaken, numbers, openingOf, sendCall, serve, TestGateway } from '../../support/gateway.js';
import { MemoryStore } from '../../../runtime/src/store/memory.js';

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

/** The next gateway, to which a container comes back, answers what it was given before, and hears that it is durable. */
async function acknowledged(
  { id, key }: { readonly id: ContainerId; readonly key: string },
  lease: LeaseTaken,
): Promise<{ readonly after: TestGateway; readonly back: TestPeer }> {
  const after = await start();
  const back = await after.connect(key);
  await back.hello('container', id, { held: [[lease.message.lease, 0]] });
  await after.host([id]);
  answer(back, lease, () => 'A');
  await back.next('outcomes.acknowledged');
  return { after, back };
}

const CLIENT = `cl-${'3'.repeat(26)}` as never;

test('a container comes back with its key, keeps its lease, and its outcomes count', async () => {
  const before = await start();
  await before.host();
  const client = await before.ready({ max_containers: 1 });
  const call = before.callId();
  sendCall(client, { call, inputs: ['a'], kind: 'spawn_map' });
  await client.next('call.sealed');
  const { peer, id, key } = await before.container();
  const lease = await peer.next('inputs.run');
  await before.crash();

  const { after, back } = await acknowledged({ id, key }, lease);
  const reader = await after.client(CLIENT);
  reader.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  expect((await reader.next('call.ended')).message).toMatchObject({ state: 'done', seq: 1 });
  expect(back.arrived.filter(({ type }) => type === 'inputs.run')).toEqual([]);
});

test('what a container says again of a call that ended before the restart is acknowledged: it need not keep it', async () => {
  const before = await start();
  await before.host();
  const client = await before.ready({ max_containers: 1 });
  const call = before.callId();
  sendCall(client, { call, inputs: ['a'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const { peer, id, key } = await before.container();
  const lease = await peer.next('inputs.run');
  answer(peer, lease, () => 'A');
  await client.next('call.ended');
  await before.crash();

  await acknowledged({ id, key }, lease);
});

test('what a container held that is gone with its supervisor runs again at once', async () => {
  const before = await start();
  await before.host();
  const client = await before.ready({ max_containers: 1 });
  const call = before.callId();
  sendCall(client, { call, inputs: ['a', 'b'], kind: 'spawn_map' });
  await client.next('call.sealed');
  await (await before.container()).peer.next('inputs.run');
  await before.crash();

  const after = await start();
  await after.host([]);
  serve((await after.container()).peer, (input) => input);
  const reader = await after.client(CLIENT);
  reader.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  expect((await reader.next('call.ended')).message).toMatchObject({ state: 'done', seq: 2 });
});

test('a client that sends its call again after the restart is accepted, whole, and nothing runs twice', async () => {
  const before = await start();
  await before.host();
  const client = await before.ready();
  const call = before.callId();
  sendCall(client, { call, inputs: ['a', 'b'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  serve((await before.container()).peer, (input) => input);
  await client.next('call.ended');
  await before.crash();

  const after = await start();
  const again = await after.ready();
  sendCall(again, { call, inputs: ['a', 'b'] });
  again.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  await again.next('call.accepted');
  expect((await again.next('inputs.accepted')).message).toMatchObject({ call_id: call, through: 2 });
  expect((await again.next('call.sealed')).message).toMatchObject({ call_id: call, count: 2 });
  expect((await again.next('call.ended')).message).toMatchObject({ state: 'done', seq: 2 });
  expect(
    again.arrived.flatMap((message) => (message.type === 'outcomes' ? numbers(message.indexes) : [])).sort(),
  ).toEqual([0, 1]);
});

test('a nested client reads its calls after the restart, those that ended too, and still no others', async () => {
  const before = await start();
  await before.host();
  const client = await before.ready({ max_containers: 1 });
  const outer = before.callId();
  const foreign = before.callId();
  const inner = before.callId();
  sendCall(client, { call: outer, inputs: ['a'], kind: 'spawn_map' });
  sendCall(client, { call: foreign, inputs: [], kind: 'spawn_map' });
  const { peer, id, key } = await before.container();
  const lease = await peer.next('inputs.run');
  const nested = await before.connect(key);
  await nested.hello('client', CLIENT);
  sendCall(nested, { call: inner, inputs: [], kind: 'spawn_map', parent: { call_id: outer, index: 0 } });
  await nested.next('call.sealed');
  await before.runtime.parts.commits.idle();
  await before.crash();

  const after = await start();
  const again = await after.connect(key);
  await again.hello('client', CLIENT);
  again.send({ type: 'call.attach', call_id: inner, after: 0, output: false });
  expect((await again.next('call.ended')).message).toMatchObject({ call_id: inner, state: 'done' });
  again.send(openingOf(inner, { parent: { call_id: outer, index: 0 } }));
  await again.next('call.accepted');
  again.send({ type: 'call.ask', request: 9, call_id: foreign });
  expect((await again.next('failed')).message).toMatchObject({ request: 9, code: 'not.allowed' });
  const back = await after.connect(key);
  await back.hello('container', id, { held: [[lease.message.lease, 0]] });
});

test('an unknown container is sent away with 4410 and a key of a container that is gone is refused', async () => {
  const before = await start();
  const host = await before.host();
  const client = await before.ready();
  sendCall(client, { call: before.callId(), inputs: ['a'], kind: 'spawn_map' });
  const { id, key } = await before.container();
  host.send({ type: 'container.exited', container_id: id, reason: 'exited', code: 0, lease: 0, index: 0, detail: '' });
  await host.settled();
  await before.runtime.parts.commits.idle();
  await before.crash();
  const after = await start();
  await expect(after.connect(key)).rejects.toThrow('401');
});

test('draining commits what was said, tells everyone, and closes with 4503', async () => {
  const gateway = await start();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a'], kind: 'spawn_map' });
  await client.settled();
  await gateway.runtime.drain();
  expect((await client.next('goaway')).message.after_ms).toBeGreaterThan(0);
  expect((await client.closed).code).toBe(4503);
  expect((await store.call(call))?.row.inputs).toBe(1);
});
