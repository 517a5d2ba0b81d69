// Streams of outcomes: each reader with its own cursor and credit, from memory or from the store alike.

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { CallId } from '@farcall/kernel-bridge/wire';

import type { TestPeer } from '../../support/client.js';
import { cut, numbers, openingOf, sendCall, sendInputs, serve, TestGateway, text } from '../../support/gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start();
});
afterEach(() => gateway[Symbol.asyncDispose]());

const MANY = 70_000;
const CREDIT = 65_536;

async function feed(client: TestPeer, call: CallId, count: number, size = 1): Promise<void> {
  client.send(openingOf(call, { kind: 'spawn_map', attached: false }), text('shared'));
  for (let first = 0; first < count; first += 1000)
    sendInputs(
      client,
      call,
      first,
      Array.from({ length: Math.min(1000, count - first) }, () => 'x'.repeat(size)),
    );
  client.send({ type: 'call.seal', call_id: call, count });
  await client.next('call.sealed');
}

async function taken(reader: TestPeer, call: CallId, through: number, credit: boolean): Promise<number[]> {
  const indexes: number[] = [];
  while (indexes.length < through) {
    const { message } = await reader.next('outcomes');
    indexes.push(...numbers(message.indexes));
    if (credit) reader.send({ type: 'outcomes.taken', call_id: call, through: message.seq + message.count });
  }
  return indexes;
}

test('a reader that takes nothing gets its credit and no more; when it takes, the rest comes', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  const slow = await gateway.client();
  await feed(client, call, MANY);
  slow.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  serve((await gateway.container()).peer, () => 'y');
  // The quick reader takes and gets everything, whatever the slow one does.
  expect((await taken(client, call, MANY, true)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: MANY }, (_, index) => index),
  );
  await client.next('call.ended');
  await slow.settled();
  const sent = slow.arrived.reduce((sum, message) => sum + (message.type === 'outcomes' ? message.count : 0), 0);
  expect(sent).toBeGreaterThanOrEqual(CREDIT);
  expect(sent).toBeLessThan(MANY);
  slow.send({ type: 'outcomes.taken', call_id: call, through: sent });
  await slow.next('call.ended');
  expect(
    new Set(slow.arrived.flatMap((message) => (message.type === 'outcomes' ? numbers(message.indexes) : []))).size,
  ).toBe(MANY);
});

test('bytes untaken are bounded as well', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  await feed(client, call, 4000);
  const slow = await gateway.client();
  slow.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  serve((await gateway.container()).peer, () => 'z'.repeat(4096));
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  await taken(client, call, 4000, true);
  await slow.settled();
  const sent = slow.arrived.reduce((sum, message) => sum + (message.type === 'outcomes' ? message.count : 0), 0);
  expect(sent * 4096).toBeGreaterThan(7 * 1024 ** 2);
  expect(sent * 4096).toBeLessThan(9.5 * 1024 ** 2);
});

test('an ended call is streamed again from any position, and ends again', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  await feed(client, call, 2000);
  serve((await gateway.container()).peer, (_input, index) => String(index));
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  await client.next('call.ended');
  const late = await gateway.client();
  late.send({ type: 'call.attach', call_id: call, after: 1500, output: false });
  const indexes = await taken(late, call, 500, true);
  expect(new Set(indexes).size).toBe(500);
  expect((await late.next('call.ended')).message).toMatchObject({ state: 'done', count: 2000, seq: 2000 });
});

test('payloads above 4 KiB are marked in the stream and read by index', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['1', '5000', '2', '200000'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  serve((await gateway.container()).peer, (input) => 'v'.repeat(Number(input)));
  await client.next('call.ended');
  const lengths = new Map<number, number>();
  for (const message of client.arrived)
    if (message.type === 'outcomes')
      numbers(message.indexes).forEach((index, at) => lengths.set(index, numbers(message.lengths)[at] ?? -1));
  expect([0, 1, 2, 3].map((index) => lengths.get(index))).toEqual([1, 0xffffffff, 2, 0xffffffff]);
  client.send({ type: 'outcomes.read', request: 5, call_id: call, first: 1, count: 3 });
  const page = await client.next('outcomes.page');
  expect(numbers(page.message.indexes)).toEqual([1, 2, 3]);
  expect(cut(page.message.lengths, page.payload).map(({ length }) => length)).toEqual([5000, 2, 200_000]);
});

test('a page ends where a frame is full and goes on from there', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  const count = 8;
  sendCall(client, { call, inputs: Array.from({ length: count }, () => 'a') });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  serve((await gateway.container()).peer, () => 'b'.repeat(250_000));
  await client.next('call.ended');
  let first = 0;
  let pages = 0;
  while (first < count) {
    client.send({ type: 'outcomes.read', request: 1, call_id: call, first, count: count - first });
    const { message } = await client.next('outcomes.page');
    const indexes = numbers(message.indexes);
    expect(indexes[0]).toBe(first);
    first = (indexes.at(-1) ?? first) + 1;
    pages += 1;
  }
  expect(pages).toBeGreaterThan(1);
});

test('inputs are read back as they were sent', async () => {
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'bb', 'ccc', 'dddd'] });
  await client.next('call.sealed');
  client.send({ type: 'inputs.read', request: 2, call_id: call, first: 1, count: 2 });
  const { message, payload } = await client.next('inputs.page');
  expect(message.first).toBe(1);
  expect(cut(message.lengths, payload)).toEqual(['bb', 'ccc']);
});

test('a derived call runs what did not succeed, with the inputs of its base', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const base = gateway.callId();
  sendCall(client, { call: base, inputs: ['ok 0', 'bad 1', 'ok 2', 'bad 3', 'bad 4'] });
  client.send({ type: 'call.attach', call_id: base, after: 0, output: false });
  const { peer } = await gateway.container();
  serve(peer, (input) => {
    if (input.startsWith('bad')) throw new Error('bad');
    return input;
  });
  await client.next('call.ended');
  const seen: string[] = [];
  serve(peer, (input) => {
    seen.push(input);
    return input;
  });
  const call = gateway.callId();
  const { function_id, on_failure, bindings, sources, origin } = openingOf(call);
  client.send(
    {
      type: 'call.derive',
      request: 8,
      call_id: call,
      base,
      indexes: new Uint8Array(0),
      function_id,
      on_failure,
      attached: true,
      bindings,
      sources,
      origin,
    },
    text('shared'),
  );
  await client.next('call.accepted');
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  expect((await client.next('call.ended')).message).toMatchObject({ call_id: call, count: 3, state: 'done' });
  expect(seen.sort()).toEqual(['bad 1', 'bad 3', 'bad 4']);
  client.send({ type: 'call.ask', request: 9, call_id: call });
  const asked = await client.next('call.info');
  expect(asked.message.call.base).toBe(base);
  expect(numbers(asked.payload)).toEqual([1, 3, 4]);
});

test('a reader that comes back after its connection was lost goes on where it was', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  await feed(client, call, 3000);
  const { peer } = await gateway.container();
  const id = `cl-${'9'.repeat(26)}` as never;
  const reader = await gateway.client(id);
  reader.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  serve(peer, () => 'r');
  const first = await reader.next('outcomes');
  await reader[Symbol.asyncDispose]();
  const again = await gateway.client(id);
  again.send({ type: 'call.attach', call_id: call, after: first.message.count, output: false });
  const rest = await taken(again, call, 3000 - first.message.count, true);
  expect(new Set([...numbers(first.message.indexes), ...rest]).size).toBe(3000);
});
