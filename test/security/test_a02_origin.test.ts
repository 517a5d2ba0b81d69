// A2: pages of a browser that know the token, on every route: refused by their Origin, unless it is listed letter by letter.

import { afterEach, beforeEach, expect, test } from 'vitest';

import { TestGateway } from '../support/gateway.js';
import { BEARER, head, raw, targets, UPGRADE } from './door.js';

const LISTED = 'https://lab.example:8888';
let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start({ origins: [LISTED] });
});
afterEach(() => gateway[Symbol.asyncDispose]());

const EVIL = [
  'http://evil.example',
  'null',
  'http://localhost.evil.com',
  'http://localhost',
  'https://lab.example',
  'https://lab.example:88888',
  'https://lab.example:8888.evil.com',
  'HTTPS://LAB.EXAMPLE:8888',
  `${LISTED}/`,
  `${LISTED} http://evil.example`,
  '',
];

test.each(EVIL)('a good token with Origin %j is 403 on every route', async (origin) => {
  for (const target of targets(gateway).filter((path) => path.startsWith('/'))) {
    const lines = ['Host: localhost', BEARER, `Origin: ${origin}`];
    expect((await raw(gateway, head('GET', target, lines))).status).toBe(403);
    expect((await raw(gateway, head('GET', target, [...lines, ...UPGRADE]))).status).toBe(403);
  }
});

test('two Origin headers are 403, even when the first is listed', async () => {
  const lines = ['Host: localhost', BEARER, `Origin: ${LISTED}`, 'Origin: http://evil.example', ...UPGRADE];
  expect((await raw(gateway, head('GET', '/v1/connect', lines))).status).toBe(403);
});

test('the Origin that is listed comes in, with its token only', async () => {
  const peer = await gateway.connect(undefined, { Origin: LISTED });
  await peer.hello('client', `cl-${'7'.repeat(26)}`);
  const lines = ['Host: localhost', `Origin: ${LISTED}`, ...UPGRADE];
  expect((await raw(gateway, head('GET', '/v1/connect', lines))).status).toBe(401);
});
