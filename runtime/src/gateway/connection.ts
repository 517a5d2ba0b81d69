// One WebSocket: frames in and out, the first hello, pings, and the bound on what waits to be sent.
// It knows who authenticated it and which handlers its role has; what messages mean is theirs.

import type { Duplex } from 'node:stream';

import type { WebSocket } from 'ws';

import {
  type CloseCode,
  decode,
  encode,
  type Failed,
  type Hello,
  type Message,
  ProtocolError,
  type RefusalCode,
} from '@farcall/kernel-bridge/wire';

import type { Principal } from './authenticate.js';
import { type Limits, LIMITS } from './limits.js';
import { Refusal } from './refusal.js';
import { Inbox } from './turns.js';

/** Above this a peer that does not read gets no new work from its own messages: we stop reading from it. */
const HIGH_WATER = 4 * 1024 * 1024;
/** A peer this far behind is cut off. */
const CUT_OFF = 96 * 1024 * 1024;
/** What is said soon goes with the next frame, or alone after this. */
const LINGER_MS = 5;
const PING_MS = 5_000;
/** Clients and supervisors answer pings on a thread of their own. Containers do not: C code may hold them for long. */
const SILENCE_MS = 60_000;
/** WebSocket pings within PING_MS; our own peers send none. */
const MOST_PINGS = 1000;
/** Pongs a peer may leave unread. */
const PONG_BYTES = 64 * 1024;

export type Receiver = (message: Message, payload: Uint8Array) => void | Promise<void>;
export interface ConnectionEvents {
  /** The first message. Returns what takes the following ones. */
  readonly onHello: (connection: Connection, hello: Hello) => Receiver;
  readonly onClose: (connection: Connection) => void;
  readonly onError: (error: Error, connection: Connection) => void;
  /** What an error of another part means to the asker, if it is none of ours. */
  readonly refusalOf: (error: unknown) => Refusal | undefined;
}
/** Who is at the other end. `local`: it shares the gateway's file system. */
export interface Peer {
  readonly principal: Principal;
  readonly local: boolean;
  /** What the WebSocket writes to. */
  readonly stream: Pick<Duplex, 'cork' | 'uncork'>;
  readonly limits?: Limits;
}

/** What a `failed` is about. */
export type Spoken = Pick<Failed, 'request' | 'call_id' | 'inputs_of'>;

export class Connection {
  role: Hello['role'] | undefined;
  /** What its session does when it closes; set by the greeting. */
  onClosed: () => void = () => undefined;
  #receive: Receiver | undefined;
  #heard = performance.now();
  #said = performance.now();
  /** It does not read what we send, so we do not read what it sends. */
  #paused = false;
  /** The last WebSocket ping that was not answered. */
  #pinged: Buffer | undefined;
  #pings = 0;
  readonly #inbox: Inbox;
  #corked = false;
  /** Messages that nobody waits for. */
  #lingering: Message[] = [];
  #lingerTimer: NodeJS.Timeout | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #handshake: NodeJS.Timeout;

