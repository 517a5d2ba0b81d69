// The door: one HTTP server on a Unix socket or a port, one WebSocket route, blobs, and /livez. Every request and every
// upgrade, whatever its method, passes authenticate() before it is routed. It counts and limits, and closes what came in by a
// token that is withdrawn; what is said on a socket is the connection's.

import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DEFAULT_CIPHERS } from 'node:tls';

import { WebSocketServer, type WebSocket } from 'ws';

import { authenticate, type Door, misdirected, type Principal } from './authenticate.js';
import type { Peer } from './connection.js';
import { type Limits, LIMITS } from './limits.js';

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
  readonly limits?: Limits;
  readonly onSocket: (socket: WebSocket, peer: Peer) => void;
  readonly onError: (error: Error) => void;
}

/** Imported, it would bring undici for the sake of an export that nobody reads: 50 ms of every start. */
const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');
export const CONNECT_PATH = '/v1/connect';
/** A withdrawn token's sockets are told, and gone after this. */
const FAREWELL_MS = 300;

export class Doorway implements AsyncDisposable {
  readonly #limits: Limits;
  readonly #http: Server;
  readonly #websockets: WebSocketServer;
  readonly #sockets = new Set<Socket>();
  /** Connections by remote address that have not authenticated yet. */
  readonly #unproven = new Map<string, number>();
  /** What to do once a connection has shown a good token. */
  readonly #proofs = new Map<unknown, () => void>();
  /** What is open by each token: WebSockets, and requests that are being answered. */
  readonly #open = new Map<Principal, Set<() => void>>();
  /** Bytes of connections that are closed. */
  readonly #traffic = { read: 0, written: 0 };
  #accepting = true;

  constructor(private readonly options: DoorOptions) {
    const limits = (this.#limits = options.limits ?? LIMITS);
    this.#websockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: limits.frame,
      ...HARDENED,
    });
    this.#http = serverAt(options.address, limits);
    this.#http.on('connection', (socket: Socket) => this.#onConnection(socket));
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#onRequest(request, response);
    // With a listener of ours nobody is told to continue before it has shown its token.
    for (const event of ['request', 'checkContinue', 'checkExpectation']) this.#http.on(event, onRequest);
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
      this.#onUpgrade(request, socket, head);
    for (const event of ['upgrade', 'connect']) this.#http.on(event, onUpgrade);
    this.#http.on('clientError', (_error, socket) => refuse(socket, 400));
    options.tokens.onWithdrawn((principal) => {
      for (const close of this.#open.get(principal) ?? []) close();
    });
  }

  get address(): Address {
    return this.options.address;
  }

  /** Bytes that came and went since the start. */
  traffic(): { readonly read: number; readonly written: number } {
    let { read, written } = this.#traffic;
    for (const socket of this.#sockets) {
      read += socket.bytesRead;
      written += socket.bytesWritten;
    }
    return { read, written };
  }

  /** Every path that is served here, as patterns, for those who try all of them. */
  get routes(): readonly Pick<Route, 'methods' | 'path'>[] {
    return [...this.options.routes, { methods: ['GET'], path: /^\/v1\/connect$/ }];
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
    if (from !== '' && unproven > this.#limits.unproven) return void socket.destroy();
    this.#unproven.set(from, unproven);
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.#limits.handshake * 1000).unref();
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
      if (!this.#sockets.delete(socket)) return;
      this.#traffic.read += socket.bytesRead;
      this.#traffic.written += socket.bytesWritten;
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
    this.#remember(verdict.principal, response, () => request.socket.destroy());
    try {
      return await this.#route(request, response, path, verdict.principal);
    } catch (error) {
      this.options.onError(error instanceof Error ? error : new Error(String(error)));
      return answer(response, 500);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, path: string, principal: Principal): Promise<void> {
    const expected = request.headers.expect;
    if (expected !== undefined && expected.toLowerCase() !== '100-continue') return answer(response, 417);
    for (const route of this.options.routes) {
      const match = route.path.exec(path);
      if (match === null) continue;
      if (!route.methods.includes(request.method ?? '')) return answer(response, 405);
      if (expected !== undefined) response.writeContinue();
      return route.handle(request, response, match, principal);
    }
    if (path !== CONNECT_PATH) return answer(response, 404);
    return answer(response, request.method === 'GET' ? 426 : 405);
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const verdict = authenticate(request, this.options);
    if ('status' in verdict) return refuse(socket, verdict.status);
    if (request.method === 'CONNECT') return refuse(socket, 405);
    if (request.url !== CONNECT_PATH) return refuse(socket, 404);
    if (request.method !== 'GET') return refuse(socket, 405);
    if (!this.#accepting) return refuse(socket, 503);
    if ((this.#open.get(verdict.principal)?.size ?? 0) >= this.#limits.connections) return refuse(socket, 429);
    this.#proofs.get(keyOf(request.socket))?.();
    request.socket.setNoDelay(true);
    this.#websockets.handleUpgrade(request, socket, head, (websocket) => {
      this.#remember(verdict.principal, socket, () => {
        websocket.close(4401, 'the token expired or was revoked');
        socket.pause();
        setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
      });
      this.options.onSocket(websocket, {
        principal: verdict.principal,
        local: 'socket' in this.options.address,
        stream: socket,
        limits: this.#limits,
      });
    });
    return undefined;
  }

  /** Until `end` is closed, `close` runs when the token is withdrawn. */
  #remember(principal: Principal, end: Duplex | ServerResponse, close: () => void): void {
    const open = this.#open.get(principal) ?? new Set();
    this.#open.set(principal, open.add(close));
    end.once('close', () => {
      open.delete(close);
      if (open.size === 0 && this.#open.get(principal) === open) this.#open.delete(principal);
    });
  }
}

/** Bounds of ws 8.23 that its types do not know yet. */
const HARDENED = { maxFragments: 64, maxBufferedChunks: 1024, closeTimeout: 2000 } as const;

/** Node's own, with AES-128 before AES-256: large payloads cost 24 ms of each side's CPU for 100 MB, not 40. */
const CIPHERS = [...new Set(['TLS_AES_128_GCM_SHA256', ...DEFAULT_CIPHERS.split(':')])].join(':');

function serverAt(address: Address, limits: Limits): Server {
  const settings = {
    maxHeaderSize: limits.header,
    headersTimeout: limits.handshake * 1000,
    requestTimeout: 0,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 2_000,
  };
  if (!('tls' in address) || address.tls === undefined) return createServer(settings);
  const { cert, key } = address.tls;
  return createTlsServer({ ...settings, ciphers: CIPHERS, cert: readFileSync(cert), key: readFileSync(key) });
}

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
