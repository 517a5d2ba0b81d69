// Payloads too large for a frame, as files of one folder: PUT and GET /blobs/<id>, with ranges. On the same host clients
// and containers write the files themselves and this is not used. An id is checked letter by letter, so it is no path.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';

import { type BlobId, isBlobId } from '@farcall/kernel-bridge/wire';

import { answer, type Route } from './server.js';

const LARGEST_BLOB = 64 * 1024 ** 3;
const SLOWEST_BYTES_PER_S = 1024;
const PACE_S = 30;

/** The store's folder of blobs, as far as it is needed here. */
export interface BlobFiles {
  size(id: BlobId): Promise<number | undefined>;
  /** The blob appears whole, or not at all and nothing is left. */
  write(id: BlobId, from: Readable): Promise<number>;
  send(id: BlobId, range: { readonly start: number; readonly end: number }, into: Writable): Promise<void>;
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
  const pace = watchPace(request);
  try {
    // A body that ends before its announced length is an error of the request, so what was written is whole.
    // The request outlives a disk that has no room: it is still to be answered.
    await files.write(id, request);
  } catch (error) {
    response.setHeader('Connection', 'close');
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    return answer(response, full ? 507 : 400);
  } finally {
    clearInterval(pace);
  }
  return answer(response, 201);
}

/** An upload that brings less than the slowest rate for 30 seconds is ended. */
function watchPace(request: IncomingMessage): NodeJS.Timeout {
  let before = request.socket.bytesRead;
  return setInterval(() => {
    const now = request.socket.bytesRead;
    if (now - before < PACE_S * SLOWEST_BYTES_PER_S) request.destroy(new Error('the upload is too slow'));
    before = now;
  }, PACE_S * 1000).unref();
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
  try {
    await files.send(id, { start: first, end: end - 1 }, response);
  } catch {
    return void response.destroy();
  }
  return void response.end();
}

function rangeOf(header: string | undefined, size: number): { first: number; end: number } | undefined {
  if (header === undefined) return { first: 0, end: size };
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const end = match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  return first < end ? { first, end } : undefined;
}