  constructor(
    readonly peer: Peer,
    private readonly socket: WebSocket,
    private readonly events: ConnectionEvents,
  ) {
    const { messages, handshake } = peer.limits ?? LIMITS;
    this.#timer = setInterval(() => this.#watchSilence(), PING_MS).unref();
    this.#handshake = setTimeout(() => socket.terminate(), handshake * 1000).unref();
    const take = (data: Buffer, isBinary: boolean): void => this.#onMessage(data, isBinary);
    this.#inbox = new Inbox({ take, pause: () => socket.pause(), resume: () => socket.resume() }, messages);
    socket.on('message', (data, isBinary) => this.#inbox.offer(data as Buffer, isBinary));
    socket.on('ping', (data) => this.#onPing(data));
    socket.on('close', () => this.#inbox.close(() => this.#onClose()));
    socket.on('error', (error) => events.onError(error, this));
  }

  get open(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  get buffered(): number {
    return this.socket.bufferedAmount;
  }

  /** Behind what was sent, with what is sent next, or in a few milliseconds: it should not wake the peer by itself. */
  sendSoon(message: Message): void {
    this.#lingering.push(message);
    this.#lingerTimer ??= setTimeout(() => {
      this.#lingerTimer = undefined;
      this.#sendLingering();
    }, LINGER_MS);
  }

  send(message: Message, payload?: Uint8Array): void {
    if (!this.open) return;
    if (this.#lingering.length > 0) this.#sendLingering();
    this.#said = performance.now();
    this.#cork();
    this.socket.send(encode(message, payload), this.#relieve);
    if (this.socket.bufferedAmount > CUT_OFF) this.socket.terminate();
    else if (this.socket.bufferedAmount > HIGH_WATER && !this.#paused) {
      this.#paused = true;
      this.#inbox.hold();
    }
  }

  fail(code: RefusalCode, message: string, about: Spoken = {}): void {
    this.send({ type: 'failed', code, message, ...about });
  }

  /** Says why, and hears nothing more. 1008: it misuses the connection. */
  close(code: CloseCode | 1000 | 1008, reason: string): void {
    this.#sendLingering();
    this.#inbox.discard();
    this.socket.close(code, reason.slice(0, 120));
    setTimeout(() => this.socket.terminate(), 1000).unref();
  }

  /** Reads nothing more from the peer until `done`. */
  hold(done: Promise<void>): void {
    this.#inbox.hold();
    void done.finally(() => this.#inbox.release());
  }

  #sendLingering(): void {
    for (const message of this.#lingering.splice(0)) this.send(message);
  }

  /** Frames of one turn of the event loop leave in one write. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.peer.stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.peer.stream.uncork();
    });
  }

  readonly #relieve = (): void => {
    if (!this.#paused || this.socket.bufferedAmount > HIGH_WATER / 2) return;
    this.#paused = false;
    this.#inbox.release();
  };

  #onMessage(data: Buffer, isBinary: boolean): void {
    this.#heard = performance.now();
    try {
      if (!isBinary) throw new ProtocolError('text messages are not spoken here');
      const { message, payload } = decode(data);
      this.#take(message, payload);
    } catch (error) {
      this.#onFault(error, {});
    }
  }

  #take(message: Message, payload: Uint8Array): void {
    if (message.type === 'ping') return this.send({ type: 'pong' });
    if (message.type === 'pong') return undefined;
    if (this.#receive === undefined) return this.#greet(message);
    const about = spokenOf(message);
    try {
      const late = this.#receive(message, payload);
      if (late !== undefined) late.catch((error: unknown) => this.#onFault(error, about));
    } catch (error) {
      this.#onFault(error, about);
    }
  }

  #greet(message: Message): void {
    if (message.type !== 'hello') throw new ProtocolError(`the first message is ${message.type}, not hello`);
    this.role = message.role;
    clearTimeout(this.#handshake);
    this.#receive = this.events.onHello(this, message);
  }

  #onFault(error: unknown, about: Spoken): void {
    const refusal = error instanceof Refusal ? error : this.events.refusalOf(error);
    if (refusal !== undefined) this.fail(refusal.code, refusal.message, about);
    else if (error instanceof ProtocolError && error.unknown)
      this.fail('request.unsupported', error.message, error.request === undefined ? {} : { request: error.request });
    else if (error instanceof ProtocolError) this.close(4400, error.message);
    else {
      this.events.onError(error instanceof Error ? error : new Error(String(error)), this);
      this.fail('request.invalid', 'the gateway could not do this; its log says why', about);
    }
  }

  /** Once a turn at most, and only the last one: the protocol of WebSockets allows it. */
  #onPing(data: Buffer): void {
    this.#pings += 1;
    if (this.#pings === MOST_PINGS) return this.close(1008, 'too many pings');
    if (this.#pinged === undefined)
      setImmediate(() => {
        const last = this.#pinged;
        this.#pinged = undefined;
        if (this.open && last !== undefined && this.buffered < PONG_BYTES) this.socket.pong(last);
      });
    this.#pinged = data;
    return undefined;
  }

  #watchSilence(): void {
    const now = performance.now();
    this.#pings = 0;
    // What is not read cannot be heard.
    if (this.#inbox.isBusy) this.#heard = now;
    if (this.role === 'client' && now - this.#heard > SILENCE_MS) this.socket.terminate();
    else if (now - this.#said >= PING_MS && this.role !== undefined) this.send({ type: 'ping' });
  }

  #onClose(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#handshake);
    clearTimeout(this.#lingerTimer);
    this.onClosed();
    this.events.onClose(this);
  }
}

/** What a refusal has to name, so that somebody hears it: the request, or the call that is read or fed. */
function spokenOf(message: Message): Spoken {
  if ('request' in message && message.request !== undefined) return { request: message.request };
  if (message.type === 'call.attach') return { call_id: message.call_id };
  return message.type === 'inputs.put' || message.type === 'call.seal' ? { inputs_of: message.call_id } : {};
}
