// Payloads too large for a frame, as files of one folder: PUT and GET /blobs/<id>, with ranges. On the same host clients
// and containers write the files themselves and this is not used. An id is checked letter by letter, so it is no path.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { type BlobId, isBlobId } from '@farcall/kernel-bridge/wire';

import { answer, type Route } from './server.js';

const LARGEST_BLOB = 64 * 1024 ** 3;
const SLOWEST_BYTES_PER_S = 1024;

/** The store's folder of blobs, as far as it is needed here. */
export interface BlobFiles {
  size(id: BlobId): Promise<number | undefined>;
  /** The blob appears whole, or not at all and nothing is left. */
  write(id: BlobId, from: AsyncIterable<Uint8Array>): Promise<number>;
  read(id: BlobId, range: { readonly start: number; readonly end: number }): Readable;
}

export function blobRoutes(files: BlobFiles): readonly Route[] {
  return [
    {
      methods: ['PUT', 'GET', 'HEAD'],
      path: /^\/blobs\/([^/]{1,64})$/,
      handle: async (request, response, match) => {
        const id = match[1] ?? '';
        if (!isBlobId(id)) return answer(response, 404);
        return request.method === 'PUT' ? put(request, response, files, id) : get(request, response, files, id);
      },
    },
  ];
}

async function put(request: IncomingMessage, response: ServerResponse, files: BlobFiles, id: BlobId): Promise<void> {
  const size = Number(request.headers['content-length'] ?? NaN);
  if (!Number.isSafeInteger(size) || size < 0) return answer(response, 411);
  if (size > LARGEST_BLOB) return answer(response, 413);
  try {
    // A body that ends before its announced length is an error of the request, so what was written is whole.
    await files.write(id, paced(request));
  } catch (error) {
    response.setHeader('Connection', 'close');
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    return answer(response, full ? 507 : 400);
  }
  return answer(response, 201);
}

/** The body; an upload that brings less than the slowest rate for 30 seconds is ended. */
async function* paced(request: IncomingMessage): AsyncIterable<Uint8Array> {
  let recent = 0;
  const timer = setInterval(() => {
    if (recent < 30 * SLOWEST_BYTES_PER_S) request.destroy(new Error('the upload is too slow'));
    recent = 0;
  }, 30_000).unref();
  try {
    // The request outlives a disk that has no room: it is still to be answered.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      recent += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  } finally {
    clearInterval(timer);
  }
}

async function get(request: IncomingMessage, response: ServerResponse, files: BlobFiles, id: BlobId): Promise<void> {
  const size = await files.size(id).catch(() => undefined);
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
  await pipeline(files.read(id, { start: first, end: end - 1 }), response).catch(() => response.destroy());
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
