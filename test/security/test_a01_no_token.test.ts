// A1: every route and every upgrade that the router knows, without a token, with every method: 401, closed, nothing done.

import { readdirSync } from 'node:fs';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { TestGateway } from '../support/gateway.js';
import { head, METHODS, raw, targets, UPGRADE } from './door.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await TestGateway.start();
});
afterEach(() => gateway[Symbol.asyncDispose]());

const WRONG = [
  [],
  ['Authorization: Bearer wrong-token-wrong-token-wrong-token'],
  ['Authorization: Bearer '],
  ['Authorization: Basic Y2xpZW50LXRva2VuLW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5'],
  ['Authorization: Bearer client-token-of-the-tests-0123456789', 'Authorization: Bearer x'],
  ['Cookie: token=client-token-of-the-tests-0123456789'],
  ['Expect: 100-continue', 'Content-Length: 10'],
  ['Expect: the-unexpected'],
  ['Transfer-Encoding: chunked'],
] as const;

test('the router knows the routes that are tried here', () => {
  const sources = gateway.door.routes.map(({ path }) => path.source);
  expect(sources.some((source) => source.includes('blobs'))).toBe(true);
  expect(sources.some((source) => source.includes('connect'))).toBe(true);
  for (const target of targets(gateway).slice(0, sources.length))
    expect(gateway.door.routes.some(({ path }) => path.test(target))).toBe(true);
});

test('without a token every route, method and upgrade is 401 and closed, and nothing was done', async () => {
  const before = readdirSync(gateway.home).sort();
  const slow: string[] = [];
  for (const target of targets(gateway)) {
    for (const method of METHODS) {
      const heads = WRONG.flatMap((lines) => [
        head(method, target, ['Host: localhost', ...lines]),
        head(method, target, ['Host: localhost', ...UPGRADE, ...lines]),
      ]);
      const answers = await Promise.all(heads.map((bytes) => raw(gateway, bytes)));
      answers.forEach(({ status, text, ms }, at) => {
        // 400: no HTTP at all, and so no request that could be asked for its token.
        expect([401, 400], `${heads[at] ?? ''}${text}`).toContain(status);
        if (status === 400) expect(isHttp(method, target)).toBe(false);
        expect(text).not.toMatch(/100 Continue|101 Switching/);
        if (ms > 100) slow.push(`${method} ${target}: ${ms.toFixed(0)} ms`);
      });
    }
  }
  // A hundred milliseconds each, with eighteen at a time on a machine that others use as well.
  expect(slow.length, slow.slice(0, 5).join('\n')).toBeLessThan(0.05 * targets(gateway).length * METHODS.length * 18);
  expect(readdirSync(gateway.home).sort()).toEqual(before);
  expect(gateway.runtime.parts.clients.count).toBe(0);
});

/** What is refused as malformed before any token could be looked at. */
function isHttp(method: string, target: string): boolean {
  const isKnown = !['BREW', 'get', 'G\u0000T'].includes(method);
  return isKnown && target.startsWith('/') && method !== 'CONNECT';
}

test('livez says that it lives, and takes nothing but GET', async () => {
  const host = ['Host: localhost', 'Connection: close'];
  expect((await raw(gateway, head('GET', '/livez', host))).status).toBe(200);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
    expect((await raw(gateway, head(method, '/livez', host))).status).toBe(401);
});
