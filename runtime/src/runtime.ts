// The composition root: one core, one store, one engine, one door. It gives the core every event with its moment, runs the
// commands that come back, and keeps time. What a message or a command means stands in gateway/.

import { setInterval as every } from 'node:timers';

import type { WebSocket } from 'ws';

import type { ContainerId, HostId } from '@farcall/kernel-bridge/wire';

import type { Command } from './core/commands.js';
import type { Happening } from './core/events.js';
import type { LocalEngine } from './engines/local.js';
import type { Tokens } from './gateway/authenticate.js';
import { Calls, entryOf } from './gateway/calls.js';
import { Chunks } from './gateway/chunks.js';
import { Clients } from './gateway/clients.js';
import { runCommand } from './gateway/command-table.js';
import { Commits } from './gateway/commits.js';
import { Connection, type Peer } from './gateway/connection.js';
import { ContainerSession, Containers, type Lease } from './gateway/containers.js';
import type { CoreView } from './gateway/core-view.js';
import { FailureGroups } from './gateway/failure-groups.js';
import { failurePayload } from './gateway/failures.js';
import { Functions } from './gateway/functions.js';
import { greet } from './gateway/greetings.js';
import type { HostListener } from './gateway/hosts.js';
import { Items } from './gateway/items.js';
import type { LeaseJournal } from './gateway/lease-journal.js';
import type { Log } from './gateway/log.js';
import { Outputs } from './gateway/outputs.js';
import type { Identity, Parts, Source } from './gateway/parts.js';
import { Previews } from './gateway/previews.js';
import { Refusal } from './gateway/refusal.js';
import { Streams } from './gateway/streams.js';
import type { Supervisors } from './gateway/supervisors.js';
import { unreadableBatch } from './gateway/unreadable.js';
import { Watches } from './gateway/watch.js';
import type { Engine } from './engines/engine.js';
import { StoreExpired, StoreFull } from './store/errors.js';
import type { Restored, Store } from './store/store.js';

const CHUNK_CACHE_BYTES = 64 * 1024 * 1024;
const TICK_MS = 50;
const RETRY_COMMIT_MS = 1000;
const DRAIN_MS = 1500;
/** Calls of before a restart whose late resends are recognised. */
const PAST_CALLS = 1000;

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
  /** Asked to leave: by a client, or because it was idle. */
  readonly onLeave: (keep: boolean) => void;
}

export class Runtime {
  readonly parts: Parts;
  readonly #connections = new Set<Connection>();
  readonly #timer: NodeJS.Timeout;
  #idleSince = performance.now();
  #closing = false;

  constructor(private readonly options: RuntimeOptions) {
    this.parts = this.#compose();
    this.#timer = every(() => this.#tick(), TICK_MS).unref();
  }

  /** Tells the core what the store holds. Before the door opens. */
  async restore(): Promise<void> {
    const restored = await this.parts.store.load();
    for (const row of restored.functions) {
      this.parts.functions.restore(row);
      this.#apply({ type: 'function.put', function: row.function_id, environment: row.environment.environment_id, spec: row.spec });
    }
    for (const call of restored.calls) this.#restoreCall(call);
    this.#restoreContainers(restored);
    const past = await this.parts.store.calls(PAST_CALLS);
    this.parts.calls.past(past.map(({ row }) => row.call_id));
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

  lost(host: HostId): void {
    this.#apply({ type: 'host.lost', host });
  }

  /** No new work; what is said so far becomes durable; everyone is told to come back. At most two seconds. */
  async drain(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    const late = new Promise<void>((resolve) => setTimeout(resolve, DRAIN_MS).unref());
    await Promise.race([this.parts.commits.idle(), late]);
    for (const connection of this.#connections) {
      connection.send({ type: 'goaway', after_ms: 200 });
      connection.close(4503, 'the gateway is draining');
    }
    await this.parts.outputs[Symbol.asyncDispose]();
    this.parts.journal.close();
  }

  #compose(): Parts {
    const { core, store, engine, supervisors, tokens, identity, journal, logs, log } = this.options;
    const onError = (error: unknown): void => log.error({ err: error }, 'gateway');
    const chunks = new Chunks(CHUNK_CACHE_BYTES);
    const containers = new Containers();
    const failures = new FailureGroups();
    const streams = new Streams({ store, epoch: identity.epoch, onError });
    const commits = new Commits({
      store, retryMs: RETRY_COMMIT_MS, afterFacts: () => streams.flush(),
      onRefused: (error) => log.error({ err: error }, 'store'), isFull: (error) => error instanceof StoreFull,
    });
    return {
      identity, log, core, store, engine, journal, commits, tokens, functions: new Functions(store), calls: new Calls(store, chunks), chunks,
      clients: new Clients(), containers, supervisors, hosts: engine, streams,
      items: new Items({ streams, containers }), watches: new Watches(() => this.parts, failures), failures,
      outputs: new Outputs({ folder: logs, store, streams, containers, onError }), previews: new Previews(() => this.parts),
      broken: new Map(), apply: (happening, source) => this.#apply(happening, source),
      onUnreadable: (container, lease, error) => this.#failLease(container, lease, error),
      leave: this.options.onLeave,
    };
  }

