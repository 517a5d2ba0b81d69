// A5: tokens used for what they are not for: a container's beyond its input, one used twice, another's, an expired one, one
// that is revoked while it is connected. Each is refused, and a live socket is closed within a second.

import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { ContainerId, Message } from '@farcall/kernel-bridge/wire';

import { Tokens } from '../../runtime/src/gateway/authenticate.js';
import { TokenBook } from '../../runtime/src/gateway/token-book.js';
import type { TestPeer } from '../support/client.js';
import { openingOf, sendCall, table, TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start();
});
afterEach(() => gateway[Symbol.asyncDispose]());

const CLIENT = `cl-${'7'.repeat(26)}`;

async function refusal(peer: TestPeer, message: Message): Promise<string> {
  peer.send(message);
  return (await peer.next('failed')).message.code;
}

async function made(seconds = 0, scope: 'client' | 'admin' = 'client'): Promise<{ token: string; id: string }> {
  const admin = await gateway.client();
  admin.send({ type: 'token.make', request: 1, name: 'Ada', scope, seconds });
  const { message } = await admin.next('token.made');
  return { token: message.token, id: message.summary.token_id };
}

test('a container opens nothing but beneath its own input, and looks at nothing else', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const [own, foreign] = [gateway.callId(), gateway.callId()];
  sendCall(client, { call: own, inputs: ['a'] });
  sendCall(client, { call: foreign, inputs: [], kind: 'spawn_map' });
  const { peer, key } = await gateway.container();
  await peer.next('inputs.run');
  const nested = await gateway.connect(key);
  await nested.hello('client', CLIENT);
  for (const parent of [undefined, { call_id: foreign, index: 0 }, { call_id: own, index: 1 }])
    expect(await refusal(nested, openingOf(gateway.callId(), parent === undefined ? {} : { parent }))).toBe(
      'not.allowed',
    );
  const asked: readonly Message[] = [
    { type: 'call.attach', call_id: foreign, after: 0, output: true },
    { type: 'call.cancel', request: 4, call_id: foreign, scope: 'all', terminate: true },
    { type: 'call.detach', call_id: foreign },
    { type: 'call.seal', call_id: foreign, count: 0 },
    { type: 'inputs.put', call_id: foreign, first: 0, count: 0, lengths: table([]) },
    { type: 'inputs.read', request: 4, call_id: foreign, first: 0, count: 1 },
    { type: 'items.taken', call_id: foreign, index: 0, through: 9 },
    { type: 'call.list', request: 4, limit: 5 },
    { type: 'runtime.stop', keep: false },
    { type: 'token.make', request: 4, name: 'mine', scope: 'admin', seconds: 0 },
    { type: 'token.list', request: 4 },
    { type: 'token.revoke', request: 4, token_id: 'tk-000000000000' },
  ];
  for (const message of asked)
    expect([message.type, await refusal(nested, message)]).toEqual([message.type, 'not.allowed']);
});

test('a container cannot say how inputs ended that another one runs', async () => {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  sendCall(client, { call, inputs: ['a', 'b'] });
  const { peer } = await gateway.container();
  const { message } = await peer.next('inputs.run');
  const other = gateway.callId();
  sendCall(client, { call: other, inputs: ['c'] });
  const { lease } = message;
  expect(await refusal(peer, { ...batchOf(call), lease, indexes: table([message.first + message.count]) })).toBe(
    'not.allowed',
  );
  expect(await refusal(peer, { ...batchOf(other), lease })).toBe('not.allowed');
  client.send({ type: 'call.ask', request: 5, call_id: call });
  expect((await client.next('call.info')).message.call.counts.succeeded).toBe(0);
});

function batchOf(call: ReturnType<TestGateway['callId']>): Extract<Message, { type: 'outcomes.put' }> {
  return {
    type: 'outcomes.put',
    seq: 1,
    lease: 1,
    call_id: call,
    attempt: 9,
    ended: true,
    indexes: table([0]),
    statuses: Uint8Array.of(2),
    seconds: new Uint8Array(4),
    lengths: table([0]),
  };
}

test('a bootstrap token that was used is worth nothing, and is no client in the meantime', async () => {
  await gateway.host();
  const client = await gateway.ready();
  sendCall(client, { call: gateway.callId(), inputs: ['a'] });
  const spec = await gateway.engine.asked();
  const early = await gateway.connect(spec.token);
  early.send({ type: 'hello', role: 'client', id: CLIENT, protocol: [1, 1], version: '1', python: '3.11' });
  expect((await early.closed).code).toBe(4401);
  await (await gateway.connect(spec.token)).hello('container', spec.container_id);
  await expect(gateway.connect(spec.token)).rejects.toThrow('401');
  const other = await gateway.connect(gateway.runtime.parts.tokens.issue(`co-${'3'.repeat(26)}` as ContainerId));
  other.send({ type: 'hello', role: 'container', id: spec.container_id, protocol: [1, 1], version: '1', python: '3' });
  expect((await other.closed).code).toBe(4401);
});

