// A3: requests that name another host (DNS rebinding), two hosts, none, or a whole URI: refused with and without a token.

import { afterEach, beforeEach, expect, test } from 'vitest';

import { TestGateway } from '../support/gateway.js';
import { BEARER, head, raw, UPGRADE } from './door.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start();
});
afterEach(() => gateway[Symbol.asyncDispose]());

const EVIL = [
  'evil.example',
  'localhost.evil.com',
  'localhost@evil.example',
  'evil.example:80',
  '127.0.0.1:1@evil',
  'localhost:99999999',
  'localhost/evil',
  'localhost evil.example',
  '127.0.0.2',
  '2130706433',
  '',
];

test.each(EVIL)('a good token with Host %j is 421, for requests and upgrades', async (host) => {
  for (const lines of [[], UPGRADE])
    expect((await raw(gateway, head('GET', '/v1/connect', [`Host: ${host}`, BEARER, ...lines]))).status).toBe(421);
  expect((await raw(gateway, head('GET', '/livez', [`Host: ${host}`, 'Connection: close']))).status).toBe(421);
});

test.each([
  ['two hosts', 'GET /v1/connect HTTP/1.1', ['Host: localhost', 'Host: evil.example']],
  ['the same host twice', 'GET /v1/connect HTTP/1.1', ['Host: localhost', 'Host: localhost']],
  ['no host', 'GET /v1/connect HTTP/1.1', []],
  ['no host in HTTP/1.0', 'GET /v1/connect HTTP/1.0', []],
  ['an absolute URI', 'GET http://evil.example/v1/connect HTTP/1.1', ['Host: localhost']],
  ['an absolute URI of our own', 'GET http://localhost/v1/connect HTTP/1.1', ['Host: localhost']],
  ['a target that is no path', 'OPTIONS * HTTP/1.1', ['Host: localhost']],
  ['an authority as target', 'CONNECT evil.example:443 HTTP/1.1', ['Host: localhost']],
  ['a scheme-relative target', 'GET //evil.example/v1/connect HTTP/1.1', ['Host: localhost', 'Connection: close']],
])('%s is refused', async (_what, line, lines) => {
  for (const more of [[BEARER], [BEARER, ...UPGRADE]]) {
    const { status } = await raw(gateway, `${[line, ...lines, ...more].join('\r\n')}\r\n\r\n`);
    expect([400, 403, 404, 421]).toContain(status);
  }
});
