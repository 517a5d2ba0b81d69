// Values shown to views: made by a container of the call's function, which is brought up when there is none.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { CallId, FunctionId } from '@farcall/kernel-bridge/wire';

import { sendCall, serve, TestGateway } from '../../support/gateway.js';
import type { TestPeer } from '../../support/client.js';

let gateway: TestGateway;
let host: TestPeer;
let client: TestPeer;
let call: CallId;
beforeEach(async () => {
  gateway = await TestGateway.start();
  host = await gateway.host();
  client = await gateway.ready();
  call = gateway.callId();
});
afterEach(async () => {
  vi.useRealTimers();
  await gateway[Symbol.asyncDispose]();
});

const NEWER = `fv-${'c'.repeat(32)}` as FunctionId;

/** Runs the call of two inputs to its end; returns who ran it. */
async function run(): ReturnType<TestGateway['container']> {
  sendCall(client, { call, inputs: ['a', 'b'] });
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  const container = await gateway.container();
  serve(container.peer, (input) => `result ${input}`);
  await client.next('call.ended');
  return container;
}

/** As if the container's process had ended. */
async function end(id: Awaited<ReturnType<TestGateway['container']>>['id']): Promise<void> {
  host.send({ type: 'container.exited', container_id: id, reason: 'exited', code: 0, lease: 0, index: 0, detail: '' });
  await host.settled();
}

/** Makes what it is asked next: the pickle's own text. */
async function make(peer: TestPeer): Promise<void> {
  const { message, payload } = await peer.next('preview.make');
  const shown = Buffer.from(payload).toString();
  peer.send({ type: 'preview.made', request: message.request, bundle: { 'text/plain': `${message.what}: ${shown}` } });
}

async function shown(): Promise<string | undefined> {
  return (await client.next('preview.made')).message.bundle['text/plain'];
}

test('a ready container of the function makes it, of arguments and of results', async () => {
  const { peer } = await run();
  client.send({ type: 'preview.ask', request: 5, call_id: call, index: 1, what: 'arguments' });
  await make(peer);
  expect(await shown()).toBe('arguments: b');
  client.send({ type: 'preview.ask', request: 6, call_id: call, index: 1, what: 'result' });
  await make(peer);
  expect(await shown()).toBe('result: result b');
  client.send({ type: 'preview.ask', request: 7, call_id: call, index: 7, what: 'result' });
  expect((await client.next('failed')).message).toMatchObject({ request: 7, code: 'not.found' });
});

test('without a container one is brought up, and makes what was asked meanwhile', async () => {
  await end((await run()).id);
  client.send({ type: 'preview.ask', request: 1, call_id: call, index: 0, what: 'arguments' });
  client.send({ type: 'preview.ask', request: 2, call_id: call, index: 0, what: 'result' });
  const { peer } = await gateway.container();
  await make(peer);
  await make(peer);
  expect([await shown(), await shown()].sort()).toEqual(['arguments: a', 'result: result a']);
});

test('a version that was replaced is brought up as well', async () => {
  await end((await run()).id);
  client.send({ type: 'function.replace', app: 'tests', name: 'f', function_id: NEWER });
  client.send({ type: 'preview.ask', request: 1, call_id: call, index: 0, what: 'arguments' });
  const { peer } = await gateway.container();
  await make(peer);
  expect(await shown()).toBe('arguments: a');
  expect(gateway.engine.stopped).toEqual([]);
});

test('when the container ends before it answers, another one is asked', async () => {
  const first = await run();
  client.send({ type: 'preview.ask', request: 1, call_id: call, index: 0, what: 'arguments' });
  await first.peer.next('preview.make');
  await end(first.id);
  await make((await gateway.container()).peer);
  expect(await shown()).toBe('arguments: a');
});

test('after fifteen seconds without a container the view is told why', async () => {
  await end((await run()).id);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  client.send({ type: 'preview.ask', request: 1, call_id: call, index: 0, what: 'arguments' });
  await gateway.engine.asked();
  vi.advanceTimersByTime(15_000);
  expect(await shown()).toBe('No container came up within 15 s: it is still starting.');
});

test('a container that runs a long input is said to be busy', async () => {
  const { peer } = await run();
  client.send({ type: 'preview.ask', request: 1, call_id: call, index: 0, what: 'arguments' });
  await peer.next('preview.make');
  client.send({ type: 'preview.ask', request: 2, call_id: call, index: 0, what: 'result' });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  client.send({ type: 'preview.ask', request: 3, call_id: call, index: 1, what: 'result' });
  await peer.next('preview.make');
  await peer.next('preview.make');
  vi.advanceTimersByTime(15_000);
  expect(await shown()).toContain('busy');
});
