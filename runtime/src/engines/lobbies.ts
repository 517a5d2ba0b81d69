// Lobbies in /tmp whose gateways were killed: the next gateway of the same user takes them away, once, after its start.
// A lobby says in `*.pid` who needs it: its gateway, and the supervisor whose containers may wait for the next one. Only
// folders of this user with such a note, all of whose processes are gone, are touched.

import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { isAlive } from './supervisor-process.js';

/** Those that were taken away. `own`: this gateway's. */
export async function removeLeftLobbies(own: string, place = '/tmp'): Promise<readonly string[]> {
  const name = new RegExp(`^farcall-${userInfo().uid}-[0-9a-f]{8}-lobby(\\.\\d+)?$`);
  const paths = (await readdir(place)).filter((entry) => name.test(entry)).map((entry) => join(place, entry));
  const removed: string[] = [];
  for (const path of paths) if (path !== own && (await removeIfLeft(path))) removed.push(path);
  return removed;
}

/** Set aside first, in one step: a gateway that opens it at this moment has then either noted itself or makes a new one. */
async function removeIfLeft(path: string): Promise<boolean> {
  const aside = `${path.replace(/\.\d+$/, '')}.${process.pid}`;
  try {
    if (!(await isLeft(path))) return false;
    await rename(path, aside);
    if (await isLeft(aside)) {
      await rm(aside, { recursive: true, force: true });
      return true;
    }
    await rename(aside, path);
  } catch {
    // Somebody else takes it away, or needs it.
  }
  return false;
}

async function isLeft(path: string): Promise<boolean> {
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== userInfo().uid) return false;
  const notes = (await readdir(path)).filter((entry) => entry.endsWith('.pid'));
  const pids = await Promise.all(notes.map(async (note) => Number(await readFile(join(path, note), 'utf8'))));
  return pids.length > 0 && pids.every((pid) => Number.isSafeInteger(pid) && pid > 0 && !isAlive(pid));
}