test('a token that was given out calls functions, and neither stops the gateway nor gives tokens out', async () => {
  const { token } = await made();
  const peer = await gateway.connect(token);
  await peer.hello('client', CLIENT);
  peer.send({ type: 'call.list', request: 3, limit: 5 });
  await peer.next('call.listing');
  expect(await refusal(peer, { type: 'runtime.stop', keep: false })).toBe('not.allowed');
  expect(await refusal(peer, { type: 'token.make', request: 4, name: 'x', scope: 'admin', seconds: 0 })).toBe(
    'not.allowed',
  );
  expect(await refusal(peer, { type: 'token.list', request: 4 })).toBe('not.allowed');
  const supervisor = await gateway.connect(token);
  supervisor.send({
    type: 'hello',
    role: 'supervisor',
    id: `ho-${'1'.repeat(26)}`,
    protocol: [1, 1],
    version: '1',
    python: '3',
  });
  expect((await supervisor.closed).code).toBe(4401);
});

test('a token that is revoked in mid-session closes its sockets within a second, also one that does not answer', async () => {
  const { token, id } = await made();
  const peer = await gateway.connect(token);
  await peer.hello('client', CLIENT);
  const stubborn = await gateway.connect(token);
  await stubborn.hello('client', `cl-${'8'.repeat(26)}`);
  (stubborn.socket as unknown as { _socket: { pause(): void } })._socket.pause();
  const bystander = await gateway.client();
  const upload = uploadBegun(token);
  await upload.begun;
  const admin = await gateway.client();
  const began = performance.now();
  admin.send({ type: 'token.revoke', request: 2, token_id: id });
  await admin.next('token.revoked');
  expect((await peer.closed).code).toBe(4401);
  await upload.closed;
  await expect.poll(() => gateway.runtime.parts.clients.count, { timeout: 5000 }).toBe(3);
  expect(performance.now() - began).toBeLessThan(1000);
  await expect(gateway.connect(token)).rejects.toThrow('401');
  await bystander.settled();
});

/** A request that is being answered when its token goes. */
function uploadBegun(token: string): { readonly begun: Promise<void>; readonly closed: Promise<void> } {
  const headers = {
    Authorization: `Bearer ${token}`,
    'Content-Length': 1_000_000,
    Host: 'localhost',
    Expect: '100-continue',
  };
  const path = `/blobs/bl-${'5'.repeat(26)}`;
  const put = request({ socketPath: gateway.url.slice('unix://'.length), method: 'PUT', path, headers });
  put.on('error', () => undefined);
  put.flushHeaders();
  return {
    begun: new Promise((resolve) => put.on('continue', () => resolve())),
    closed: new Promise((resolve) => put.on('close', () => resolve())),
  };
}

test('what a revoked client sends behind its revocation is not done', async () => {
  const { token, id } = await made();
  const peer = await gateway.connect(token);
  await peer.hello('client', CLIENT);
  const admin = await gateway.client();
  admin.send({ type: 'token.revoke', request: 2, token_id: id });
  await admin.next('token.revoked');
  peer.send({
    type: 'environment.put',
    environment_id: `en-${'c'.repeat(32)}` as never,
    executable: '',
    python: '3.11.4',
    cwd: '',
    path: [],
    variables: {},
  });
  await peer.closed;
  expect(gateway.runtime.parts.functions.environment(`en-${'c'.repeat(32)}` as never)).toBeUndefined();
});

test('a token that expires closes its sockets within a second', async () => {
  const { token } = await made(0.3);
  const peer = await gateway.connect(token);
  await peer.hello('client', CLIENT);
  expect((await peer.closed).code).toBe(4401);
  await expect(gateway.connect(token)).rejects.toThrow('401');
  const admin = await gateway.client();
  admin.send({ type: 'token.list', request: 2 });
  expect((await admin.next('token.listing')).message.tokens).toEqual([]);
});

test('tokens outlive the gateway as hashes in a file that only its user reads', async () => {
  const { token, id } = await made();
  const path = join(gateway.home, 'tokens.json');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).not.toContain(token);
  const next = new Tokens();
  expect(new TokenBook(path, next).list().map(({ token_id }) => token_id)).toEqual([id]);
  expect(next.who(token)).toEqual({ kind: 'client', person: 'Ada' });
});

test('one token opens so many connections, and no more', async () => {
  await using small = await TestGateway.start({ limits: { connections: 3 } });
  for (let at = 0; at < 3; at += 1) await small.connect();
  await expect(small.connect()).rejects.toThrow('429');
});
