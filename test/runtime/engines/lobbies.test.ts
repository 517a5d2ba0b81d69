// Lobbies of killed gateways: which folders the next gateway takes away, and that a real one does.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { removeLeftLobbies } from '../../../runtime/src/engines/lobbies.js';
import { eventually, Program } from '../../support/program.js';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'farcall-place-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const nameOf = (suffix = ''): string => `farcall-${userInfo().uid}-${randomBytes(4).toString('hex')}-lobby${suffix}`;

/** A process that was there, and is gone. */
async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

function lobby(pids: Readonly<Record<string, number | string>>, { at = place, name = nameOf() } = {}): string {
  const path = join(at, name);
  mkdirSync(join(path, 'run', 'co-1', 'work'), { recursive: true });
  for (const [note, pid] of Object.entries(pids)) writeFileSync(join(path, `${note}.pid`), `${pid}\n`);
  return path;
}

test('one whose gateway and supervisor are gone is taken away, with what is in it', async () => {
  const dead = await deadPid();
  const left = [lobby({ gateway: dead, supervisor: dead }), lobby({ gateway: dead })];
  expect((await removeLeftLobbies('', place)).toSorted()).toEqual(left.toSorted());
  expect(left.map((path) => existsSync(path))).toEqual([false, false]);
});

test('one that a killed gateway had set aside is taken away too', async () => {
  const aside = lobby({ gateway: await deadPid() }, { name: nameOf('.123') });
  await removeLeftLobbies('', place);
  expect(existsSync(aside)).toBe(false);
});

test('one stays while its gateway lives, or the supervisor whose containers wait for the next', async () => {
  const dead = await deadPid();
  const kept = [lobby({ gateway: process.pid, supervisor: dead }), lobby({ gateway: dead, supervisor: process.pid })];
  expect(await removeLeftLobbies('', place)).toEqual([]);
  expect(kept.map((path) => existsSync(join(path, 'run')))).toEqual([true, true]);
});

test("this gateway's own stays, whatever its notes say", async () => {
  const own = lobby({ gateway: await deadPid() });
  expect(await removeLeftLobbies(own, place)).toEqual([]);
});

test('what may not be a lobby of this user is left alone', async () => {
  const dead = await deadPid();
  const elsewhere = lobby({ gateway: dead }, { name: 'a-folder' });
  const link = join(place, nameOf());
  symlinkSync(elsewhere, link);
  const others = [
    lobby({}),
    lobby({ gateway: 'nonsense' }),
    lobby({ gateway: 0 }),
    lobby({ gateway: dead }, { name: `${nameOf()}-too` }),
    lobby({ gateway: dead }, { name: `farcall-${userInfo().uid + 1}-0123abcd-lobby` }),
  ];
  if (userInfo().uid === 0) {
    const foreign = lobby({ gateway: dead });
    chownSync(foreign, 60_600, 60_600);
    others.push(foreign);
  }
  expect(await removeLeftLobbies('', place)).toEqual([]);
  for (const path of [elsewhere, link, ...others]) expect([path, existsSync(path)]).toEqual([path, true]);
});

test('a gateway does so after its start, and says it', async () => {
  const left = lobby({ gateway: await deadPid() }, { at: '/tmp' });
  await using gateway = new Program();
  await gateway.launch();
  await eventually(() => expect(gateway.log('lobby.removed').map((line) => line['lobby'])).toContain(left));
  expect(existsSync(left)).toBe(false);
});
