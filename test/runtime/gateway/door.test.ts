// Who gets in: one check for every request and upgrade, before anything else is looked at.

import { request } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { encode } from '@farcall/kernel-bridge/wire';

import { openingOf, putFunction, sendCall, TestGateway } from '../../support/gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start();
});
afterEach(() => gateway[Symbol.asyncDispose]());

const CLIENT = `cl-${'7'.repeat(26)}`;
const GOOD = 'client-token-of-the-tests-0123456789';

function status(method: string, path: string, headers: Readonly<Record<string, string | string[]>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: gateway.url.slice('unix://'.length), method, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });
}

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const BEARER = { Authorization: `Bearer ${GOOD}` };

test.each([
  ['GET', '/', {}],
  ['GET', '/v1/connect', {}],
  ['GET', '/blobs/bl-00000000000000000000000000', {}],
  ['PUT', '/blobs/bl-00000000000000000000000000', {}],
  ['DELETE', '/v1/connect', {}],
  ['TRACE', '/', {}],
  ['GET', '/v1/connect', { Authorization: 'Bearer wrong-token-wrong-token-wrong' }],
  ['GET', '/v1/connect', { Authorization: `Basic ${GOOD}` }],
  ['GET', `/v1/connect?token=${GOOD}`, {}],
])('%s %s without a good token is 401', async (method, path, headers) => {
  expect(await status(method, path, { Host: 'localhost', ...headers })).toBe(401);
  expect(await status(method, path, { Host: 'localhost', ...UPGRADE, ...headers })).toBe(401);
});

test('livez needs no token, but our name', async () => {
  expect(await status('GET', '/livez', { Host: 'localhost' })).toBe(200);
  expect(await status('GET', '/livez', { Host: 'evil.example' })).toBe(421);
  expect(await status('POST', '/livez', { Host: 'localhost' })).toBe(401);
});

test.each(['http://evil.example', 'null', 'http://localhost.evil.com', 'http://localhost', ''])(
  'a good token with Origin %j is 403',
  async (origin) => {
    expect(await status('GET', '/v1/connect', { Host: 'localhost', ...BEARER, ...UPGRADE, Origin: origin })).toBe(403);
    expect(
      await status('GET', '/blobs/bl-00000000000000000000000000', { Host: 'localhost', ...BEARER, Origin: origin }),
    ).toBe(403);
  },
);

test.each(['evil.example', 'localhost.evil.com', '127.0.0.1:1@evil', 'localhost:99999999'])(
  'a good token with Host %j is 421',
  async (host) => {
    expect(await status('GET', '/v1/connect', { Host: host, ...BEARER, ...UPGRADE })).toBe(421);
  },
);

test('no Host, two Host headers and an absolute URI are refused', async () => {
  expect(await raw(`GET /v1/connect HTTP/1.1\r\nAuthorization: Bearer ${GOOD}\r\n\r\n`)).toMatch(/ 400 /);
  expect(
    await raw(
      `GET /v1/connect HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nAuthorization: Bearer ${GOOD}\r\n\r\n`,
    ),
  ).toMatch(/ 4(00|21) /);
  expect(
    await raw(
      `GET http://evil.example/v1/connect HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${GOOD}\r\n\r\n`,
    ),
  ).toMatch(/ 400 /);
});

