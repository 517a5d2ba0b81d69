// The road of a map over real sockets: opened, fed, run by a scripted container, streamed back, ended.

import { afterEach, beforeEach, expect, test } from 'vitest';

import {
  answer,
  cut,
  GatedStore,
  numbers,
  openingOf,
  sendCall,
  sendInputs,
  serve,
  TestGateway,
  text,
} from '../../support/gateway.js';

let gateway: TestGateway;
let store: GatedStore;
beforeEach(async () => {
  store = new GatedStore();
  gateway = await TestGateway.start({ store });
});
afterEach(async () => {
  store.release();
  await gateway[Symbol.asyncDispose]();
});

test('a map comes back whole, by index, and ends', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b', 'c'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  serve((await gateway.container()).peer, (input) => input.toUpperCase());
  const ended = await client.next('call.ended');
  expect(ended.message).toMatchObject({ call_id: call, state: 'done', count: 3, seq: 3 });
  const results = new Map<number, string>();
  while (results.size < 3) {
    const { message, payload } = await client.next('outcomes');
    cut(message.lengths, payload).forEach((value, at) => results.set(numbers(message.indexes)[at] ?? -1, value));
  }
  expect([...results].sort()).toEqual([
    [0, 'A'],
    [1, 'B'],
    [2, 'C'],
  ]);
  expect(client.arrived.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['call.accepted', 'inputs.accepted', 'call.sealed']),
  );
});

test('a container is told its code once and what a call shares before the first lease of it', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const calls = [gateway.callId(), gateway.callId()];
  sendCall(client, { call: calls[0]!, inputs: ['a'] });
  const { peer } = await gateway.container();
  serve(peer, (input) => input);
  client.send({ type: 'call.attach', call_id: calls[0]!, after: 0, output: false });
  await client.next('call.ended');
  sendCall(client, { call: calls[1]!, inputs: ['b'] });
  client.send({ type: 'call.attach', call_id: calls[1]!, after: 0, output: false });
  await client.next('call.ended');
  const told = peer.arrived
    .map(({ type }) => type)
    .filter((type) => ['function.load', 'call.load', 'inputs.run'].includes(type));
  expect(told).toEqual(['function.load', 'call.load', 'inputs.run', 'call.load', 'inputs.run']);
});

test('inputs that are not taken are refused with the name of their call', async () => {
  const client = await gateway.ready();
  const [open, never] = [gateway.callId(), gateway.callId()];
  client.send(openingOf(open), text('shared'));
  sendInputs(client, open, 3, ['too early']);
  sendInputs(client, never, 0, ['of nothing']);
  client.send({ type: 'call.seal', call_id: never, count: 1 });
  const refused = [await client.next('failed'), await client.next('failed'), await client.next('failed')];
  expect(refused.map(({ message: { inputs_of, code } }) => [inputs_of, code]).sort()).toEqual(
    [
      [open, 'request.invalid'],
      [never, 'not.found'],
      [never, 'not.found'],
    ].sort(),
  );
});

