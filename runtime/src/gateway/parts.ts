// What the handlers and the command table share: the parts that runtime.ts puts together. Interfaces of what lies outside
// the gateway (core, store, engine) are named here as the gateway needs them, so that tests can hand in their own.

import type { FunctionId } from '@farcall/kernel-bridge/wire';

import type { Happening } from '../core/events.js';
import type { Store } from '../store/store.js';
import type { Apps } from './apps.js';
import type { Calls, CallEntry } from './calls.js';
import type { Chunk, Chunks } from './chunks.js';
import type { ClientSession, Clients } from './clients.js';
import type { Commits } from './commits.js';
import type { ContainerSession, Containers, Lease } from './containers.js';
import type { CoreView } from './core-view.js';
import type { FailureGroups } from './failure-groups.js';
import type { Functions } from './functions.js';
import type { Graphs } from './graphs.js';
import type { ContainerStarter, HostListener } from './hosts.js';
import type { Images } from './images.js';
import type { Items } from './items.js';
import type { LeaseJournal } from './lease-journal.js';
import type { Log } from './log.js';
import type { Batch } from './outcomes.js';
import type { Dicts } from './dicts.js';
import type { Objects } from './objects.js';
import type { Outputs } from './outputs.js';
import type { Putters } from './people.js';
import type { Queues } from './queues.js';
import type { Previews } from './previews.js';
import type { Schedules } from './schedules.js';
import type { Streams } from './streams.js';
import type { Tokens } from './authenticate.js';
import type { Traces } from './traces.js';
import type { Supervisors } from './supervisors.js';
import type { TokenBook } from './token-book.js';
import type { Watches } from './watch.js';

/** What came with an event and never enters the core: who asked, and the bytes. */
export interface Source {
  readonly client?: ClientSession;
  readonly request?: number;
  readonly opening?: CallEntry;
  readonly chunk?: Chunk;
  readonly batch?: Batch;
}
export interface Identity {
  readonly version: string;
  readonly store: string;
  readonly epoch: string;
  /** `major.minor.patch` of the interpreter that remote containers run. */
  readonly python: string;
  readonly executable: string;
  /** Reached over TCP: containers are not in the client's environment. */
  readonly remote: boolean;
  /** How containers are kept apart from this gateway's folder. */
  readonly isolation: 'none' | 'uid' | 'bwrap';
  /** What whoever looks at the gateway should know; empty: nothing. */
  readonly warning: string;
  /** The blob folder, where peers share the file system. */
  readonly blobs: string;
  readonly home: string;
  readonly startedAt: number;
}
export interface Parts {
  readonly identity: Identity;
  readonly log: Log;
  readonly core: CoreView;
  readonly store: Store;
  readonly engine: ContainerStarter;
  readonly commits: Commits;
  readonly tokens: Tokens;
  /** Other people's. */
  readonly tokenBook: TokenBook;
  readonly functions: Functions;
  readonly images: Images;
  readonly apps: Apps;
  readonly schedules: Schedules;
  readonly calls: Calls;
  readonly chunks: Chunks;
  readonly clients: Clients;
  readonly containers: Containers;
  readonly supervisors: Supervisors;
  readonly hosts: HostListener;
  readonly streams: Streams;
  readonly items: Items;
  readonly watches: Watches;
  readonly failures: FailureGroups;
  readonly graphs: Graphs;
  readonly objects: Objects;
  readonly dicts: Dicts;
  readonly queues: Queues;
  readonly putters: Putters;
  readonly outputs: Outputs;
  readonly journal: LeaseJournal;
  readonly previews: Previews;
  readonly traces: Traces;
  /** False when the core refused the event; the refusal is on its way to the source. */
  readonly apply: (happening: Happening, source?: Source) => boolean;
  /** The last Failure of a function whose code could not be loaded, for the outcomes that follow from it. */
  readonly broken: Map<FunctionId, Uint8Array>;
  /** A lease whose payload is gone: its inputs fail with the reason. */
  readonly onUnreadable: (container: ContainerSession, lease: Lease, error: unknown) => void;
  /** Drains and leaves; containers and their supervisor go too unless `keep`. */
  readonly leave: (keep: boolean) => void;
}
