// What views ask for: progress, tables of inputs, previews, output, items of generators, the runtime, blobs.

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
  client.send({ type: 'inputs.list', request: 2, call_id: call, states: [3], first: page.next, limit: 3 });
  expect((await client.next('inputs.rows')).message).toMatchObject({ rows: [{ index: 3 }], next: -1 });
  client.send({ type: 'inputs.list', request: 3, call_id: call, states: [9], first: 0, limit: 3 });
  expect((await client.next('failed')).message).toMatchObject({ request: 3, code: 'request.invalid' });
});

test('a preview is made by a container of the function, and told when there is none', async () => {
  const host = await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const { peer, id } = await gateway.container();
  serve(peer, (input) => `result ${input}`);
  await client.next('call.ended');
  for (const [what, shown] of [
    ['arguments', 'b'],
    ['result', 'result b'],
  ] as const) {
    client.send({ type: 'preview.ask', request: 5, call_id: call, index: 1, what });
    const asked = await peer.next('preview.make');
    expect([asked.message.what, Buffer.from(asked.payload).toString()]).toEqual([what, shown]);
    peer.send({ type: 'preview.made', request: asked.message.request, bundle: { 'text/plain': shown } });
    expect((await client.next('preview.made')).message).toMatchObject({ request: 5, bundle: { 'text/plain': shown } });
  }
  client.send({ type: 'preview.ask', request: 6, call_id: call, index: 7, what: 'result' });
  expect((await client.next('failed')).message).toMatchObject({ request: 6, code: 'not.found' });
  host.send({ type: 'container.exited', container_id: id, reason: 'exited', code: 0, lease: 0, index: 0, detail: '' });
  await host.settled();
  client.send({ type: 'preview.ask', request: 7, call_id: call, index: 1, what: 'result' });
  expect((await client.next('preview.made')).message.bundle['text/plain']).toContain('No container');
});

test('output reaches who asked for it live, by input and as a whole', async () => {
  const host = await gateway.host();
  const client = await gateway.ready();
  const quiet = await gateway.client();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: true });
  quiet.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const { peer, id } = await gateway.container();
  const lease = await peer.next('inputs.run');
  const put = (stream: 1 | 2, offset: number, said: string): void =>
    host.send(
      { type: 'output.put', container_id: id, stream, offset, lease: lease.message.lease, index: 0 },
      text(said),
    );
  put(1, 0, 'hello ');
  put(1, 6, 'world\n');
  put(2, 0, 'oops\n');
  const heard = [await client.next('output'), await client.next('output'), await client.next('output')];
  expect(heard.map(({ message, payload }) => [message.index, message.stream, Buffer.from(payload).toString()])).toEqual(
    [
      [0, 'stdout', 'hello '],
      [0, 'stdout', 'world\n'],
      [0, 'stderr', 'oops\n'],
    ],
  );
  const { first, count, lease: number, attempt } = lease.message;
  peer.send({
    type: 'outcomes.put',
    seq: 1,
    lease: number,
    call_id: call,
    attempt,
    ended: true,
    indexes: table([0]),
    statuses: Uint8Array.from([2]),
    seconds: new Uint8Array(4),
    lengths: table([0]),
    spans: [
      [0, 1, 6, 12],
      [0, 2, 0, 5],
    ],
  });
  expect([first, count]).toEqual([0, count]);
  await peer.next('outcomes.acknowledged');
  client.send({ type: 'output.read', request: 1, call_id: call, index: 0, offset: 0 });
  expect(Buffer.from((await client.next('output.page')).payload).toString()).toBe('world\noops\n');
  client.send({ type: 'output.read', request: 2, call_id: call, index: 0, offset: 8 });
  expect(Buffer.from((await client.next('output.page')).payload).toString()).toBe('ps\n');
  client.send({ type: 'output.read', request: 3, call_id: call, index: -1, offset: 0 });
  const whole = await client.next('output.page');
  expect([Buffer.from(whole.payload).toString(), whole.message.next]).toEqual(['hello world\noops\n', 17]);
  await quiet.settled();
  expect(quiet.arrived.some(({ type }) => type === 'output')).toBe(false);
});

test('items of a generator wait for a reader, and its taking reaches the container', async () => {
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
  item(0, ['one', 'two']);
  await peer.settled();
  const reader = await gateway.client();
  reader.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const early = await reader.next('items');
  expect(cut(early.message.lengths, early.payload)).toEqual(['one', 'two']);
  item(2, ['three']);
  expect((await reader.next('items')).message.first).toBe(2);
  reader.send({ type: 'items.taken', call_id: call, index: 0, through: 2 });
  expect((await peer.next('items.taken')).message.through).toBe(2);
  const second = await gateway.client();
  second.send({ type: 'call.attach', call_id: call, after: 0, output: false });
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
