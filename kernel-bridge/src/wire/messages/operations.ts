// Operations: what is running here, whose tokens are good, what may be dropped, a copy of the store.

import type { ContainerState } from '../codes.js';
import type { CallId, ContainerId, FunctionId } from '../ids.js';

/** Client → gateway. Answered by `runtime.state`. */
export interface RuntimeAsk {
  readonly type: 'runtime.ask';
  readonly request: number;
}
export interface Gpu {
  readonly uuid: string;
  readonly name: string;
  readonly memory: number;
  readonly container_id: string;
}
export interface ContainerSummary {
  readonly container_id: ContainerId;
  readonly function: string;
  readonly function_id: FunctionId;
  readonly state: ContainerState;
  readonly pid: number;
  readonly hardware: string;
  readonly started_at: number;
  readonly inputs: number;
}
/** Gateway → client. Where it runs, what runs in it. */
export interface RuntimeState {
  readonly type: 'runtime.state';
  readonly request: number;
  readonly pid: number;
  readonly version: string;
  readonly python: string;
  readonly started_at: number;
  readonly cpus: number;
  readonly memory: number;
  readonly gpus: readonly Gpu[];
  readonly containers: readonly ContainerSummary[];
  readonly clients: number;
  readonly calls_open: number;
  /** How containers are kept apart from the gateway's folder. */
  readonly isolation?: 'none' | 'uid' | 'bwrap';
  /** A sentence for whoever looks: what is not as safe as was asked for. Empty: nothing. */
  readonly warning?: string;
}
/** Client → gateway, admin. Drain and leave; containers go too unless `keep`. */
export interface RuntimeStop {
  readonly type: 'runtime.stop';
  readonly keep: boolean;
}
/** Client → gateway, admin. A token for someone else; worth nothing after `seconds`, 0: until it is revoked. Answered by `token.made`. */
export interface TokenMake {
  readonly type: 'token.make';
  readonly request: number;
  /** Whose it is, in words. */
  readonly name: string;
  readonly scope: 'client' | 'admin';
  readonly seconds: number;
}
/** One token, without the token. `expires_at`: Unix seconds, 0: never. */
export interface TokenSummary {
  readonly token_id: string;
  readonly name: string;
  readonly scope: 'client' | 'admin';
  readonly made_at: number;
  readonly expires_at: number;
}
/** Gateway → client. The only time the token is told; what is kept is its hash. */
export interface TokenMade {
  readonly type: 'token.made';
  readonly request: number;
  readonly token: string;
  readonly summary: TokenSummary;
}
/** Client → gateway, admin. Answered by `token.listing`. */
export interface TokenList {
  readonly type: 'token.list';
  readonly request: number;
}
/** Gateway → client. The tokens that were made and neither expired nor revoked; the gateway's own is not among them. */
export interface TokenListing {
  readonly type: 'token.listing';
  readonly request: number;
  readonly tokens: readonly TokenSummary[];
}
/** Client → gateway, admin. What is connected by it is closed with 4401. Answered by `token.revoked`. */
export interface TokenRevoke {
  readonly type: 'token.revoke';
  readonly request: number;
  readonly token_id: string;
}
/** Gateway → client. */
export interface TokenRevoked {
  readonly type: 'token.revoked';
  readonly request: number;
  readonly token_id: string;
}
/**
 * Client → gateway, admin. Calls that ended more than `seconds` ago go now, and files that belong to none. `pretend`: nothing goes, the
 * answer says what would. Answered by `store.expired`.
 */
export interface StoreExpire {
  readonly type: 'store.expire';
  readonly request: number;
  readonly seconds: number;
  readonly pretend: boolean;
}
/** Gateway → client. How many calls went (`pretend`: would go), the first of them by name, and the payload bytes that are left. */
export interface StoreExpired {
  readonly type: 'store.expired';
  readonly request: number;
  readonly count: number;
  readonly calls: readonly CallId[];
  /** Images that went, and the bytes of those that are left. */
  readonly images?: readonly string[];
  readonly image_bytes?: number;
  readonly bytes: number;
}
/**
 * Client → gateway, admin. Copies the store as it is now, payloads and what calls printed included, into a new folder on the gateway's
 * machine, while work goes on. Answered by `store.copied`.
 */
export interface StoreCopy {
  readonly type: 'store.copy';
  readonly request: number;
  readonly folder: string;
}
/** Gateway → client. The copy is whole: a gateway started with that folder as its home has all of it. */
export interface StoreCopied {
  readonly type: 'store.copied';
  readonly request: number;
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

export type OperationMessage =
  | RuntimeAsk
  | RuntimeState
  | RuntimeStop
  | TokenMake
  | TokenMade
  | TokenList
  | TokenListing
  | TokenRevoke
  | TokenRevoked
  | StoreExpire
  | StoreExpired
  | StoreCopy
  | StoreCopied;
