// The door: one HTTP server on a Unix socket or a port, one WebSocket route, blobs, and /livez. Every request and every
// upgrade passes authenticate() before it is routed. It counts and limits; what is said on a socket is the connection's.

import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { WebSocketServer, type WebSocket } from 'ws';

import { MAX_FRAME } from '@farcall/kernel-bridge/wire';

import { authenticate, type Door, misdirected, type Principal } from './authenticate.js';
import type { Peer } from './connection.js';

export type Address =
  | { readonly socket: string }
  | { readonly host: string; readonly port: number; readonly tls?: { readonly cert: string; readonly key: string } };
export interface Route {
  readonly methods: readonly string[];
  readonly path: RegExp;
  readonly handle: (
    request: IncomingMessage,
    response: ServerResponse,
    match: RegExpExecArray,
    principal: Principal,
  ) => Promise<void>;
}
export interface DoorOptions extends Door {
  readonly address: Address;
  readonly routes: readonly Route[];
  readonly onSocket: (socket: WebSocket, peer: Peer) => void;
  readonly onError: (error: Error) => void;
}

const HANDSHAKE_MS = 10_000;
const UNPROVEN_PER_ADDRESS = 20;
const CONNECT_PATH = '/v1/connect';

export class Doorway implements AsyncDisposable {
  readonly #http: Server;
  readonly #websockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME + 64 * 1024,
    ...HARDENED,
  });
  readonly #sockets = new Set<Socket>();
  /** Connections by remote address that have not authenticated yet. */
  readonly #unproven = new Map<string, number>();
  /** What to do once a connection has shown a good token. */
  readonly #proofs = new Map<unknown, () => void>();
  #accepting = true;

  constructor(private readonly options: DoorOptions) {
    const { address } = options;
    const settings = {
      maxHeaderSize: 16 * 1024,
      headersTimeout: HANDSHAKE_MS,
      requestTimeout: 0,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 2_000,
    };
    this.#http =
      'tls' in address && address.tls !== undefined
        ? createTlsServer({ ...settings, cert: readFileSync(address.tls.cert), key: readFileSync(address.tls.key) })
        : createServer(settings);
    this.#http.on('connection', (socket: Socket) => this.#onConnection(socket));
    this.#http.on('request', (request, response) => void this.#onRequest(request, response));
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#onUpgrade(request, socket, head),
    );
    this.#http.on('clientError', (_error, socket) => refuse(socket, 400));
  }

  get address(): Address {
    return this.options.address;
  }

  /** Resolves with the URL that clients connect to. */
  async listen(): Promise<string> {
    const { address } = this.options;
    if ('socket' in address) this.#http.listen(address.socket);
    else this.#http.listen(address.port, address.host);
    await once(this.#http, 'listening');
    this.#http.on('error', (error) => this.options.onError(error));
    if ('socket' in address) {
      chmodSync(address.socket, 0o600);
      return `unix://${address.socket}`;
    }
    const { port } = this.#http.address() as AddressInfo;
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    return `${address.tls === undefined ? 'ws' : 'wss'}://${host}:${port}`;
  }

  /** No new connections; the open ones go on. */
  stopAccepting(): void {
    this.#accepting = false;
    this.#http.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopAccepting();
    for (const socket of this.#sockets) socket.destroy();
    this.#websockets.close();
    await Promise.resolve();
  }

  #onConnection(socket: Socket): void {
    const from = socket.remoteAddress ?? '';
    const unproven = (this.#unproven.get(from) ?? 0) + 1;
    // A Unix socket has no address, and its folder already says who may come.
    if (from !== '' && unproven > UNPROVEN_PER_ADDRESS) return void socket.destroy();
    this.#unproven.set(from, unproven);
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS).unref();
    const key = keyOf(socket);
    const proven = (): void => {
      if (!this.#proofs.delete(key)) return;
      clearTimeout(timer);
      const left = (this.#unproven.get(from) ?? 1) - 1;
      if (left > 0) this.#unproven.set(from, left);
      else this.#unproven.delete(from);
    };
    this.#proofs.set(key, proven);
    socket.on('close', () => {
      proven();
      this.#sockets.delete(socket);
    });
    return undefined;
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path === '/livez' && request.method === 'GET' && misdirected(request, this.options) === undefined)
      return answer(response, 200, 'ok\n');
    const verdict = authenticate(request, this.options);
    if ('status' in verdict) {
      response.setHeader('Connection', 'close');
      return answer(response, verdict.status);
    }
    this.#proofs.get(keyOf(request.socket))?.();
    for (const route of this.options.routes) {
      const match = route.path.exec(path);
      if (match === null) continue;
      if (!route.methods.includes(request.method ?? '')) return answer(response, 405);
      try {
        return await route.handle(request, response, match, verdict.principal);
      } catch (error) {
        this.options.onError(error instanceof Error ? error : new Error(String(error)));
        return answer(response, 500);
      }
    }
    return answer(response, path === CONNECT_PATH ? 426 : 404);
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const verdict = authenticate(request, this.options);
    if ('status' in verdict) return refuse(socket, verdict.status);
    if (request.url !== CONNECT_PATH) return refuse(socket, 404);
    if (request.method !== 'GET') return refuse(socket, 405);
    if (!this.#accepting) return refuse(socket, 503);
    this.#proofs.get(keyOf(request.socket))?.();
    request.socket.setNoDelay(true);
    this.#websockets.handleUpgrade(request, socket, head, (websocket) => {
      this.options.onSocket(websocket, {
        principal: verdict.principal,
        local: 'socket' in this.options.address,
        stream: socket,
      });
    });
    return undefined;
  }
}

/** Bounds of ws 8.23 that its types do not know yet. */
const HARDENED = { maxFragments: 64, maxBufferedChunks: 1024, maxPendingAutoPongs: 64, closeTimeout: 2000 } as const;

/** Over TLS a request's socket is not the one that was accepted, but both name the same peer. A Unix socket names none. */
function keyOf(socket: Socket): unknown {
  return socket.remotePort === undefined ? socket : `${socket.remoteAddress ?? ''} ${socket.remotePort}`;
}

export function answer(response: ServerResponse, status: number, text?: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' });
  response.end(text ?? `${STATUS_CODES[status] ?? ''}\n`);
  return undefined;
}

function refuse(socket: Duplex, status: number): void {
  if (socket.writable)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  setTimeout(() => socket.destroy(), 50).unref();
}
