// A peer of the gateway over a real socket, for tests. Everything that arrives is queued, so no message is ever missed:
// `next(type)` takes the first one of its type, now or when it comes.

import WebSocket from 'ws';

import { decode, encode, type Frame, type Hello, type Message, type MessageType } from '@farcall/kernel-bridge/wire';

type Of<T extends MessageType> = Extract<Message, { type: T }>;
export interface Taken<T extends MessageType> {
  readonly message: Of<T>;
  readonly payload: Uint8Array;
}
export interface Closed {
  readonly code: number;
  readonly reason: string;
}
interface Waiter {
  readonly type: MessageType;
  readonly take: (frame: Frame) => void;
  readonly fail: (error: Error) => void;
}

export class TestPeer implements AsyncDisposable {
  readonly closed: Promise<Closed>;
  /** Everything that arrived, in order, but for pings. */
  readonly arrived: Message[] = [];
  pings = 0;
  readonly #queue: Frame[] = [];
  readonly #waiters: Waiter[] = [];
  #lost: Closed | undefined;
  #handle: (message: Message, payload: Uint8Array) => boolean = () => false;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.#onFrame(decode(data)));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#lost = { code, reason: reason.toString() };
        for (const { type, fail } of this.#waiters.splice(0))
          fail(new Error(`closed (${code} ${String(reason)}) before ${type} came`));
        resolve(this.#lost);
      });
    });
  }

  /** Resolves when the WebSocket is open; rejects with `HTTP <status>` when the gateway refuses it. */
  static async connect(url: string, token: string, headers: Readonly<Record<string, string>> = {}): Promise<TestPeer> {
    const authorization = token === '' ? {} : { Authorization: `Bearer ${token}` };
    const socket = new WebSocket(addressOf(url), {
      headers: { ...authorization, ...headers },
      perMessageDeflate: false,
      rejectUnauthorized: false,
    });
    const peer = new TestPeer(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('unexpected-response', (request, response) => {
        reject(new Error(`HTTP ${response.statusCode}`));
        request.destroy();
      });
      socket.once('error', reject);
    });
    return peer;
  }

  send(message: Message, payload?: Uint8Array): void {
    this.socket.send(encode(message, payload));
  }

  async hello(role: Hello['role'], id: string, more: Partial<Hello> = {}): Promise<Of<'welcome'>> {
    this.send({ type: 'hello', role, id, protocol: [1, 1], version: '0.1.0', python: '3.11.4', ...more });
    return (await this.next('welcome')).message;
  }

  next<T extends MessageType>(type: T): Promise<Taken<T>> {
    const at = this.#queue.findIndex(({ message }) => message.type === type);
    if (at >= 0) return Promise.resolve(this.#queue.splice(at, 1)[0] as unknown as Taken<T>);
    if (this.#lost !== undefined) return Promise.reject(new Error(`closed (${this.#lost.code}) before ${type} came`));
    return new Promise((resolve, reject) => {
      this.#waiters.push({ type, take: (frame) => resolve(frame as unknown as Taken<T>), fail: reject });
    });
  }

  /** Offers `handler` what is queued and every later message; those it takes (true) are not queued. */
  set onMessage(handler: (message: Message, payload: Uint8Array) => boolean) {
    this.#handle = handler;
    for (const frame of this.#queue.splice(0)) if (!handler(frame.message, frame.payload)) this.#queue.push(frame);
  }

  /** Resolves once the gateway has dealt with everything sent so far. */
  async settled(): Promise<void> {
    this.send({ type: 'ping' });
    await this.next('pong');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }

  #onFrame(frame: Frame): void {
    if (frame.message.type === 'ping') {
      this.pings += 1;
      return;
    }
    this.arrived.push(frame.message);
    if (this.#handle(frame.message, frame.payload)) return;
    const at = this.#waiters.findIndex(({ type }) => type === frame.message.type);
    if (at >= 0) this.#waiters.splice(at, 1)[0]?.take(frame);
    else this.#queue.push(frame);
  }
}

export function addressOf(url: string): string {
  return url.startsWith('unix://') ? `ws+unix://${url.slice('unix://'.length)}:/v1/connect` : `${url}/v1/connect`;
}
