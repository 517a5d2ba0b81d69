// The home: private whatever was there, tokens that stay, sockets that are not too long.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { clearSocket, Home } from '../../../runtime/src/gateway/home.js';
import { VERSION } from '../../../runtime/src/gateway/version.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farcall-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mode = (path: string): number => statSync(path).mode & 0o777;

test('folders are 0700 and tokens 0600, even where they were not', () => {
  const path = join(folder, 'home');
  mkdirSync(path);
  chmodSync(path, 0o755);
  const home = new Home(path);
  const token = home.token('token');
  expect([mode(path), mode(home.logs), mode(home.payloads), mode(join(path, 'token'))]).toEqual([
    0o700, 0o700, 0o700, 0o600,
  ]);
  chmodSync(join(path, 'token'), 0o644);
  expect(new Home(path).token('token')).toBe(token);
  expect(mode(join(path, 'token'))).toBe(0o600);
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(home.token('supervisor.token')).not.toBe(token);
});

test('a damaged token is replaced', () => {
  const home = new Home(folder);
  writeFileSync(join(folder, 'token'), 'short\n');
  expect(home.token('token')).toHaveLength(43);
});

const ANNOUNCED = {
  url: 'wss://x:1',
  local: 'unix:///x',
  token: 't',
  version: VERSION,
  protocol: [1, 1] as const,
  started_at: 1,
};
test('the announcement is private, names us, and is taken back only by its owner', () => {
  const home = new Home(folder);
  home.hold();
  home.announce({ ...ANNOUNCED, pid: process.pid });
  expect(mode(join(folder, 'gateway.json'))).toBe(0o600);
  expect(home.holder()).toBe(process.pid);
  home.retract();
  expect(existsSync(join(folder, 'gateway.json'))).toBe(false);
  home.announce({ ...ANNOUNCED, pid: process.pid + 1 });
  home.retract();
  expect(JSON.parse(readFileSync(join(folder, 'gateway.json'), 'utf8'))).toMatchObject({ pid: process.pid + 1 });
});

test('a socket whose path would be too long goes into a short private folder', () => {
  expect(new Home(folder).socketPath()).toBe(join(folder, 'gateway.sock'));
  const long = join(folder, 'x'.repeat(90));
  expect(new Home(long).socketPath()).toMatch(/^\/tmp\/farcall-\d+-[0-9a-f]{8}\/gateway\.sock$/);
});

test('a stale socket is removed, a live one is not', async () => {
  const path = join(folder, 's');
  writeFileSync(path, '');
  await clearSocket(path);
  expect(existsSync(path)).toBe(false);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await expect(clearSocket(path)).rejects.toThrow(/already listens/);
  await new Promise((resolve) => server.close(resolve));
});

test("the version is the package's", () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../runtime/package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(VERSION).toBe(manifest.version);
});
