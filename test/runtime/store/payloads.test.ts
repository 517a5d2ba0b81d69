import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';

import { Payloads } from '../../../runtime/src/store/payloads.js';
import { blobId, bytes, callId, putCall, putChunk, range } from './builders.js';
import { folder, openIn } from './folder.js';

async function* pieces(...list: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of list) yield await Promise.resolve(piece);
}

/** A range as a socket gets it: the bytes are taken before the writer hears that it may have its buffer back. */
async function sent(payloads: Payloads, stretch: { start: number; end: number }): Promise<Uint8Array> {
  const taken: Uint8Array[] = [];
  const into = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      taken.push(Uint8Array.from(chunk));
      setImmediate(done);
    },
  });
  await payloads.send(blobId(1), stretch, into);
  return Uint8Array.from(Buffer.concat(taken));
}

describe('blobs', () => {
  test.each(['process', 'power'] as const)('a blob is read as it was written, durability %s', async (durability) => {
    const payloads = await Payloads.open(await folder(), durability);
    expect(await payloads.write(blobId(1), pieces(bytes(70_000, 1), bytes(50, 2)))).toBe(70_050);
    expect(await payloads.size(blobId(1))).toBe(70_050);
    expect(await sent(payloads, { start: 0, end: 70_049 })).toEqual(
      Uint8Array.of(...bytes(70_000, 1), ...bytes(50, 2)),
    );
    expect(await sent(payloads, { start: 70_000, end: 70_009 })).toEqual(bytes(10, 2));
  });
  test.each(['process', 'power'] as const)('a large blob of odd pieces is whole, durability %s', async (durability) => {
    const payloads = await Payloads.open(await folder(), durability);
    const list = range(1, 60).map((seed) => bytes(700_001, seed));
    const whole = Buffer.concat(list);
    expect(await payloads.write(blobId(1), pieces(...list))).toBe(whole.length);
    expect(whole.equals(await sent(payloads, { start: 0, end: whole.length - 1 }))).toBe(true);
    expect(
      whole.subarray(1_500_000, 4_000_000).equals(await sent(payloads, { start: 1_500_000, end: 3_999_999 })),
    ).toBe(true);
  });
  test('a reader that goes away ends the sending', async () => {
    const payloads = await Payloads.open(await folder());
    await payloads.write(blobId(1), pieces(bytes(8_000_000)));
    const into = new Writable({ write: () => setImmediate(() => into.destroy()) });
    await expect(payloads.send(blobId(1), { start: 0, end: 7_999_999 }, into)).rejects.toThrow();
  });
  test('a write that broke off leaves nothing', async () => {
    const payloads = await Payloads.open(await folder());
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes(10);
      await Promise.reject(new Error('the client went away'));
    };
    await expect(payloads.write(blobId(1), broken())).rejects.toThrow('the client went away');
    expect(await payloads.exists(blobId(1))).toBe(false);
    expect(await readdir(payloads.folder)).toEqual([]);
  });
  test('a write can be given up', async () => {
    const payloads = await Payloads.open(await folder());
    await expect(payloads.write(blobId(1), pieces(bytes(5)), AbortSignal.abort())).rejects.toThrow();
    expect(await readdir(payloads.folder)).toEqual([]);
  });
  test('a blob that is not there has no size, and removing it is fine', async () => {
    const payloads = await Payloads.open(await folder());
    expect(await payloads.size(blobId(1))).toBeUndefined();
    await payloads.remove(blobId(1));
  });
  test.each(['../store.db', 'bl-../../x', 'bl-', '', `bl-${'0'.repeat(25)}/`, `${blobId(1)}\0`])(
    '%j names no blob',
    async (name) => {
      const payloads = await Payloads.open(await folder());
      expect(() => payloads.path(name as never)).toThrow('not the id of a blob');
    },
  );
});

describe("calls' files", () => {
  test.each(['process', 'power'] as const)(
    'what many appended at once is read by its place, durability %s',
    async (durability) => {
      await using payloads = await Payloads.open(await folder(), durability);
      const placed = range(1, 50).map((seed) => ({
        seed,
        ...payloads.append(callId(1), 'inputs', bytes(seed * 10, seed)),
      }));
      await Promise.all(placed.map(({ written }) => written));
      for (const { seed, offset } of placed)
        expect(await payloads.readAt(callId(1), 'inputs', { offset, length: seed * 10 })).toEqual(
          bytes(seed * 10, seed),
        );
    },
  );
  test('more calls than files may be open at once', async () => {
    await using payloads = await Payloads.open(await folder());
    const calls = range(0, 300);
    for (const call of calls) await payloads.append(callId(call), 'inputs', bytes(10, call)).written;
    for (const call of calls) await payloads.append(callId(call), 'inputs', bytes(20, call)).written;
    for (const call of calls)
      expect(await payloads.readAt(callId(call), 'inputs', { offset: 10, length: 20 })).toEqual(bytes(20, call));
  });
  test('bytes beyond the end are an error, not zeros', async () => {
    await using payloads = await Payloads.open(await folder());
    await payloads.append(callId(1), 'inputs', bytes(10)).written;
    await expect(payloads.readAt(callId(1), 'inputs', { offset: 5, length: 6 })).rejects.toThrow('ends before');
  });
});

describe('files that no row owns', () => {
  test('are swept a day after they were touched last', async () => {
    const path = await folder();
    await using store = await openIn(path);
    await store.append([putCall(1, {}, { blob: blobId(1) }), putChunk(1, 0, 1, 9000)]);
    const names = [
      blobId(1),
      blobId(2),
      blobId(3),
      `${blobId(4)}.X.part`,
      `${callId(1)}.inputs`,
      `${callId(9)}.inputs`,
    ];
    const yesterday = Date.now() / 1000 - 2 * 86400;
    for (const name of names) {
      await writeFile(join(path, 'payloads', name), 'x', { flag: 'a' });
      if (name !== blobId(3)) await utimes(join(path, 'payloads', name), yesterday, yesterday);
    }
    await store.expire({ olderThanMs: 1e12, budgetBytes: 1e12 });
    expect((await readdir(join(path, 'payloads'))).sort()).toEqual([blobId(1), blobId(3), `${callId(1)}.inputs`]);
  });

  test('stay while somebody wants them, and a day longer', async () => {
    const path = await folder();
    await using store = await openIn(path);
    const yesterday = Date.now() / 1000 - 2 * 86400;
    for (const id of [blobId(1), blobId(2)]) {
      await writeFile(join(path, 'payloads', id), 'x');
      await utimes(join(path, 'payloads', id), yesterday, yesterday);
    }
    const keep = { olderThanMs: 1e12, budgetBytes: 1e12 };
    await store.expire({ ...keep, blobs: [blobId(1), blobId(3)] });
    expect(await readdir(join(path, 'payloads'))).toEqual([blobId(1)]);
    await store.expire(keep);
    expect(await readdir(join(path, 'payloads'))).toEqual([blobId(1)]);
  });
});
