// What admins ask of the store, and that nobody else may.

import { afterEach, beforeEach, expect, test } from 'vitest';

import { sendCall, TestGateway } from '../../support/gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start();
});
afterEach(() => gateway[Symbol.asyncDispose]());

test('a call that is open is not deleted, however old, and pretending deletes nothing', async () => {
  const client = await gateway.ready();
  sendCall(client, { call: gateway.callId(), inputs: ['a'] });
  await client.next('call.sealed');
  for (const pretend of [true, false]) {
    client.send({ type: 'store.expire', request: 1, seconds: 0, pretend });
    expect((await client.next('store.expired')).message).toMatchObject({ count: 0, calls: [] });
  }
});

test('an age below zero, and a folder that is not absolute, are refused', async () => {
  const client = await gateway.ready();
  client.send({ type: 'store.expire', request: 1, seconds: -1, pretend: false });
  expect((await client.next('failed')).message).toMatchObject({ request: 1, code: 'request.invalid' });
  client.send({ type: 'store.copy', request: 2, folder: 'here' });
  expect((await client.next('failed')).message).toMatchObject({ request: 2, code: 'request.invalid' });
});

test('someone with a token for clients may do neither', async () => {
  const admin = await gateway.client();
  admin.send({ type: 'token.make', request: 1, name: 'a guest', scope: 'client', seconds: 0 });
  const peer = await gateway.connect((await admin.next('token.made')).message.token);
  peer.send({
    type: 'hello',
    role: 'client',
    id: `cl-${'3'.repeat(26)}`,
    protocol: [1, 1],
    version: '0.1.0',
    python: '3.11.7',
  });
  await peer.next('welcome');
  peer.send({ type: 'store.copy', request: 1, folder: '/nowhere' });
  peer.send({ type: 'store.expire', request: 2, seconds: 0, pretend: false });
  for (const request of [1, 2])
    expect((await peer.next('failed')).message).toMatchObject({ request, code: 'not.allowed' });
});
