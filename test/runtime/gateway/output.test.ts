// What inputs print: whose it is, who hears it, and when a call's output counts as whole.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { CallId, ContainerId, Message, OutputSpan } from '@farcall/kernel-bridge/wire';

import type { TestPeer } from '../../support/client.js';
import { sendCall, table, TestGateway, text } from '../../support/gateway.js';

type Lease = Extract<Message, { type: 'inputs.run' }>;
let gateway: TestGateway;
let host: TestPeer;
let client: TestPeer;
let peer: TestPeer;
let id: ContainerId;
let batches: number;

beforeEach(async () => {
  gateway = await TestGateway.start();
  host = await gateway.host();
  client = await gateway.ready();
  batches = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await gateway[Symbol.asyncDispose]();
});

/** A call of its own, with its output attached, in a container that has its first lease. */
async function begun(inputs: readonly string[]): Promise<{ readonly call: CallId; readonly lease: Lease }> {
  const call = open(inputs);
  ({ peer, id } = await gateway.container());
  return { call, lease: (await peer.next('inputs.run')).message };
}

function open(inputs: readonly string[]): CallId {
  const call = gateway.callId();
  sendCall(client, { call, inputs });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: true });
  return call;
}

/** What the supervisor ships; `lease` if it is certain that its first input wrote it. */
function ship(said: string, offset: number, lease = 0, stream: 1 | 2 = 1): void {
  host.send({ type: 'output.put', container_id: id, stream, offset, lease, index: 0 }, text(said));
}

/** The inputs of a lease succeed. */
function answer(lease: Lease, spans: readonly OutputSpan[] = []): void {
  batches += 1;
  peer.send({
    type: 'outcomes.put',
    seq: batches,
    lease: lease.lease,
    call_id: lease.call_id,
    attempt: lease.attempt,
    ended: true,
    indexes: table(Array.from({ length: lease.count }, (_, at) => lease.first + at)),
    statuses: new Uint8Array(lease.count).fill(2),
    seconds: new Uint8Array(4 * lease.count),
    lengths: table(new Array<number>(lease.count).fill(0)),
    spans,
  });
}

type Heard = readonly [CallId, number, string, string];

/** The next that the client hears, without the notes that there is more to come. */
async function heard(): Promise<Heard> {
  const { message, payload } = await client.next('output');
  if (payload.length === 0) return heard();
  return [message.call_id, message.index, message.stream, Buffer.from(payload).toString()];
}

async function read(call: CallId, index: number, offset = 0): Promise<readonly [string, number]> {
  client.send({ type: 'output.read', request: 1, call_id: call, index, offset });
  const { message, payload } = await client.next('output.page');
  return [Buffer.from(payload).toString(), message.next];
}

test('what a running input prints is heard at once, and read by input and as a whole', async () => {
  const quiet = await gateway.client();
  const { call, lease } = await begun(['a']);
  quiet.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  ship('hello ', 0, lease.lease);
  ship('world\n', 6, lease.lease);
  ship('oops\n', 0, lease.lease, 2);
  expect([await heard(), await heard(), await heard()]).toEqual([
    [call, 0, 'stdout', 'hello '],
    [call, 0, 'stdout', 'world\n'],
    [call, 0, 'stderr', 'oops\n'],
  ]);
  expect(await read(call, 0, 8)).toEqual(['rld\noops\n', 17]);
  answer(lease, [
    [0, 1, 0, 12],
    [0, 2, 0, 5],
  ]);
  await client.next('call.ended');
  expect(await read(call, 0)).toEqual(['hello world\noops\n', -1]);
  expect(await read(call, -1, 6)).toEqual(['world\noops\n', -1]);
  await quiet.settled();
  expect(client.arrived.filter(({ type }) => type === 'output')).toHaveLength(3);
  expect(quiet.arrived.some(({ type }) => type === 'output')).toBe(false);
});

test('text that is shipped late belongs to the call whose spans cover it, not to the one that runs by then', async () => {
  const first = await begun(['a']);
  answer(first.lease, [[0, 1, 0, 4]]);
  await peer.next('outcomes.acknowledged');
  const next = open(['b']);
  const { message: lease } = await peer.next('inputs.run');
  ship('one\ntwo\n', 0);
  answer(lease, [[0, 1, 4, 8]]);
  expect([await heard(), await heard()]).toEqual([
    [first.call, 0, 'stdout', 'one\n'],
    [next, 0, 'stdout', 'two\n'],
  ]);
  expect(await read(first.call, -1)).toEqual(['one\n', -1]);
});

test('the end of a call waits for what its inputs printed, and the supervisor is asked to ship it', async () => {
  const { call, lease } = await begun(['a']);
  answer(lease, [[0, 1, 0, 5]]);
  const note = await client.next('output');
  expect([note.message.index, note.payload.length]).toEqual([0, 0]);
  await client.next('outcomes');
  await host.settled();
  expect(host.pings).toBe(1);
  expect(client.arrived.some(({ type }) => type === 'call.ended')).toBe(false);
  ship('done\n', 0);
  expect(await heard()).toEqual([call, 0, 'stdout', 'done\n']);
  await client.next('call.ended');
});

test('reading a final call waits for its output before it says that there is no more', async () => {
  const { call, lease } = await begun(['a']);
  answer(lease, [[0, 1, 0, 5]]);
  await client.next('outcomes');
  client.send({ type: 'output.read', request: 1, call_id: call, index: -1, offset: 0 });
  await client.settled();
  ship('done\n', 0);
  const { message, payload } = await client.next('output.page');
  expect([Buffer.from(payload).toString(), message.next]).toEqual(['done\n', -1]);
});

test('output that never comes is waited for two seconds', async () => {
  const { call, lease } = await begun(['a']);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  answer(lease, [[0, 1, 0, 5]]);
  await client.next('outcomes');
  await client.settled();
  vi.advanceTimersByTime(2_000);
  await client.next('call.ended');
  expect(await read(call, -1)).toEqual(['', -1]);
});

test('the end of a container ends the waiting', async () => {
  const { lease } = await begun(['a']);
  answer(lease, [[0, 1, 0, 5]]);
  await client.next('outcomes');
  host.send({ type: 'container.exited', container_id: id, reason: 'exited', code: 0, lease: 0, index: 0, detail: '' });
  await client.next('call.ended');
});

test('what was printed while no input ran is not any input’s', async () => {
  const { call, lease } = await begun(['a']);
  ship('loading\n', 0);
  answer(lease, [[0, 1, 8, 11]]);
  ship('ok\n', 8);
  expect([await heard(), await heard()]).toEqual([
    [call, -1, 'stdout', 'loading\n'],
    [call, 0, 'stdout', 'ok\n'],
  ]);
});

test('an input that was cancelled or died has its output too', async () => {
  const { call, lease } = await begun(['a']);
  ship('so far\n', 0, lease.lease);
  await heard();
  client.send({ type: 'call.cancel', request: 3, call_id: call, scope: 'all', terminate: false });
  await client.next('call.ended');
  expect(await read(call, 0)).toEqual(['so far\n', -1]);
});
