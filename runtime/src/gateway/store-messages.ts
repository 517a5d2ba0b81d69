// Admins' messages about what the store keeps: deleting what ended long ago, and copying all of it. Both take as long as
// they take, so they answer later and hold up nothing else that their connection says.

import { cp, stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';

import type { CallId, CallState } from '@farcall/kernel-bridge/wire';

import type { ClientSession } from './clients.js';
import { invalid } from './checks.js';
import type { Handlers } from './handlers.js';
import { clearImages } from './image-messages.js';
import { mustAdminister } from './nested.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';

const LIVE: readonly CallState[] = ['open', 'sealed'];
const MOST_NAMED = 1000;
/** Only age counts here: the budget is the keeper's. */
const ANY_BYTES = Number.MAX_SAFE_INTEGER;

export const storeMessages: Handlers<ClientSession> = {
  'store.expire': (parts, client, { request, seconds, pretend }) => {
    mustAdminister(client);
    if (!(seconds >= 0)) throw invalid('seconds is a number from 0 up');
    answer(parts, client, request, async () => {
      const found = pretend ? await wouldGo(parts, seconds) : await goes(parts, seconds);
      const cleared = await clearImages(parts, { seconds, bytes: ANY_BYTES, pretend });
      const { calls, bytes } = found;
      client.send({
        type: 'store.expired',
        request,
        count: calls.length,
        calls: calls.slice(0, MOST_NAMED),
        bytes,
        images: cleared.images,
        image_bytes: cleared.bytes,
      });
    });
  },

  'store.copy': (parts, client, { request, folder }) => {
    mustAdminister(client);
    if (!isAbsolute(folder)) throw invalid("folder is an absolute path on the gateway's machine");
    answer(parts, client, request, async () => {
      const { files, bytes } = await copied(parts, folder);
      parts.log.info({ folder, files, bytes }, 'store.copied');
      client.send({ type: 'store.copied', request, folder, files, bytes });
    });
  },
};

function answer(parts: Parts, client: ClientSession, request: number, work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    if (error instanceof Refusal) return client.fail(error.code, error.message, { request });
    parts.log.error({ err: error }, 'store');
    client.fail('request.invalid', error instanceof Error ? error.message : String(error), { request });
  });
}

interface Gone {
  readonly calls: readonly CallId[];
  readonly bytes: number;
}

async function goes({ apps, store, outputs }: Parts, seconds: number): Promise<Gone> {
  const keep = { olderThanMs: seconds * 1000, budgetBytes: ANY_BYTES, blobs: apps.runningBlobs };
  const { deleted, bytes } = await store.expire(keep);
  await outputs.expire(seconds * 1000);
  return { calls: deleted, bytes };
}

/** As retention chooses them: ended before, and not the base of a call that runs. */
async function wouldGo({ store, calls }: Parts, seconds: number): Promise<Gone> {
  const before = Date.now() / 1000 - seconds;
  const all = await store.calls(Number.MAX_SAFE_INTEGER);
  const needed = new Set(all.filter(({ row }) => calls.isOpen(row.call_id)).map(({ row }) => row.base));
  const old = all.filter(({ row }) => !LIVE.includes(row.state) && row.ended_at < before && !needed.has(row.call_id));
  const sizes = await store.sizes?.();
  return { calls: old.map(({ row }) => row.call_id), bytes: sizes?.payloads ?? 0 };
}

async function copied(parts: Parts, folder: string): Promise<{ readonly files: number; readonly bytes: number }> {
  if (parts.store.copy === undefined) throw new Refusal('request.unsupported', "this gateway's store has no files");
  const made = await parts.store.copy(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw invalid(`${folder} is there already; a copy needs a new folder`);
    if (error.code === 'ENOENT') throw invalid(`the folder that ${folder} would be in is not there`);
    throw error;
  });
  const logs = join(parts.identity.home, 'logs');
  const isThere = await stat(logs).catch(() => undefined);
  if (isThere !== undefined) await cp(logs, join(folder, basename(logs)), { recursive: true });
  return made;
}
