// Connecting: who is there, who answers, and what is wrong with the connection.

import type { RefusalCode } from '../codes.js';
import type { CallId } from '../ids.js';

/** Anyone → gateway. The first message on every connection. */
export interface Hello {
  readonly type: 'hello';
  readonly role: 'client' | 'container' | 'supervisor';
  /** ClientId, ContainerId or HostId, by role. The same id again continues (and replaces) the earlier connection. */
  readonly id: string;
  /** Lowest and highest protocol version this side speaks. */
  readonly protocol: readonly [number, number];
  /** Version of the package `farcall`. */
  readonly version: string;
  /** `major.minor.patch` */
  readonly python: string;
  /** Container: the leases it still holds, as [lease, first unfinished index]. */
  readonly held?: readonly (readonly [number, number])[];
}
/** Gateway → anyone. Answers `hello`. */
export interface Welcome {
  readonly type: 'welcome';
  readonly protocol: number;
  readonly version: string;
  /** Six characters, inside every call id of this store. */
  readonly store: string;
  /** The store's incarnation; a client that sees another one reads its calls again from the start. */
  readonly epoch: string;
  /** Container: replaces its single-use token on later connections. */
  readonly key?: string;
  /** On the same host: where blobs are written and read as files. Else they go by HTTP `PUT/GET /blobs/<id>`. */
  readonly blobs?: string;
  /** Container: it was away for so long that its leases up to this one were given to others; nothing more of them starts. */
  readonly revoked?: number;
}
/**
 * Gateway → anyone. A request could not be done, (`call_id`) a stream that was attached to cannot be read, or (`inputs_of`)
 * inputs or the seal of that call were not taken; without any it speaks of the connection as a whole.
 */
export interface Failed {
  readonly type: 'failed';
  readonly request?: number;
  readonly call_id?: CallId;
  readonly inputs_of?: CallId;
  readonly code: RefusalCode;
  readonly message: string;
}
/** Gateway → anyone. It is draining; the socket closes soon, come back after `after_ms`. */
export interface Goaway {
  readonly type: 'goaway';
  readonly after_ms: number;
}
/** Either way, when nothing else was sent for 5 s; answered with `pong`. A supervisor ships what was printed when it gets one. */
export interface Ping {
  readonly type: 'ping';
}
/** Either way. Answers `ping`. */
export interface Pong {
  readonly type: 'pong';
}

export type ConnectingMessage = Hello | Welcome | Failed | Goaway | Ping | Pong;
