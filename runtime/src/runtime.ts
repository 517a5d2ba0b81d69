// The composition root: one core, one store, one engine, one door. It gives the core every event with its moment, runs the
// commands that come back, and keeps time. What a message or a command means stands in gateway/.

import { join } from 'node:path';

import type { WebSocket } from 'ws';

import type { ClientId, ContainerId, HostId } from '@farcall/kernel-bridge/wire';

import type { Command } from './core/commands.js';
import type { Happening } from './core/events.js';
import type { LocalEngine } from './engines/local.js';
import type { Tokens } from './gateway/authenticate.js';
import { Apps } from './gateway/apps.js';
import { Calls } from './gateway/calls.js';
import { Chunks } from './gateway/chunks.js';
import { Clients } from './gateway/clients.js';
import { runCommand } from './gateway/command-table.js';
import { Commits } from './gateway/commits.js';
import { Connection, type Peer } from './gateway/connection.js';
import { type ContainerSession, Containers, type Lease } from './gateway/containers.js';
import type { CoreView } from './gateway/core-view.js';
import { failpointOf } from './gateway/failpoint.js';
import { FailureGroups } from './gateway/failure-groups.js';
import { failurePayload } from './gateway/failures.js';
import { Graphs } from './gateway/graphs.js';
import { Functions } from './gateway/functions.js';
import { greet } from './gateway/greetings.js';
import type { HostListener } from './gateway/hosts.js';
import { Images } from './gateway/images.js';
import { Items } from './gateway/items.js';
import { Keeper } from './gateway/keeper.js';
import type { LeaseJournal } from './gateway/lease-journal.js';
import type { Log } from './gateway/log.js';
import { Dicts } from './gateway/dicts.js';
import { type Limits, LIMITS } from './gateway/limits.js';
import { Objects } from './gateway/objects.js';
import { Outputs } from './gateway/outputs.js';
import { Putters } from './gateway/people.js';
import { Queues } from './gateway/queues.js';
import type { Identity, Parts, Source } from './gateway/parts.js';
import { Previews } from './gateway/previews.js';
import { Refusal } from './gateway/refusal.js';
import { restore } from './gateway/restore.js';
import { Schedules } from './gateway/schedules.js';
import { Streams } from './gateway/streams.js';
import { TokenBook } from './gateway/token-book.js';
import type { Supervisors } from './gateway/supervisors.js';
import { Traces } from './gateway/traces.js';
import { unreadableBatch } from './gateway/unreadable.js';
import { Watches } from './gateway/watch.js';
import type { Engine } from './engines/engine.js';
import { Meter } from './operations/meter.js';
import { tell } from './operations/telling.js';
import { StoreExpired, StoreFull } from './store/errors.js';
import type { Keep, Operation, Store } from './store/store.js';

const CHUNK_CACHE_BYTES = 64 * 1024 * 1024;
const RETRY_COMMIT_MS = 1000;
const DRAIN_MS = 1500;
/** All, where nobody said how long. */
const KEEP: Keep = { olderThanMs: Infinity, budgetBytes: Infinity };

export interface RuntimeOptions {
  readonly core: CoreView;
  readonly store: Store;
  readonly engine: Engine & HostListener & Partial<Pick<LocalEngine, 'adopt'>>;
  readonly supervisors: Supervisors;
  readonly tokens: Tokens;
  readonly identity: Identity;
  readonly logs: string;
  readonly journal: LeaseJournal;
  readonly log: Log;
  /** Seconds; 0: never. */
  readonly idleExit: number;
  readonly keep?: Keep;
  /** Bytes of images that may stay though nobody uses them. */
  readonly keepImages?: number;
  readonly meter?: Meter;
  readonly limits?: Limits;
  /** Asked to leave: by a client, or because it was idle. */
  readonly onLeave: (keep: boolean) => void;
}

export class Runtime {
  readonly parts: Parts;
  readonly #connections = new Set<Connection>();
  readonly #keeper: Keeper;
  readonly #meter: Meter;
  #closing = false;

