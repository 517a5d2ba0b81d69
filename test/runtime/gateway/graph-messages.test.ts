// Graphs of calls over the wire: who opened whom, in which states, folded; and what is refused.

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { CallId, Message } from '@farcall/kernel-bridge/wire';

import { numbers, sendCall, serve, table, TestGateway } from '../../support/gateway.js';
import type { TestPeer } from '../../support/client.js';

let gateway: TestGateway;
let client: TestPeer;
beforeEach(async () => {
  gateway = await TestGateway.start();
  await gateway.host();
  client = await gateway.ready();
});
afterEach(() => gateway[Symbol.asyncDispose]());

/** A call of three inputs, of which the second failed; its third opened another call, which has ended as well. */
async function family(): Promise<readonly [CallId, CallId]> {
  const [parent, child] = [gateway.callId(), gateway.callId()];
  serve((await begun(parent, ['a', 'b', 'c'])).peer, (input) => {
    if (input === 'b') throw new Error('no b');
    return input;
  });
  await client.next('call.ended');
  sendCall(client, { call: child, inputs: ['d'], parent: { call_id: parent, index: 2 } });
  client.send({ type: 'call.attach', call_id: child, after: 0, output: false });
  await client.next('call.ended');
  return [parent, child];
}
async function begun(call: CallId, inputs: readonly string[]): ReturnType<TestGateway['container']> {
  sendCall(client, { call, inputs: [...inputs] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  return gateway.container();
}
const asked = (calls: readonly CallId[], counts: readonly number[]) => ({
  request: 7,
  calls,
  firsts: table(calls.map(() => 0)),
  counts: table(counts),
});

test('the root of any call of a tree is the one on top', async () => {
  const [parent, child] = await family();
  client.send({ type: 'graph.root', request: 1, call_id: child });
  const { message } = await client.next('graph.calls');
  expect(message).toMatchObject({ calls: [parent], names: [{ app: 'tests', name: 'f', module: '__main__' }] });
  expect(numbers(message.inputs)).toEqual([3]);
});

test('the calls that an input opened come with that input and their own inputs', async () => {
  const [parent, child] = await family();
  client.send({ type: 'graph.children', ...asked([parent], [3]), after: 0 });
  const { message } = await client.next('graph.calls');
  expect(message).toMatchObject({ request: 7, calls: [child], more: false });
  expect([numbers(message.indexes), numbers(message.inputs), numbers(message.asked)]).toEqual([[2], [1], [0]]);
});

test('states come as tables, in the order asked', async () => {
  const [parent, child] = await family();
  client.send({ type: 'graph.inputs', ...asked([child, parent], [1, 3]) });
  const { message } = await client.next('graph.states');
  expect([...message.states]).toEqual([2, 2, 3, 2]);
  expect(numbers(message.attempts)).toEqual([1, 1, 1, 1]);
  expect(numbers(message.container).every((at) => message.containers[at - 1]?.startsWith('co-') === true)).toBe(true);
});

test('the folded graph counts what each path did, and names the calls of a node', async () => {
  const [parent, child] = await family();
  client.send({ type: 'graph.fold', request: 2, call_id: child });
  const { message } = await client.next('graph.folded');
  expect(message.call.call_id).toBe(parent);
  expect(message.nodes).toMatchObject([
    { parent: -1, name: 'f', calls: 1, counts: { succeeded: 2, failed: 1 } },
    { parent: 0, name: 'f', calls: 1, counts: { succeeded: 1 }, call_id: child },
  ]);
  client.send({ type: 'graph.list', request: 3, call_id: parent, node: 1 });
  expect((await client.next('call.listing')).message.calls.map(({ call_id }) => call_id)).toEqual([child]);
});

test('a call says that it has children, at once and when it is read again', async () => {
  const [parent, child] = await family();
  client.send({ type: 'call.ask', request: 4, call_id: parent });
  expect((await client.next('call.info')).message.call).toMatchObject({ has_children: true });
  client.send({ type: 'call.ask', request: 5, call_id: child });
  expect((await client.next('call.info')).message.call).not.toHaveProperty('has_children');
});

const ID = 'fc-TESTS000000000000000000000000000' as CallId;
const many = Array.from({ length: 1001 }, () => ID);
test.each<[string, Message, RegExp]>([
  [
    'more calls than a message may name',
    {
      type: 'graph.children',
      ...asked(
        many,
        many.map(() => 1),
      ),
      after: 0,
    },
    /1000/,
  ],
  ['more inputs than an answer may hold', { type: 'graph.inputs', ...asked([ID], [10_001]) }, /10000/],
  ['tables that are too short', { type: 'graph.inputs', ...asked([ID], [1]), counts: table([]) }, /4 bytes/],
  ['what is no call', { type: 'graph.root', request: 7, call_id: 'fc-x' as CallId }, /call id/],
  ['a place below nothing', { type: 'graph.children', ...asked([ID], [1]), after: -1 }, /range/],
])('%s is refused, and the connection goes on', async (_, message, why) => {
  client.send(message);
  expect((await client.next('failed')).message).toMatchObject({ request: 7, code: 'request.invalid' });
  client.send(message);
  expect((await client.next('failed')).message.message).toMatch(why);
});

test('a node that is not in the graph, and a call that is not here, are said so', async () => {
  const [parent] = await family();
  client.send({ type: 'graph.list', request: 8, call_id: parent, node: 9 });
  expect((await client.next('failed')).message).toMatchObject({ request: 8, code: 'not.found' });
  client.send({ type: 'graph.fold', request: 9, call_id: gateway.callId() });
  expect((await client.next('failed')).message).toMatchObject({ request: 9, code: 'not.found' });
});
