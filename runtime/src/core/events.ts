// What may happen to the core: everything it ever learns comes in as one of these, with the time and the dice in it.
// runtime.ts makes them from messages, supervisors' reports and timers; the simulator makes them from a seed.
// Payload bytes never enter: the core knows counts, lengths and ids.

import type {
  CallId,
  ClientId,
  ContainerId,
  EnvironmentId,
  FailureSummary,
  FunctionId,
  FunctionSpec,
  Gpu,
  HostId,
  Parent,
} from '@farcall/kernel-bridge/wire';

/** In every event. `now`: monotonic milliseconds, for all that is measured. `at`: Unix seconds, only ever shown. */
export interface Moment {
  readonly now: number;
  readonly at: number;
}
export interface CallOpening {
  readonly call: CallId;
  readonly function: FunctionId;
  readonly kind: 'remote' | 'map' | 'spawn' | 'spawn_map';
  readonly onFailure: 'continue' | 'stop_after' | 'stop_all';
  readonly onOwnerLost: 'finish' | 'cancel';
  readonly attached: boolean;
  /** Whose call it is while attached. */
  readonly client: ClientId;
  readonly parent?: Parent;
  readonly origin: string;
  /** Functions that its inputs may call. */
  readonly calls?: readonly FunctionId[];
  /** Of a class: its method yields values. Of functions their spec says it. */
  readonly yields?: boolean;
  /** Derived calls: whose inputs, and which of them (empty = all that did not succeed). Sealed from the start. */
  readonly base?: { readonly call: CallId; readonly indexes: Uint32Array };
}
/** A stretch of inputs in one state, as the store gives it back at the start. Missing stretches are queued. */
export interface SettledRun {
  readonly first: number;
  readonly count: number;
  readonly status: number;
}

/** What is not named stays as it is. */
export interface Rescaling {
  readonly app: string;
  readonly name: string;
  readonly minContainers?: number;
  readonly maxContainers?: number;
  readonly bufferContainers?: number;
  readonly scaledownWindow?: number;
}

