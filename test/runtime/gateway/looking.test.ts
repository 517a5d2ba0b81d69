// What views ask for: progress, tables of inputs, items of generators, the runtime, blobs.

import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { BlobId } from '@farcall/kernel-bridge/wire';

import { answer, cut, numbers, openingOf, sendCall, serve, table, TestGateway, text } from '../../support/gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start();
});
afterEach(() => gateway[Symbol.asyncDispose]());

const BLOB = `bl-${'4'.repeat(26)}` as BlobId;
const failSecond = (input: string): string => {
  if (input === 'b') throw new Error('no b\nat all');
  return input;
};

test('a call that ended is shown from the store: counts, cells, groups of failures', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b', 'c'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  serve((await gateway.container()).peer, failSecond);
  await client.next('call.ended');
  client.send({ type: 'watch', call_id: call });
  const { message } = await client.next('progress');
  expect(message).toMatchObject({
    cells: 'sfs',
    cell: 1,
    failures: [{ kind: 'builtins.ValueError', where: 'cell:1', count: 1, examples: [1] }],
  });
  expect(message.call).toMatchObject({
    name: 'f',
    app: 'tests',
    inputs: 3,
    sealed: true,
    counts: { succeeded: 2, failed: 1 },
  });
});

test('tables of inputs are paged and filtered by state', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b', 'c', 'b'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const { peer, id } = await gateway.container();
  serve(peer, failSecond);
  await client.next('call.ended');
  client.send({ type: 'inputs.list', request: 1, call_id: call, states: [], first: 0, limit: 3 });
  const page = (await client.next('inputs.rows')).message;
  expect(page.rows.map(({ index, state }) => [index, state])).toEqual([
    [0, 2],
    [1, 3],
    [2, 2],
  ]);
  expect(page.rows[1]).toMatchObject({ container_id: id, attempt: 1, error: 'ValueError: no b' });
  expect(page.rows.map(({ kind, where }) => [kind, where])).toEqual([
    [undefined, undefined],
    ['builtins.ValueError', 'cell:1'],
    [undefined, undefined],
  ]);
  client.send({ type: 'inputs.list', request: 2, call_id: call, states: [3], first: page.next, limit: 3 });
  expect((await client.next('inputs.rows')).message).toMatchObject({ rows: [{ index: 3 }], next: -1 });
  client.send({ type: 'inputs.list', request: 3, call_id: call, states: [9], first: 0, limit: 3 });
  expect((await client.next('failed')).message).toMatchObject({ request: 3, code: 'request.invalid' });
});

test('the times of a call are told while it runs and once it has ended', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b', 'c', 'd'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  client.send({ type: 'timing.ask', request: 1, call_id: call });
  expect((await client.next('timing.state')).message).toMatchObject({ request: 1, slowest: [], more: 0 });
  const { peer, id } = await gateway.container();
  serve(peer, failSecond);
  await client.next('call.ended');
  client.send({ type: 'timing.ask', request: 2, call_id: call });
  const { message } = await client.next('timing.state');
  expect(numbers(message.durations).reduce((sum, count) => sum + count, 0)).toBe(4);
  expect(message.slowest.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3]);
  expect(message.lanes).toMatchObject([{ container_id: id, inputs: 4 }]);
  expect(message.lanes[0]?.failed).toHaveLength(1);
  client.send({ type: 'timing.ask', request: 3, call_id: gateway.callId() });
  expect((await client.next('failed')).message).toMatchObject({ request: 3, code: 'not.found' });
});

test('items of a generator go to its reader; who attaches again gets what the container sends again', async () => {
  await gateway.host();
  const client = await gateway.ready({ is_generator: true });
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a'], kind: 'spawn_map' });
  const { peer } = await gateway.container();
  await peer.next('inputs.run');
  const item = (first: number, values: readonly string[]): void =>
    peer.send(
      { type: 'items', call_id: call, index: 0, attempt: 1, first, lengths: table(values.map(({ length }) => length)) },
      text(values.join('')),
    );
  const reader = await gateway.client();
  reader.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  await reader.settled();
  item(0, ['one', 'two']);
  const early = await reader.next('items');
  expect(cut(early.message.lengths, early.payload)).toEqual(['one', 'two']);
  reader.send({ type: 'items.taken', call_id: call, index: 0, through: 2 });
  expect((await peer.next('items.taken')).message.through).toBe(2);
  item(2, ['three']);
  expect((await reader.next('items')).message.first).toBe(2);
  const second = await gateway.client();
  second.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  expect((await peer.next('items.taken')).message.through).toBe(0);
  item(2, ['three']);
  expect((await second.next('items')).message.first).toBe(2);
});

