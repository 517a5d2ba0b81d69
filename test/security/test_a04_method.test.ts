// A4: every method, unknown ones too, on every route with a good token: what a route does not take is 405; from another site
// nothing is taken at all. Nobody becomes a proxy, and nothing is echoed.

import { afterEach, beforeEach, expect, test } from 'vitest';

import { TestGateway } from '../support/gateway.js';
import { BEARER, GOOD, head, METHODS, raw, targets, UPGRADE } from './door.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start();
});
afterEach(() => gateway[Symbol.asyncDispose]());

const HOST = ['Host: localhost', 'Connection: close'];
const paths = (): readonly string[] => targets(gateway).filter((target) => target.startsWith('/'));
const UNPARSED = ['BREW', 'get', 'G\u0000T'];

test.each(METHODS)('%j from another site is 403 on every route', async (method) => {
  for (const target of paths()) {
    const { status } = await raw(gateway, head(method, target, [...HOST, BEARER, 'Sec-Fetch-Site: cross-site']));
    expect(UNPARSED.includes(method) || method === 'CONNECT' ? [400, 403] : [403]).toContain(status);
  }
});

test.each(METHODS)('%j with a good token does what its route takes, or is refused', async (method) => {
  for (const target of paths()) {
    const path = target.split('?')[0] ?? '';
    const route = gateway.door.routes.find((each) => each.path.test(path));
    const { status, text } = await raw(gateway, head(method, target, [...HOST, BEARER]));
    if (route?.methods.includes(method) === true) expect([200, 404, 411, 426, 503]).toContain(status);
    else if (UNPARSED.includes(method) || method === 'CONNECT') expect([400, 405]).toContain(status);
    else expect([404, 405]).toContain(status);
    expect(text).not.toContain(GOOD);
  }
});

test.each(METHODS.filter((method) => method !== 'GET'))('%j opens no WebSocket', async (method) => {
  const { status } = await raw(gateway, head(method, '/v1/connect', ['Host: localhost', BEARER, ...UPGRADE]));
  expect([400, 405]).toContain(status);
});

test('CONNECT with a good token is no proxy', async () => {
  const { status } = await raw(gateway, head('CONNECT', '127.0.0.1:22', ['Host: localhost', BEARER]));
  expect([400, 405]).toContain(status);
});

test('a request inside a body is no second request', async () => {
  const inner = head('GET', '/livez', ['Host: localhost']);
  const lines = ['Host: localhost', BEARER, 'Content-Length: 0', 'Transfer-Encoding: chunked'];
  const { text } = await raw(gateway, `${head('PUT', `/blobs/bl-${'0'.repeat(26)}`, lines)}0\r\n\r\n${inner}`);
  expect(text.match(/HTTP\/1\.1/g)?.length).toBe(1);
  expect(text).toMatch(/^HTTP\/1\.1 400/);
});
