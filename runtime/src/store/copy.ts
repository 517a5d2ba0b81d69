// A copy of a store while it is at work: first the rows as they are committed now, then the payload files they name,
// which only grow. So whatever a row of the copy refers to is there, and what came later is not referred to.

import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Link } from './link.js';
import type { Copied } from './store.js';

/** Beside the store file: what seals the secrets in its rows. */
const KEY = 'key';

/** Rejects with the file system's error (EEXIST: the folder is there already); nothing of the copy is left then. */
export async function copyStore(link: Link, payloads: string, folder: string): Promise<Copied> {
  await mkdir(folder, { mode: 0o700 });
  try {
    await link.copy(join(folder, basename(link.file)));
    const into = join(folder, basename(payloads));
    await mkdir(into, { mode: 0o700 });
    const names = (await readdir(payloads)).filter((name) => !name.endsWith('.part'));
    for (const name of names) await copyIfThere(join(payloads, name), join(into, name));
    await copyIfThere(join(dirname(link.file), KEY), join(folder, KEY));
    return await measured(folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A blob that no row names may go at any time. */
async function copyIfThere(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

async function measured(folder: string): Promise<Copied> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile());
  let bytes = 0;
  for (const file of files) bytes += (await stat(join(file.parentPath, file.name))).size;
  return { files: files.length, bytes };
}
