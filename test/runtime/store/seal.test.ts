// Secrets at rest: on the disk they are under the home's key, in memory they are as they came; stores of before open.

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';

import { StoreKey } from '../../../runtime/src/store/errors.js';
import { Seal } from '../../../runtime/src/store/seal.js';
import type { FunctionRow } from '../../../runtime/src/store/store.js';
import { bytes, functionRow } from './builders.js';
import { folder, openIn } from './folder.js';

const SECRET = 'hunter2-correct-horse-battery';
const VARIABLE = 'a-token-of-the-environment';

function secretive(): FunctionRow {
  const row = functionRow();
  const environment = { ...row.environment, variables: { API_TOKEN: VARIABLE } };
  return { ...row, environment, spec: { ...row.spec, secrets: { PASSWORD: SECRET } } };
}

async function holdsText(path: string, text: string): Promise<boolean> {
  const files = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const all = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))));
  return all.some((content) => content.includes(text));
}

async function keep(path: string, row: FunctionRow): Promise<void> {
  await using store = await openIn(path);
  await store.append([{ put: 'function', row, code: { bytes: bytes(9) } }]);
}

/** What an earlier farcall wrote. */
function makePlain(path: string, row: FunctionRow): void {
  const db = new DatabaseSync(join(path, 'store.db'));
  db.prepare('UPDATE functions SET row = ? WHERE id = ?').run(JSON.stringify(row), row.function_id);
  db.close();
}

test('neither secrets nor variables are to be found in the folder, names are', async () => {
  const path = await folder();
  await using store = await openIn(path);
  await store.append([{ put: 'function', row: secretive(), code: { bytes: bytes(9) } }]);
  expect(await holdsText(path, SECRET)).toBe(false);
  expect(await holdsText(path, VARIABLE)).toBe(false);
  expect((await store.load()).functions).toEqual([secretive()]);
});

test('the key is a private file, made once', async () => {
  const path = await folder();
  await keep(path, secretive());
  const key = await readFile(join(path, 'key'), 'utf8');
  expect((await stat(join(path, 'key'))).mode & 0o777).toBe(0o600);
  await using again = await openIn(path);
  expect((await again.load()).functions).toEqual([secretive()]);
  expect(await readFile(join(path, 'key'), 'utf8')).toBe(key);
});

test('another key does not open it, and the sentence says what to do', async () => {
  const path = await folder();
  await keep(path, secretive());
  await writeFile(join(path, 'key'), Buffer.alloc(32, 7).toString('base64'));
  await using store = await openIn(path);
  await expect(store.load()).rejects.toThrow(StoreKey);
  await expect(store.load()).rejects.toThrow(/use the key they were sealed with, or another home/);
});

test('FARCALL_KEY is the key where it is set, and must be one', async () => {
  const path = await mkdtemp(join(tmpdir(), 'farcall-seal-'));
  const given = Buffer.alloc(32, 5);
  for (const text of [given.toString('base64'), given.toString('hex')])
    expect(Seal.of(path, text).key.equals(given)).toBe(true);
  expect(() => Seal.of(path, 'my password')).toThrow(/openssl rand -base64 32/);
  expect(await readdir(path)).toEqual([]);
  await rm(path, { recursive: true });
});

test('a store of before there was a key opens, and is sealed by that', async () => {
  const path = await folder();
  await keep(path, functionRow());
  makePlain(path, secretive());
  expect(await holdsText(path, SECRET)).toBe(true);
  for (let life = 0; life < 2; life += 1) {
    await using store = await openIn(path);
    expect((await store.load()).functions).toEqual([secretive()]);
  }
  expect(await holdsText(path, SECRET)).toBe(false);
  expect(await holdsText(path, VARIABLE)).toBe(false);
});

test('a sealed map is bound to its function and does not survive a changed byte', async () => {
  const path = await mkdtemp(join(tmpdir(), 'farcall-seal-'));
  const seal = Seal.of(path, '');
  const closed = seal.close({ A: SECRET }, 'fv-1 secrets');
  expect(seal.open(closed, 'fv-1 secrets')).toEqual({ A: SECRET });
  expect(() => seal.open(closed, 'fv-2 secrets')).toThrow(StoreKey);
  const [iv, tag, text] = closed.sealed;
  expect(() => seal.open({ sealed: [iv, tag, `x${text.slice(1)}`] }, 'fv-1 secrets')).toThrow(StoreKey);
  expect(seal.open({ sealed: 'the value of a secret of this name' }, '')).toEqual({
    sealed: 'the value of a secret of this name',
  });
  await rm(path, { recursive: true });
});
