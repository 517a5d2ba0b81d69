// Uploads that break off: nothing of them is left, whenever it happens.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { blobRoutes } from '../../../runtime/src/gateway/blobs.js';
import { Payloads } from '../../../runtime/src/store/payloads.js';

/** A server of the blob route alone, so that the end of every handler can be waited for. */
async function serving(folder: string, use: (socketPath: string, quiet: () => Promise<void>) => Promise<void>) {
  const route = blobRoutes(await Payloads.open(folder))[0];
  if (route === undefined) throw new Error('there is no blob route');
  const handled: Promise<void>[] = [];
  const server = createServer((asked, response) => {
    const match = route.path.exec(asked.url ?? '');
    if (match !== null) handled.push(route.handle(asked, response, match, { kind: 'client' }));
    // The connection breaks before the file that was asked for is there.
    asked.destroy();
  });
  const socketPath = join(folder, 's');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const connections = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  await use(socketPath, async () => {
    await expect.poll(connections, { timeout: 30_000 }).toBe(0);
    await Promise.all(handled);
    expect(handled.length).toBeGreaterThan(0);
  });
  server.closeAllConnections();
  server.close();
}

function uploadThatBreaks(socketPath: string, id: string): Promise<void> {
  return new Promise((resolve) => {
    const put = request({ socketPath, method: 'PUT', path: `/blobs/${id}`, headers: { 'Content-Length': 1000 } });
    put.on('error', () => undefined).on('close', () => resolve());
    put.flushHeaders();
  });
}

test('an upload that breaks off at once leaves no file, not even one that was about to be made', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'farcall-blobs-'));
  const ids = Array.from({ length: 200 }, (_, at) => `bl-${String(at).padStart(26, '0')}`);
  await serving(folder, async (socketPath, quiet) => {
    await Promise.all(ids.map((id) => uploadThatBreaks(socketPath, id)));
    await quiet();
    // Whatever the file system was still asked to do is done before what is asked of it now.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(readdirSync(folder).filter((name) => name !== 's')).toEqual([]);
  });
  rmSync(folder, { recursive: true, force: true });
});