test('nothing is accepted, acknowledged or published before its commit, but inputs are already run', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  store.shut();
  sendCall(client, { call, inputs: ['a'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const { peer } = await gateway.container();
  const lease = await peer.next('inputs.run');
  answer(peer, lease, () => 'done');
  await peer.settled();
  await client.settled();
  const facts = ['call.accepted', 'inputs.accepted', 'call.sealed', 'outcomes', 'call.ended'];
  expect(client.arrived.map(({ type }) => type).filter((type) => facts.includes(type))).toEqual([]);
  expect(peer.arrived.map(({ type }) => type)).not.toContain('outcomes.acknowledged');
  store.release();
  await client.next('call.ended');
  await peer.next('outcomes.acknowledged');
  expect(client.arrived.map(({ type }) => type).filter((type) => facts.includes(type))).toEqual(facts);
});

test('a call is not shown as ended before its end is committed: its outcomes could not be read yet', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const { peer } = await gateway.container();
  const lease = await peer.next('inputs.run');
  store.shut();
  answer(peer, lease, () => 'done');
  await peer.settled();
  client.send({ type: 'watch', call_id: call });
  client.send({ type: 'call.ask', request: 1, call_id: call });
  expect((await client.next('progress')).message.call).toMatchObject({ state: 'sealed', ended_at: 0 });
  expect((await client.next('call.info')).message.call).toMatchObject({ state: 'sealed', ended_at: 0 });
  store.release();
  await client.next('call.ended');
  expect((await client.next('progress')).message.call).toMatchObject({ state: 'done' });
});

test('a call, its chunks and its seal may be sent again: they are accepted again and run once', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b'] });
  sendCall(client, { call, inputs: ['a', 'b'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const runs: string[] = [];
  serve((await gateway.container()).peer, (input) => {
    runs.push(input);
    return input;
  });
  await client.next('call.ended');
  expect(runs.sort()).toEqual(['a', 'b']);
  expect(client.arrived.filter(({ type }) => type === 'call.accepted')).toHaveLength(2);
  sendCall(client, { call, inputs: ['a', 'b'] });
  await client.settled();
  expect(client.arrived.filter(({ type }) => type === 'call.accepted')).toHaveLength(3);
  expect(runs).toHaveLength(2);
});

test('outcomes that a container sends again are acknowledged again and counted once', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const { peer } = await gateway.container();
  let leases = 0;
  peer.onMessage = (message, payload) => {
    if (message.type !== 'inputs.run') return false;
    leases += 1;
    for (const again of [false, true]) answer(peer, { message, payload }, (input) => input, again);
    return true;
  };
  expect((await client.next('call.ended')).message.seq).toBe(2);
  await peer.settled();
  expect(peer.arrived.filter(({ type }) => type === 'outcomes.acknowledged')).toHaveLength(2 * leases);
  expect(
    client.arrived.flatMap((message) => (message.type === 'outcomes' ? numbers(message.indexes) : [])).sort(),
  ).toEqual([0, 1]);
});

test('a range is cut out of the chunks it spans', async () => {
  await gateway.host();
  const client = await gateway.ready({ max_containers: 1 });
  const call = gateway.callId();
  client.send(openingOf(call), text('shared'));
  const inputs = Array.from({ length: 300 }, (_, index) => `input ${index}`);
  for (let first = 0; first < inputs.length; first += 7)
    sendInputs(client, call, first, inputs.slice(first, first + 7));
  client.send({ type: 'call.seal', call_id: call, count: inputs.length });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const seen = new Map<number, string>();
  serve((await gateway.container()).peer, (input, index) => {
    seen.set(index, input);
    return input;
  });
  await client.next('call.ended');
  expect(inputs.every((input, index) => seen.get(index) === input)).toBe(true);
});

test('a failing input is grouped for watchers and its payload is streamed', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b'] });
  client.send({ type: 'watch', call_id: call });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  serve((await gateway.container()).peer, (input) => {
    if (input === 'b') throw new Error('not b');
    return input;
  });
  await client.next('call.ended');
  const last = client.arrived.filter((message) => message.type === 'progress').at(-1);
  expect(last).toMatchObject({
    cells: 'sf',
    cell: 1,
    failures: [{ kind: 'builtins.ValueError', message: 'not b', count: 1, examples: [1] }],
  });
});

test('cancelling settles what waits and interrupts what runs, and may be repeated', async () => {
  const host = await gateway.host();
  const client = await gateway.ready({ max_containers: 1 });
  const call = gateway.callId();
  sendCall(client, { call, inputs: Array.from({ length: 50 }, () => 'x') });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const { peer } = await gateway.container();
  const lease = await peer.next('inputs.run');
  client.send({ type: 'call.cancel', request: 9, call_id: call, scope: 'all', terminate: false });
  client.send({ type: 'call.cancel', request: 10, call_id: call, scope: 'all', terminate: false });
  expect((await client.next('call.cancelled')).message.request).toBe(9);
  expect((await client.next('call.cancelled')).message.request).toBe(10);
  expect((await host.next('lease.cancel')).message).toMatchObject({ lease: lease.message.lease });
  const ended = await client.next('call.ended');
  expect(ended.message).toMatchObject({ state: 'cancelled', seq: 50 });
  client.send({ type: 'call.cancel', request: 11, call_id: call, scope: 'all', terminate: false });
  expect((await client.next('call.cancelled')).message.request).toBe(11);
});