export type Happening =
  // functions
  | {
      readonly type: 'function.put';
      readonly function: FunctionId;
      readonly environment: EnvironmentId;
      readonly spec: FunctionSpec;
      readonly image?: string;
    }
  | { readonly type: 'function.replaced'; readonly app: string; readonly name: string; readonly function: FunctionId }
  | ({ readonly type: 'autoscaler.updated' } & Rescaling)
  /** It was set before a restart, for whoever uses the name again: nothing starts for that. */
  | ({ readonly type: 'autoscaler.restored' } & Rescaling)
  /** From now on these versions, and no others, are the app's for everybody; again after a restart. */
  | { readonly type: 'app.deployed'; readonly app: string; readonly functions: readonly FunctionId[] }
  | { readonly type: 'app.stopped'; readonly app: string }
  /** A view wants to see a value of it, which a container has to unpickle. */
  | { readonly type: 'preview.wanted'; readonly function: FunctionId }
  // calls
  | { readonly type: 'call.opened'; readonly opening: CallOpening }
  | {
      readonly type: 'inputs.arrived';
      readonly call: CallId;
      readonly first: number;
      readonly count: number;
      readonly bytes: number;
    }
  | { readonly type: 'call.sealed'; readonly call: CallId; readonly count: number }
  | {
      readonly type: 'call.cancelled';
      readonly call: CallId;
      readonly scope: 'all' | 'queued';
      readonly terminate: boolean;
    }
  | { readonly type: 'call.detached'; readonly call: CallId }
  | { readonly type: 'client.connected'; readonly client: ClientId }
  | { readonly type: 'client.lost'; readonly client: ClientId }
  // containers: what their own connections say
  | {
      readonly type: 'container.connected';
      readonly container: ContainerId;
      readonly held: readonly (readonly [lease: number, first: number])[];
    }
  | { readonly type: 'container.ready'; readonly container: ContainerId }
  | { readonly type: 'container.broken'; readonly container: ContainerId; readonly failure: FailureSummary }
  /** `newest`: of one that runs several, when it stands still: it has begun nothing of leases after this one. */
  | {
      readonly type: 'container.waiting';
      readonly container: ContainerId;
      readonly waiting: boolean;
      readonly newest?: number;
    }
  | { readonly type: 'container.disconnected'; readonly container: ContainerId }
  | {
      readonly type: 'outcomes.arrived';
      readonly container: ContainerId;
      readonly seq: number;
      readonly lease: number;
      readonly call: CallId;
      readonly indexes: Uint32Array;
      readonly statuses: Uint8Array;
      readonly seconds: Float32Array;
      readonly attempt: number;
      readonly ended: boolean;
    }
  /** The first of what an input yields to its reader: from then on it is not run again. */
  | { readonly type: 'items.arrived'; readonly call: CallId; readonly index: number }
  // hosts: what supervisors and engines say
  | {
      readonly type: 'host.connected';
      readonly host: HostId;
      readonly cpus: number;
      readonly memory: number;
      readonly gpus: readonly Gpu[];
      readonly containers: readonly ContainerId[];
      readonly labels?: Readonly<Record<string, string>>;
      /** The GPUs of its containers, by uuid. */
      readonly holds?: Readonly<Record<ContainerId, readonly string[]>>;
    }
  | { readonly type: 'gpus.used'; readonly host: HostId; readonly used: Readonly<Record<string, string>> }
  | { readonly type: 'host.lost'; readonly host: HostId }
  /** Why no host comes up, after so many failures in a row. */
  | { readonly type: 'hosts.pending'; readonly why: string; readonly failures: number }
  | { readonly type: 'containers.stopped'; readonly containers: readonly ContainerId[] }
  | { readonly type: 'container.started'; readonly container: ContainerId; readonly pid: number }
  | {
      readonly type: 'container.exited';
      readonly container: ContainerId;
      readonly reason: 'exited' | 'signal' | 'timeout' | 'cancelled' | 'memory' | 'stopped' | 'start';
      readonly code: number;
      readonly lease: number;
      readonly index: number;
      readonly detail: string;
      /** [lease, index] of all it was running, if it may run several. */
      readonly running?: readonly (readonly [number, number])[];
    }
  | { readonly type: 'lease.revoked'; readonly container: ContainerId; readonly lease: number; readonly first: number }
  // images: what supervisors say of building them
  | { readonly type: 'image.progress'; readonly host: HostId; readonly image: string; readonly says: string }
  | { readonly type: 'image.built'; readonly host: HostId; readonly image: string }
  | {
      readonly type: 'image.failed';
      readonly host: HostId;
      readonly image: string;
      readonly code: 'image.build' | 'version.python';
      readonly message: string;
    }
  /** All hosts clear images, except these. */
  | { readonly type: 'images.cleared'; readonly keep: readonly string[] }
  // time and life
  /** At least every 100 ms while anything is open. */
  | { readonly type: 'tick' }
  /** After a restart, once per call in the store, before any other event of it. */
  | {
      readonly type: 'call.restored';
      readonly opening: CallOpening;
      readonly inputs: number;
      readonly sealed: boolean;
      readonly state: string;
      readonly settled: readonly SettledRun[];
      readonly seq: number;
      readonly createdAt: number;
      readonly startedAt: number;
      readonly endedAt: number;
      /** Attempts already begun, where known to be above 0: index → attempt. */
      readonly attempts: ReadonlyMap<number, number>;
    }
  /** After a restart, for containers whose supervisor still owns them; a `container.connected` with what they hold should follow within 20 s. */
  | {
      readonly type: 'container.restored';
      readonly container: ContainerId;
      readonly function: FunctionId;
      readonly leases: readonly RestoredLease[];
      /** The last lease it was given, as far as that is known. */
      readonly newest?: number;
    };

export interface RestoredLease {
  readonly lease: number;
  readonly call: CallId;
  readonly first: number;
  readonly count: number;
  readonly attempt: number;
}
export type Event = Moment & Happening;