function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.url.slice('unix://'.length), () => socket.write(text));
    socket.once('data', (data) => {
      resolve(data.toString().split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('a cross-site request of a browser is 403 whatever its method', async () => {
  for (const method of ['GET', 'POST', 'DELETE', 'PATCH', 'OPTIONS'])
    expect(await status(method, '/v1/connect', { Host: 'localhost', ...BEARER, 'Sec-Fetch-Site': 'cross-site' })).toBe(
      403,
    );
});

test('the first message must be hello', async () => {
  const peer = await gateway.connect();
  peer.send({ type: 'runtime.ask', request: 1 });
  expect((await peer.closed).code).toBe(4400);
});

test.each([
  ['a text message', 'hello'],
  ['no header', Buffer.from([1, 2])],
  ['a header longer than the frame', Buffer.from([255, 255, 0, 0, 1])],
  ['a header that is no map', Buffer.from([1, 0, 0, 0, 7])],
  ['a header cut short', Buffer.from([2, 0, 0, 0, 0x92, 0x01])],
])('%s closes with 4400', async (_what, bytes) => {
  const peer = await gateway.client();
  peer.socket.send(bytes);
  expect((await peer.closed).code).toBe(4400);
});

test('a field of the wrong type closes with 4400, an unknown type is answered unsupported', async () => {
  const peer = await gateway.client();
  peer.socket.send(encode({ type: 'from.the.future', request: 5 } as never));
  expect((await peer.next('failed')).message).toMatchObject({ code: 'request.unsupported', request: 5 });
  peer.socket.send(encode({ type: 'watch', call_id: 5 } as never));
  expect((await peer.closed).code).toBe(4400);
});

test('a message of another role is refused and the connection goes on', async () => {
  const peer = await gateway.client();
  peer.send({ type: 'container.ready', container_id: 'co-00000000000000000000000001' as never });
  expect((await peer.next('failed')).message.code).toBe('request.unsupported');
  await peer.settled();
});

test('no protocol in common closes with 4406', async () => {
  const peer = await gateway.connect();
  peer.send({ type: 'hello', role: 'client', id: CLIENT, protocol: [2, 9], version: '9', python: '3.11.4' });
  expect((await peer.closed).code).toBe(4406);
});

test('the highest common protocol is chosen, and welcome says where it is', async () => {
  const peer = await gateway.connect();
  const welcome = await peer.hello('client', CLIENT, { protocol: [1, 9] });
  expect(welcome).toMatchObject({
    protocol: 1,
    store: gateway.store.id,
    epoch: gateway.store.epoch,
    blobs: gateway.home,
  });
  expect(welcome.key).toBeUndefined();
});

test('the same client id on a new connection replaces the old one', async () => {
  const first = await gateway.client(CLIENT as never);
  await gateway.client(CLIENT as never);
  expect((await first.closed).code).toBe(4409);
});

test.each(['supervisor', 'container'] as const)('a client token is no %s', async (role) => {
  const peer = await gateway.connect();
  peer.send({
    type: 'hello',
    role,
    id: `${role === 'container' ? 'co' : 'ho'}-${'1'.repeat(26)}`,
    protocol: [1, 1],
    version: '1',
    python: '3.11',
  });
  expect((await peer.closed).code).toBe(4401);
});

test('a bootstrap token works once; then the key does, until the container is gone', async () => {
  const host = await gateway.host();
  const client = await gateway.ready();
  sendCall(client, { call: gateway.callId(), inputs: ['a'] });
  const spec = await gateway.engine.asked();
  const container = await gateway.connect(spec.token);
  const { key } = await container.hello('container', spec.container_id);
  await expect(gateway.connect(spec.token)).rejects.toThrow('401');
  const again = await gateway.connect(key);
  expect((await again.hello('container', spec.container_id)).key).toBeUndefined();
  expect((await container.closed).code).toBe(4409);
  const nested = await gateway.connect(key);
  await nested.hello('client', CLIENT);
  host.send({
    type: 'container.exited',
    container_id: spec.container_id,
    reason: 'exited',
    code: 0,
    lease: 0,
    index: 0,
    detail: '',
  });
  expect((await again.closed).code).toBe(4410);
  expect((await nested.closed).code).toBe(4401);
  await expect(gateway.connect(key)).rejects.toThrow('401');
});

test('a container cannot speak for another one', async () => {
  await gateway.host();
  const client = await gateway.ready();
  sendCall(client, { call: gateway.callId(), inputs: ['a'] });
  const spec = await gateway.engine.asked();
  const peer = await gateway.connect(spec.token);
  peer.send({
    type: 'hello',
    role: 'container',
    id: `co-${'2'.repeat(26)}`,
    protocol: [1, 1],
    version: '1',
    python: '3.11',
  });
  expect((await peer.closed).code).toBe(4401);
});

test('from inside a container only calls beneath its input may be opened and read', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const outer = gateway.callId();
  const foreign = gateway.callId();
  sendCall(client, { call: outer, inputs: ['a'] });
  sendCall(client, { call: foreign, inputs: [], kind: 'spawn_map' });
  const { peer, key } = await gateway.container();
  await peer.next('inputs.run');
  const nested = await gateway.connect(key);
  await nested.hello('client', CLIENT);
  const inner = gateway.callId();
  nested.send(openingOf(inner));
  expect((await nested.next('failed')).message.code).toBe('not.allowed');
  nested.send(openingOf(inner, { parent: { call_id: outer, index: 5 } }));
  expect((await nested.next('failed')).message.code).toBe('not.allowed');
  nested.send(openingOf(inner, { parent: { call_id: outer, index: 0 } }));
  await nested.next('call.accepted');
  nested.send({ type: 'call.ask', request: 3, call_id: inner });
  expect((await nested.next('call.info')).message.call.parent).toEqual({ call_id: outer, index: 0 });
  for (const message of [
    { type: 'call.ask', request: 4, call_id: foreign },
    { type: 'call.cancel', request: 4, call_id: foreign, scope: 'all', terminate: true },
    { type: 'outcomes.read', request: 4, call_id: foreign, first: 0, count: 1 },
    { type: 'call.list', request: 4, limit: 5 },
    { type: 'call.attach', call_id: foreign, after: 0, output: true },
    { type: 'runtime.stop', keep: false },
    { type: 'output.read', request: 4, call_id: foreign, index: -1, offset: 0 },
    { type: 'watch', call_id: foreign },
  ] as const) {
    nested.send(message);
    expect((await nested.next('failed')).message.code).toBe('not.allowed');
  }
});

test('calls of another gateway are refused by name', async () => {
  const client = await gateway.ready();
  client.send(openingOf(`fc-ZZZZZZ${'0'.repeat(26)}` as never));
  expect((await client.next('failed')).message).toMatchObject({ code: 'call.foreign', request: 7 });
});

test('a remote gateway takes functions of another Python minor: their calls wait for an interpreter of it', async () => {
  await using remote = await TestGateway.start({ identity: { remote: true, python: '3.12.1' } });
  await expect(putFunction(await remote.client())).resolves.not.toThrow();
});

test('over TLS, too, a connection that has shown its token does not count to the limit', async () => {
  const file = (name: string): string => fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url));
  const tls = { cert: file('cert'), key: file('key') };
  await using remote = await TestGateway.start({ listen: { host: '127.0.0.1', port: 0, tls } });
  expect(remote.url).toMatch(/^wss:/);
  for (let index = 0; index < 25; index += 1) {
    const client = await remote.connect();
    await client.hello('client', `cl-${String(index).padStart(26, '0')}`);
  }
});

test('over TCP twenty connections that have not shown a token are the limit of one address', async () => {
  await using remote = await TestGateway.start({ listen: { host: '127.0.0.1', port: 0 } });
  const port = Number(new URL(remote.url).port);
  const sockets = Array.from({ length: 40 }, () => connect(port, '127.0.0.1'));
  const cutOff = sockets.map(
    (socket) =>
      new Promise<void>((resolve) =>
        socket
          .once('close', () => resolve())
          .on('error', () => undefined)
          .resume(),
      ),
  );
  await Promise.all(cutOff.slice(20));
  for (const socket of sockets) socket.destroy();
  await Promise.all(cutOff);
  const client = await remote.connect();
  await client.hello('client', CLIENT);
});
