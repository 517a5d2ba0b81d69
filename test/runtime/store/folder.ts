// Temporary folders of a test file, gone when it ends; and the store in one.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

import { openSqliteStore, type SqliteOptions, type SqliteStore } from '../../../runtime/src/store/sqlite.js';
import { storeThread } from '../../support/bundle.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))));

export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'farcall-store-'));
  folders.push(path);
  return path;
}

export async function openIn(path: string, options: Partial<SqliteOptions> = {}): Promise<SqliteStore> {
  return openSqliteStore({ folder: path, durability: 'process', threadUrl: await storeThread(), ...options });
}