  constructor(private readonly options: RuntimeOptions) {
    this.#meter = options.meter ?? new Meter();
    this.parts = this.#compose();
    this.#keeper = new Keeper({
      parts: this.parts,
      idleExit: options.idleExit,
      onSilent: (host) => this.#silent(host),
      keep: options.keep ?? KEEP,
      keepImages: options.keepImages ?? Number.MAX_SAFE_INTEGER,
      bytesSoFar: () => this.#meter.bytesSoFar,
      onExpired: (expired) => this.#meter.cleared(expired),
    });
  }

  /** Takes up what the store holds. Before the door opens. */
  async restore(): Promise<void> {
    const containers = await restore(this.parts);
    this.options.engine.adopt?.(containers);
    this.#keeper.start();
    this.parts.schedules.start();
  }

  accept(socket: WebSocket, peer: Peer): void {
    const connection = new Connection(peer, socket, {
      onHello: (made, hello) => greet(this.parts, made, hello),
      onClose: (closed) => this.#connections.delete(closed),
      refusalOf: (error) => (error instanceof StoreExpired ? new Refusal('output.expired', error.message) : undefined),
      onError: (error, on) => this.options.log.warn({ err: error, role: on.role }, 'connection'),
    });
    this.#connections.add(connection);
  }

  get isDraining(): boolean {
    return this.#closing;
  }

  /** Its process lives and says nothing: it goes, and its containers with it. */
  #silent(host: HostId): void {
    this.options.log.warn({ host }, 'host.silent');
    this.lost(host);
    this.parts.hosts.silent(host);
  }

  lost(host: HostId): void {
    this.#apply({ type: 'host.lost', host });
  }

  /** The engine has no host, and says why. */
  pending(why: string, failures: number): void {
    this.#apply({ type: 'hosts.pending', why, failures });
  }

  /** No new work; what is said so far becomes durable; everyone is told to come back. At most two seconds. */
  async drain(): Promise<void> {
    this.#closing = true;
    this.#keeper.stop();
    this.parts.schedules.stop();
    const late = new Promise<void>((resolve) => setTimeout(resolve, DRAIN_MS).unref());
    await Promise.race([this.parts.commits.idle(), late]);
    for (const connection of this.#connections) {
      connection.send({ type: 'goaway', after_ms: 200 });
      connection.close(4503, 'the gateway is draining');
    }
    await this.parts.outputs[Symbol.asyncDispose]();
    this.parts.objects.close();
    this.parts.journal.close();
  }

  #compose(): Parts {
    const { core, store, engine, supervisors, tokens, identity, journal, logs, log } = this.options;
    const onError = (error: unknown): void => log.error({ err: error }, 'gateway');
    const onHurry = (container: ContainerId): void => {
      const host = engine.hostOf(container);
      if (host !== undefined) supervisors.hurry(host);
    };
    const chunks = new Chunks(CHUNK_CACHE_BYTES);
    const containers = new Containers();
    const functions = new Functions(store);
    const clients = new Clients();
    const failures = new FailureGroups();
    const streams = new Streams({ store, epoch: identity.epoch, onError });
    const commits: Commits = new Commits({
      store: { append: (group) => this.#append(group) },
      retryMs: RETRY_COMMIT_MS,
      ...(globalThis.FAILPOINTS === true && { failpoint: failpointOf(process.env['FARCALL_FAILPOINT']) }),
      afterFacts: () => streams.flush(),
      onRefused: (error) => {
        if (!commits.isFull) log.error({ err: error }, 'store'); // once, not with every attempt: the log needs room as well
        // What was set aside is asked for again by whoever sent it, who gives up after a while.
        const why = `${error.message}; what runs goes on`;
        if (error instanceof StoreFull) for (const client of clients.all()) client.fail('resource.exhausted', why);
      },
      isFull: (error) => error instanceof StoreFull,
    });
    return {
      identity,
      log,
      core,
      store,
      engine,
      journal,
      commits,
      tokens,
      tokenBook: new TokenBook(join(identity.home, 'tokens.json'), tokens),
      functions,
      images: new Images(identity, functions),
      apps: new Apps(),
      schedules: new Schedules(() => this.parts),
      calls: new Calls(store, chunks),
      chunks,
      clients,
      containers,
      supervisors,
      hosts: engine,
      streams,
      items: new Items({ streams, containers, folder: identity.blobs }),
      watches: new Watches(() => this.parts, failures),
      failures,
      graphs: new Graphs(),
      ...this.#composeObjects(commits, clients),
      outputs: new Outputs({ folder: logs, store, streams, containers, onHurry, onError }),
      previews: new Previews(() => this.parts),
      traces: new Traces(),
      broken: new Map(),
      apply: (happening, source) => this.#apply(happening, source),
      onUnreadable: (container, lease, error) => this.#failLease(container, lease, error),
      leave: this.options.onLeave,
    };
  }

  #composeObjects(commits: Commits, clients: Clients): Pick<Parts, 'objects' | 'dicts' | 'queues' | 'putters'> {
    const { store, limits = LIMITS, log } = this.options;
    const isHere = (client: ClientId): boolean => clients.get(client) !== undefined;
    const onError = (error: unknown): void => log.error({ err: error }, 'objects');
    const objects = new Objects({ store: store.objects, commits, limits, isHere, onError });
    return { objects, dicts: new Dicts(objects), queues: new Queues(objects), putters: new Putters() };
  }

  async #append(group: readonly Operation[]): Promise<void> {
    const began = performance.now();
    try {
      await this.options.store.append(group);
    } catch (error) {
      this.#meter.commitsRefused += 1;
      throw error;
    }
    this.#meter.committed(group.length, (performance.now() - began) / 1000);
  }

  #apply(happening: Happening, source: Source = {}): boolean {
    if (this.#closing) {
      source.client?.fail(
        'gateway.closing',
        'the gateway is draining; come back',
        source.request === undefined ? {} : { request: source.request },
      );
      return false;
    }
    const commands: readonly Command[] = this.parts.core.apply({
      ...happening,
      now: performance.now(),
      at: Date.now() / 1000,
    });
    this.#meter.saw(happening, commands, source);
    tell(this.options.log, happening, commands);
    let refused = false;
    for (const command of commands) {
      refused ||= command.do === 'refuse';
      runCommand(this.parts, command, source);
    }
    if (happening.type === 'tick') this.parts.watches.look();
    this.#keeper.wake();
    return !refused;
  }

  #failLease(container: ContainerSession, lease: Lease, error: unknown): void {
    this.options.log.error({ err: error, container: container.id, call: lease.call }, 'inputs.run');
    const why = error instanceof Error ? error.message : String(error);
    const batch = unreadableBatch(lease, failurePayload('payload.unreadable', why), why);
    this.#apply(
      {
        type: 'outcomes.arrived',
        container: container.id,
        seq: 0,
        lease: lease.lease,
        call: lease.call,
        attempt: lease.attempt,
        ended: true,
        indexes: batch.indexes,
        statuses: batch.message.statuses,
        seconds: new Float32Array(lease.count),
      },
      { batch: { message: batch.message, payload: batch.payload, container } },
    );
  }
}
