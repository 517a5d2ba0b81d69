// What a gateway bears from anyone, with the defaults. The command line may change each; the sentence beside it is its help.

import { MAX_FRAME } from '@farcall/kernel-bridge/wire';

export interface Limits {
  /** Connections of one address that have not shown a token. */
  readonly unproven: number;
  /** Seconds until the request's head, and then the first message, must be there. */
  readonly handshake: number;
  /** Bytes of a request's head. */
  readonly header: number;
  /** Bytes of a WebSocket message; the protocol's own limit is the most. */
  readonly frame: number;
  /** WebSockets of one token. */
  readonly connections: number;
  /** Messages a second of one connection, a second's worth at once; beyond it the gateway reads slower. */
  readonly messages: number;
  /** Entries of one dict. */
  readonly entries: number;
  /** Partitions of one queue that have items. */
  readonly partitions: number;
  /** Items of one partition of a queue. */
  readonly items: number;
  /** Bytes of one value in a dict or a queue. */
  readonly value: number;
  /** Bytes of all values of one dict or queue. */
  readonly object: number;
}

export const LIMITS: Limits = {
  unproven: 20,
  handshake: 9,
  header: 16 * 1024,
  frame: MAX_FRAME,
  connections: 256,
  messages: 20_000,
  entries: 250_000,
  partitions: 100_000,
  items: 5000,
  value: 256 * 1024 ** 2,
  object: 16 * 1024 ** 3,
};
