// What the core wants done. runtime.ts runs a list in its order, under one rule:
//   persist …                        joins the store's current commit group;
//   assign, start, stop, lease.…     run at once (dispatch may run ahead of the commit);
//   everything else leaves as a fact, so it waits until the groups persisted before it have committed.

import type {
  CallId,
  CallState,
  ContainerId,
  FailureCode,
  FunctionId,
  HostId,
  RefusalCode,
} from '@farcall/kernel-bridge/wire';

export type Command =
  // ── durable ──
  /** A new call; its payload is the event's. */
  | { readonly do: 'persist.call'; readonly call: CallId }
  /** The chunk of this event (or, `first` > its first, only its new tail). */
  | { readonly do: 'persist.inputs'; readonly call: CallId; readonly first: number; readonly count: number }
  /** Of this event's batch, the outcomes at these positions were taken; they are outcomes `seq` … of the call. `taken` absent: all. */
  | { readonly do: 'persist.outcomes'; readonly call: CallId; readonly seq: number; readonly taken?: Uint32Array }
  /** Outcomes that no container made (cancelled, lost, poison): one status for stretches of inputs, `failure` as their payload. */
  | {
      readonly do: 'persist.settled';
      readonly call: CallId;
      readonly seq: number;
      readonly ranges: readonly (readonly [first: number, count: number])[];
      readonly status: number;
      readonly attempts: readonly number[];
      readonly code: FailureCode;
      readonly message: string;
    }
  /** State, seal, count, times changed: write the call's row from `core.call(id)`. */
  | { readonly do: 'persist.state'; readonly call: CallId }
  /** These inputs begin a later attempt than 1; before their re-dispatch. */
  | { readonly do: 'persist.attempt'; readonly call: CallId; readonly index: number; readonly attempt: number }
  // ── at once ──
  /** Cut this range out of the call's chunks and send it, after `function.load` / `call.load` where the container has not had them. */
  | {
      readonly do: 'assign';
      readonly container: ContainerId;
      readonly lease: number;
      readonly call: CallId;
      readonly first: number;
      readonly count: number;
      readonly attempt: number;
    }
  | {
      readonly do: 'start';
      readonly container: ContainerId;
      readonly function: FunctionId;
      readonly gpus: readonly string[];
    }
  /** The host makes it, or has it; `image.built` or `image.failed` follows. */
  | { readonly do: 'image.build'; readonly host: HostId; readonly image: string }
  | { readonly do: 'image.stop'; readonly host: HostId; readonly image: string }
  | { readonly do: 'stop'; readonly container: ContainerId; readonly how: 'drain' | 'kill' }
  | { readonly do: 'lease.revoke'; readonly container: ContainerId; readonly lease: number; readonly first: number }
  | {
      readonly do: 'lease.cancel';
      readonly container: ContainerId;
      readonly lease: number;
      readonly first: number;
      readonly graceMs: number;
    }
  | { readonly do: 'leases.revoked'; readonly container: ContainerId; readonly through: number }
  | { readonly do: 'forget'; readonly container: ContainerId; readonly call: CallId }
  /** The container says hello but is not known (any more): close it with 4410. */
  | { readonly do: 'dismiss'; readonly container: ContainerId }
  // ── after the commit ──
  | { readonly do: 'accept.call'; readonly call: CallId }
  | { readonly do: 'accept.inputs'; readonly call: CallId; readonly through: number }
  | { readonly do: 'accept.seal'; readonly call: CallId; readonly count: number }
  | { readonly do: 'accept.cancel'; readonly call: CallId }
  /** The event's request cannot be done; the core is unchanged. */
  | { readonly do: 'refuse'; readonly call?: CallId; readonly code: RefusalCode; readonly message: string }
  | { readonly do: 'acknowledge'; readonly container: ContainerId; readonly through: number }
  /** The call's stream now reaches `seq`. */
  | { readonly do: 'publish'; readonly call: CallId; readonly seq: number }
  | {
      readonly do: 'end';
      readonly call: CallId;
      readonly state: CallState;
      readonly count: number;
      readonly seq: number;
    }
  /** Watchers of this call have something new to see. */
  | { readonly do: 'show'; readonly call: CallId };