test('the runtime tells what it has and what runs', async () => {
  await gateway.host();
  const client = await gateway.ready();
  sendCall(client, { call: gateway.callId(), inputs: ['a'] });
  const { id } = await gateway.container();
  client.send({ type: 'runtime.ask', request: 3 });
  const { message } = await client.next('runtime.state');
  expect(message).toMatchObject({ request: 3, pid: process.pid, cpus: 4, memory: 8000, clients: 1, calls_open: 1 });
  expect(message.containers).toMatchObject([{ container_id: id, function: 'tests.f' }]);
});

test('before its supervisor has said hello, the runtime names the Python of whoever asks', async () => {
  await gateway[Symbol.asyncDispose]();
  gateway = await TestGateway.start({ identity: { python: '' } });
  const client = await gateway.client();
  client.send({ type: 'runtime.ask', request: 1 });
  expect((await client.next('runtime.state')).message.python).toMatch(/^3\.\d+\.\d+$/);
});

test('calls are listed, the newest first', async () => {
  const client = await gateway.ready();
  const calls = [gateway.callId(), gateway.callId()];
  for (const call of calls) sendCall(client, { call, inputs: ['a'] });
  await client.next('call.sealed');
  await client.next('call.sealed');
  client.send({ type: 'call.list', request: 1, limit: 10 });
  expect((await client.next('call.listing')).message.calls.map(({ call_id, inputs }) => [call_id, inputs])).toEqual([
    [calls[1], 1],
    [calls[0], 1],
  ]);
});

test('an input in a blob travels by name', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  writeFileSync(join(gateway.home, BLOB), 'large');
  client.send(openingOf(call), text('shared'));
  client.send(
    { type: 'inputs.put', call_id: call, first: 0, count: 2, lengths: table([0xffffffff, 1]), blobs: [BLOB] },
    text('s'),
  );
  client.send({ type: 'call.seal', call_id: call, count: 2 });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const { peer } = await gateway.container();
  const lease = await peer.next('inputs.run');
  expect([lease.message.blobs, numbers(lease.message.lengths)[0]]).toEqual([[BLOB], 0xffffffff]);
  answer(peer, lease, (input) => input);
});

test('tables that do not agree with their payload are refused and change nothing', async () => {
  const client = await gateway.ready();
  const call = gateway.callId();
  client.send(openingOf(call), text('shared'));
  for (const [lengths, blobs, payload] of [
    [table([5]), [], 'four'],
    [table([1, 1]), [], 'ab'],
    [table([0xffffffff]), [], ''],
    [table([1]), [BLOB], 'a'],
    [table([0xffffffff]), ['../../etc/passwd' as BlobId], ''],
  ] as const) {
    client.send({ type: 'inputs.put', call_id: call, first: 0, count: 1, lengths, blobs }, text(payload));
    expect((await client.next('failed')).message.code).toBe('request.invalid');
  }
  client.send({ type: 'call.ask', request: 1, call_id: call });
  expect((await client.next('call.info')).message.call.inputs).toBe(0);
});

interface Answered {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

function http(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: gateway.url.slice('unix://'.length),
        method,
        path,
        headers: { Host: 'localhost', Authorization: 'Bearer client-token-of-the-tests-0123456789', ...headers },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(parts).toString(),
            headers: response.headers,
          }),
        );
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

test('a blob is written whole or not at all, and read in ranges', async () => {
  const path = `/blobs/${BLOB}`;
  expect((await http('GET', path)).status).toBe(404);
  expect((await http('PUT', path, { 'Content-Length': '10' }, '0123456789')).status).toBe(201);
  expect(readFileSync(join(gateway.home, BLOB), 'utf8')).toBe('0123456789');
  expect(await http('GET', path)).toMatchObject({ status: 200, body: '0123456789' });
  expect(await http('GET', path, { Range: 'bytes=2-4' })).toMatchObject({
    status: 206,
    body: '234',
    headers: { 'content-range': 'bytes 2-4/10' },
  });
  expect(await http('GET', path, { Range: 'bytes=8-' })).toMatchObject({ status: 206, body: '89' });
  expect((await http('GET', path, { Range: 'bytes=10-' })).status).toBe(416);
  expect((await http('DELETE', path)).status).toBe(405);
});

test.each([
  '..%2f..%2fetc%2fpasswd',
  '../token',
  '.',
  `${'4'.repeat(4096)}`,
  `bl-${'4'.repeat(25)}%00`,
  `bl-${'4'.repeat(26)}.part`,
])('the blob %j is no blob', async (id) => {
  expect([400, 404]).toContain((await http('GET', `/blobs/${id}`)).status);
  expect([400, 404]).toContain((await http('PUT', `/blobs/${id}`, { 'Content-Length': '1' }, 'x')).status);
});
