// Payloads too large for a frame, as files of one folder: PUT and GET /blobs/<id>, with ranges. On the same host clients
// and containers write the files themselves and this is not used. An id is checked letter by letter, so it is no path.

import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { isBlobId } from '@farcall/kernel-bridge/wire';

import { answer, type Route } from './server.js';

const LARGEST_BLOB = 64 * 1024 ** 3;
const SLOWEST_BYTES_PER_S = 1024;

export function blobRoutes(folder: string): readonly Route[] {
  return [
    {
      methods: ['PUT', 'GET', 'HEAD'],
      path: /^\/blobs\/([^/]{1,64})$/,
      handle: async (request, response, match) => {
        const id = match[1] ?? '';
        if (!isBlobId(id)) return answer(response, 404);
        return request.method === 'PUT'
          ? put(request, response, join(folder, id))
          : get(request, response, join(folder, id));
      },
    },
  ];
}

async function put(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const size = Number(request.headers['content-length'] ?? NaN);
  if (!Number.isSafeInteger(size) || size < 0) return answer(response, 411);
  if (size > LARGEST_BLOB) return answer(response, 413);
  const part = `${path}.part`;
  try {
    await pipeline(request, paced(), createWriteStream(part, { mode: 0o600 }));
    if ((await stat(part)).size !== size) throw new Error('the upload ended early');
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    return answer(response, full ? 507 : 400);
  }
  return answer(response, 201);
}

/** Ends an upload that brings less than the slowest rate for 30 seconds. */
function paced(): Transform {
  let recent = 0;
  const stage = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      recent += chunk.length;
      done(null, chunk);
    },
  });
  const timer = setInterval(() => {
    if (recent < 30 * SLOWEST_BYTES_PER_S) stage.destroy(new Error('the upload is too slow'));
    recent = 0;
  }, 30_000).unref();
  stage.on('close', () => clearInterval(timer));
  return stage;
}

async function get(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );
  if (size === undefined) return answer(response, 404);
  const range = rangeOf(request.headers.range, size);
  if (range === undefined) {
    response.setHeader('Content-Range', `bytes */${size}`);
    return answer(response, 416);
  }
  const { first, end } = range;
  response.writeHead(request.headers.range === undefined ? 200 : 206, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': end - first,
    'Accept-Ranges': 'bytes',
    ...(request.headers.range === undefined ? {} : { 'Content-Range': `bytes ${first}-${end - 1}/${size}` }),
  });
  if (request.method === 'HEAD' || end === first) return void response.end();
  await pipeline(createReadStream(path, { start: first, end: end - 1 }), response).catch(() => response.destroy());
  return undefined;
}

function rangeOf(header: string | undefined, size: number): { first: number; end: number } | undefined {
  if (header === undefined) return { first: 0, end: size };
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const end = match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  return first < end ? { first, end } : undefined;
}
