// A8: headers that are bombs, over a real socket with a good token: a typed answer at once, and nothing polluted. The decoder
// alone is A9's.

import { afterEach, beforeEach, expect, test } from 'vitest';

import { MAX_HEADER } from '@farcall/kernel-bridge/wire';

import { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start();
});
afterEach(() => gateway[Symbol.asyncDispose]());

function frame(header: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(header.length);
  return Buffer.concat([size, header]);
}

const text = (value: string): Buffer => Buffer.concat([Buffer.of(0xa0 + value.length), Buffer.from(value)]);
const WATCH = [text('type'), text('watch')];
/** {"type": "watch", "call_id": <value>} */
const carrying = (value: Buffer): Buffer => Buffer.concat([Buffer.of(0x82), ...WATCH, text('call_id'), value]);

const BOMBS: readonly (readonly [string, Buffer])[] = [
  ['arrays 100,000 deep', carrying(Buffer.concat([Buffer.alloc(100_000, 0x91), Buffer.of(0xc0)]))],
  [
    'maps 100,000 deep',
    carrying(Buffer.concat([...Array.from({ length: 100_000 }, () => Buffer.of(0x81, 0xa0)), Buffer.of(0xc0)])),
  ],
  ['an array of 2^32 in ten bytes', carrying(Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff))],
  ['a map of 2^32 in ten bytes', carrying(Buffer.of(0xdf, 0xff, 0xff, 0xff, 0xff))],
  ['a text of 2^32', carrying(Buffer.of(0xdb, 0xff, 0xff, 0xff, 0xff))],
  ['bytes of 2^32', carrying(Buffer.of(0xc6, 0xff, 0xff, 0xff, 0xff))],
  ['an extension', carrying(Buffer.of(0xd4, 0x01, 0x00))],
  ['a header of nothing but nulls', Buffer.alloc(MAX_HEADER, 0xc0)],
  [
    '__proto__ for a header',
    Buffer.concat([Buffer.of(0x81), text('__proto__'), Buffer.of(0x82), ...WATCH, text('polluted'), Buffer.of(0xc3)]),
  ],
];

test.each(BOMBS)('%s closes with 4400', async (_what, header) => {
  const peer = await gateway.client();
  await peer.settled();
  const began = performance.now();
  peer.socket.send(frame(header));
  const { code, reason } = await peer.closed;
  expect(code, reason).toBe(4400);
  expect(reason).not.toBe('');
  // Five milliseconds for the decoder (A9 has it alone); this is the whole way there and back.
  expect(performance.now() - began).toBeLessThan(250);
  await (await gateway.client()).settled();
});

test('a field that comes twice is one of the two, checked like any other', async () => {
  const peer = await gateway.client();
  const twice = Buffer.concat([Buffer.of(0x83), ...WATCH, text('call_id'), text('x'), text('call_id'), text('y')]);
  peer.socket.send(frame(twice));
  await Promise.race([peer.next('failed'), peer.closed]);
  expect(peer.arrived.filter(({ type }) => type !== 'welcome' && type !== 'failed' && type !== 'pong')).toEqual([]);
});

test('__proto__ and constructor inside a message are names like others, and pollute nothing', async () => {
  const peer = await gateway.client();
  const evil = Buffer.concat([Buffer.of(0x81), text('polluted'), Buffer.of(0xc3)]);
  for (const name of ['__proto__', 'constructor', 'prototype']) {
    const header = Buffer.concat([Buffer.of(0x83), ...WATCH, text('call_id'), text('x'), text(name), evil]);
    peer.socket.send(frame(header));
    await peer.next('failed');
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  for (const type of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    const other = await gateway.client();
    other.socket.send(
      frame(Buffer.concat([Buffer.of(0x82), text('type'), text(type), text('request'), Buffer.of(0x05)])),
    );
    expect((await other.next('failed')).message).toMatchObject({ code: 'request.unsupported', request: 5 });
  }
  for (const role of ['__proto__', 'constructor', 'toString']) {
    const other = await gateway.connect();
    other.send({
      type: 'hello',
      role: role as never,
      id: `cl-${'7'.repeat(26)}`,
      protocol: [1, 1],
      version: '1',
      python: '3',
    });
    expect((await other.closed).code).toBe(4400);
  }
});
