// A store copied while it is at work: the copy opens by itself and has what was committed before, and nothing of later.

import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { bytes, callId, chunkRow, functionRow, outcomeRow, putCall, putChunk, putOutcomes } from './builders.js';
import { folder, openIn } from './folder.js';

const LARGE = 10_000;

for (const durability of ['process', 'power'] as const)
  test(`a copy has all that was committed when it was asked for, durability ${durability}`, async () => {
    const path = await folder();
    const target = join(await folder(), 'copy');
    await using store = await openIn(path, { durability });
    await store.append([{ put: 'function', row: functionRow(), code: { bytes: bytes(9) } }]);
    await store.append([putCall(1), putChunk(1, 0, 2, LARGE)]);
    await store.append([putOutcomes(1, 0, [1])]); // small: with "process" it is in the redo log only, so far
    const copying = store.copy(target);
    const later = store.append([putChunk(1, 2, 2, LARGE)]);
    const { files, bytes: copied } = await copying;
    await later;
    expect(files).toBeGreaterThanOrEqual(2);
    expect(copied).toBeGreaterThan(2 * LARGE);
    await using again = await openIn(target, { durability });
    expect(again.id).toBe(store.id);
    expect(again.epoch, 'what came later never happened there').not.toBe(store.epoch);
    expect((await again.chunks(callId(1), 0, 2))[0]).toEqual(chunkRow(1, 0, 2, LARGE));
    expect(await again.outcomes(callId(1), 0, 10)).toEqual([outcomeRow(1, 0, [1])]);
    expect(await again.payload('function', functionRow().function_id)).toEqual({ bytes: bytes(9) });
  });

test('a copy needs a folder that is not there, and leaves one that is as it was', async () => {
  const target = await folder();
  await writeFile(join(target, 'mine'), 'x');
  await using store = await openIn(await folder());
  await expect(store.copy(target)).rejects.toMatchObject({ code: 'EEXIST' });
  await access(join(target, 'mine'));
});

test('a copy that fails leaves nothing behind, and the store works on', async () => {
  const target = join(await folder(), 'not', 'there');
  await using store = await openIn(await folder());
  await expect(store.copy(target)).rejects.toMatchObject({ code: 'ENOENT' });
  await store.append([putCall(1)]);
  expect(await store.call(callId(1))).toBeDefined();
});

test('nothing of a copy is deleted while it is made', async () => {
  const target = join(await folder(), 'copy');
  await using store = await openIn(await folder());
  await store.append([putCall(1), putChunk(1, 0, 2, LARGE), putOutcomes(1, 0, [1, 0])]);
  await store.append([
    {
      put: 'state',
      row: {
        call_id: callId(1),
        state: 'done',
        inputs: 2,
        sealed: true,
        attached: false,
        seq: 2,
        started_at: 1,
        ended_at: 2,
      },
    },
  ]);
  const [, expired] = await Promise.all([store.copy(target), store.expire({ olderThanMs: 0, budgetBytes: 0 })]);
  expect(expired.deleted).toEqual([callId(1)]);
  await using again = await openIn(target);
  expect(await again.chunks(callId(1), 0, 2)).toEqual([chunkRow(1, 0, 2, LARGE)]);
});