  #apply(happening: Happening, source: Source = {}): boolean {
    if (this.#closing) return true;
    const commands: readonly Command[] = this.parts.core.apply({ ...happening, now: performance.now(), at: Date.now() / 1000 });
    let refused = false;
    for (const command of commands) {
      refused ||= command.do === 'refuse';
      runCommand(this.parts, command, source);
    }
    return !refused;
  }

  #tick(): void {
    this.#apply({ type: 'tick' });
    for (const host of this.parts.supervisors.silent(performance.now())) this.lost(host);
    if (this.parts.clients.outsideCount > 0 || this.parts.calls.openCount > 0) this.#idleSince = performance.now();
    const { idleExit } = this.options;
    if (idleExit > 0 && performance.now() - this.#idleSince > idleExit * 1000) this.options.onLeave(false);
  }

  #restoreCall({ row, settled, attempts }: Restored['calls'][number]): void {
    const entry = entryOf(row);
    this.parts.calls.put(entry);
    this.parts.streams.publish(row.call_id, row.seq);
    this.#apply({
      type: 'call.restored', inputs: row.inputs, sealed: row.sealed, state: row.state, settled, attempts, seq: row.seq,
      createdAt: row.created_at, startedAt: row.started_at, endedAt: row.ended_at,
      opening: {
        call: row.call_id, function: row.function_id, kind: row.kind, onFailure: row.on_failure, onOwnerLost: row.on_owner_lost,
        attached: row.attached, client: row.client as never, origin: row.origin,
        ...(row.parent === undefined ? {} : { parent: row.parent }),
        ...(row.base === undefined ? {} : { base: { call: row.base, indexes: entry.indexes ?? new Uint32Array(0) } }),
      },
    });
  }

  /** Only those that ever said hello can come back. */
  #restoreContainers({ containers }: Restored): void {
    const back = containers.filter(({ key_hash, gone }) => !gone && key_hash !== '');
    this.parts.journal.keepOnly(new Set(back.map(({ container_id }) => container_id)));
    this.options.engine.adopt?.(back.map(({ container_id }) => container_id as ContainerId));
    for (const { container_id, function_id, key_hash } of back) {
      const container = new ContainerSession(container_id as ContainerId, function_id);
      container.isAwaited = true;
      const leases = this.parts.journal.of(container.id);
      for (const lease of leases) container.leases.set(lease.lease, lease);
      this.parts.containers.add(container);
      this.parts.tokens.restore(container.id, key_hash);
      this.#apply({ type: 'container.restored', container: container.id, function: function_id, leases });
    }
  }

  #failLease(container: ContainerSession, lease: Lease, error: unknown): void {
    this.options.log.error({ err: error, container: container.id, call: lease.call }, 'inputs.run');
    const why = error instanceof Error ? error.message : String(error);
    const batch = unreadableBatch(lease, failurePayload('payload.unreadable', why), why);
    this.#apply({
      type: 'outcomes.arrived', container: container.id, seq: 0, lease: lease.lease, call: lease.call, attempt: lease.attempt, ended: true,
      indexes: batch.indexes, statuses: batch.message.statuses, seconds: new Float32Array(lease.count),
    }, { batch: { message: batch.message, payload: batch.payload, container } });
  }
}

