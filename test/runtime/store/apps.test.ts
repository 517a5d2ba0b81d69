// Deployed apps, in every store alike, and what a reopened one still has of them.

import { expect, test } from 'vitest';

import type { NamedFunction } from '@farcall/kernel-bridge/wire';

import type { AppRow } from '../../../runtime/src/store/apps.js';
import { MemoryStore } from '../../../runtime/src/store/memory.js';
import type { Store } from '../../../runtime/src/store/store.js';
import { blobId, bytes, callId, callRow, FUNCTION, putState } from './builders.js';
import { folder, openIn } from './folder.js';

const SCHEDULE = {
  kind: 'cron',
  months: 0,
  seconds: 0,
  expression: '0 9 * * *',
  timezone: 'UTC',
  input: 'gAU=',
} as const;

function named(name: string, more: Partial<NamedFunction> = {}): NamedFunction {
  const parameters = [['x', 1, false]] as const;
  return {
    name,
    function_id: FUNCTION,
    is_generator: false,
    is_async: false,
    parameters,
    bindings: {},
    sources: {},
    ...more,
  };
}

function appRow(app: string, ...names: string[]): AppRow {
  const rows = names.map((name) => ({ function: named(name), shared: { bytes: bytes(5) }, since: 3.5, due: 3.5 }));
  return { app, since: 3.5, tags: { team: 'films' }, names: rows };
}

const STORES: readonly [string, () => Promise<Store>][] = [
  ['SqliteStore', async () => openIn(await folder())],
  ['MemoryStore', () => Promise.resolve(new MemoryStore())],
];

test.each(STORES)('%s: a deployment replaces the one before, whole', async (_, open) => {
  await using store = await open();
  await store.append([{ put: 'app', app: 'movies', row: appRow('movies', 'embed', 'rate') }]);
  await store.append([{ put: 'app', app: 'books', row: appRow('books', 'read') }]);
  await store.append([{ put: 'app', app: 'movies', row: appRow('movies', 'rate', 'score') }]);
  expect(await store.apps()).toEqual([appRow('books', 'read'), appRow('movies', 'rate', 'score')]);
});

test.each(STORES)('%s: a stopped app is gone, others stay', async (_, open) => {
  await using store = await open();
  await store.append([{ put: 'app', app: 'movies', row: appRow('movies', 'embed') }]);
  await store.append([{ put: 'app', app: 'books', row: appRow('books', 'read') }]);
  await store.append([{ put: 'app.gone', app: 'movies' }]);
  expect(await store.apps()).toEqual([appRow('books', 'read')]);
});

test.each(STORES)('%s: a due time that was obeyed never goes back', async (_, open) => {
  await using store = await open();
  await store.append([{ put: 'app', app: 'movies', row: appRow('movies', 'embed') }]);
  await store.append([{ put: 'app.due', app: 'movies', name: 'embed', due: 90 }]);
  await store.append([{ put: 'app.due', app: 'movies', name: 'embed', due: 60 }]);
  await store.append([{ put: 'app.due', app: 'movies', name: 'none', due: 99 }]);
  expect((await store.apps())[0]?.names.map(({ due }) => due)).toEqual([90]);
});

test.each(STORES)(
  '%s: what was scaled by hand adds up, and ends with the next deployment or the end of its app',
  async (_, open) => {
    await using store = await open();
    const scaled = { put: 'app.scaled', app: 'movies', name: 'rate' } as const;
    await store.append([{ ...scaled, scaling: { min_containers: 1, max_containers: 4 } }]);
    await store.append([{ ...scaled, name: 'embed', scaling: { scaledown_window: 5 } }]);
    await store.append([{ ...scaled, scaling: { max_containers: 0 } }]);
    await store.append([{ ...scaled, app: 'books', scaling: { buffer_containers: 2 } }]);
    await store.append([{ put: 'app.due', app: 'movies', name: 'rate', due: 90 }]);
    const books = { app: 'books', name: 'rate', scaling: { buffer_containers: 2 } };
    expect(await store.scaling()).toEqual([
      books,
      { app: 'movies', name: 'embed', scaling: { scaledown_window: 5 } },
      { app: 'movies', name: 'rate', scaling: { min_containers: 1, max_containers: 0 } },
    ]);
    await store.append([{ put: 'app', app: 'movies', row: appRow('movies', 'rate') }]);
    expect(await store.scaling()).toEqual([books]);
    await store.append([{ put: 'app.gone', app: 'books' }]);
    expect(await store.scaling()).toEqual([]);
  },
);

test('what is deployed is there when the store is opened again', async () => {
  const path = await folder();
  const row = appRow('movies', 'embed');
  const scheduled = {
    ...row,
    names: [{ ...row.names[0], function: named('embed', { schedule: SCHEDULE }) }],
  } as AppRow;
  const first = await openIn(path);
  await first.append([{ put: 'app', app: 'movies', row: scheduled }]);
  await first[Symbol.asyncDispose]();
  await using second = await openIn(path);
  expect(await second.apps()).toEqual([scheduled]);
});

test('a blob that a deployed function shares stays when a call of it is deleted', async () => {
  await using store = await openIn(await folder());
  const { payloads } = store;
  async function* content(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes(9));
  }
  for (const id of [blobId(1), blobId(2)]) await payloads.write(id, content());
  const row = {
    ...appRow('movies'),
    names: [{ function: named('embed'), shared: { blob: blobId(1) }, since: 1, due: 1 }],
  };
  await store.append([{ put: 'app', app: 'movies', row }]);
  for (const number of [1, 2])
    await store.append([
      { put: 'call', row: callRow(number), shared: { blob: blobId(number) } },
      putState(number, { state: 'done', ended_at: 1 }),
    ]);
  await store.expire({ olderThanMs: 0, budgetBytes: Infinity });
  expect(await store.call(callId(1))).toBeUndefined();
  expect([await payloads.exists(blobId(1)), await payloads.exists(blobId(2))]).toEqual([true, false]);
});
