// The engine of one machine: a supervisor process of this user, started here and watched, reached through the gateway.
// It keeps what should exist, so that a supervisor that comes back is told what it missed. When the supervisor's process
// ends its containers end with it (they are bound to its life); a new one is started after a growing pause.

import type { ContainerId, HostId, Message } from '@farcall/kernel-bridge/wire';

import type { Capabilities, ContainerSpec, Engine } from './engine.js';
import type { SupervisorProcess, SupervisorProcesses } from './supervisor-process.js';

export interface LocalOptions {
  readonly processes: SupervisorProcesses;
  /** Sends to a supervisor's connection, or keeps it for its next one. */
  readonly send: (host: HostId, message: Message) => void;
  /** Its process has ended, so its containers have too. */
  readonly onLost: (host: HostId) => void;
  readonly onError: (error: Error) => void;
  /** Why there is no supervisor, and how many in a row did not come up: for whoever waits for one. */
  readonly onPending: (why: string, failures: number) => void;
  /** Milliseconds a new supervisor has to connect; 30 s unless told. */
  readonly connectMs?: number;
  /** How its supervisor keeps containers apart; absent: not at all. */
  readonly isolation?: Capabilities['isolation'];
}
interface HostReport {
  readonly cpus: number;
  readonly memory: number;
  readonly gpus: Capabilities['gpus'];
  readonly containers: readonly ContainerId[];
}

const PAUSES_MS = [0, 500, 1000, 2000, 5000, 10_000, 30_000];
/** A supervisor that lived so long starts the pauses over. */
const SETTLED_MS = 60_000;
/** A process that has not connected by then hangs, and makes way for another. */
const CONNECT_MS = 30_000;

export class LocalEngine implements Engine {
  #supervisor: SupervisorProcess | undefined;
  #report: HostReport | undefined;
  #connected = false;
  /** The supervisor that is there now has connected before. */
  #isUp = false;
  #closing = false;
  #failures = 0;
  /** Asked for, and not reported by the supervisor yet; `sent`: on a connection that may have been lost. */
  readonly #asked = new Map<ContainerId, { readonly spec: ContainerSpec; sent: boolean }>();
  readonly #owned = new Set<ContainerId>();

  constructor(private readonly options: LocalOptions) {}

  /** Finds the supervisor of before a restart, or starts one. Resolves when its process is there; its hello comes later. */
  async open(): Promise<void> {
    this.#watch(await this.options.processes.adoptOrSpawn(() => this.#connected));
  }

  /** Containers of before a restart. */
  adopt(containers: Iterable<ContainerId>): void {
    for (const id of containers) this.#owned.add(id);
  }

  capabilities(): Capabilities {
    const { cpus, memory, gpus } = this.#report ?? { cpus: 0, memory: 0, gpus: [] };
    return { cpus, memory, gpus, elastic: false, isolation: this.options.isolation ?? 'none' };
  }

  start(spec: ContainerSpec): Promise<void> {
    const id = spec.container_id;
    this.#owned.add(id);
    const asked = { spec, sent: false };
    this.#asked.set(id, asked);
    if (this.#connected) this.#send(asked);
    return Promise.resolve();
  }

  stop(id: ContainerId, how: 'drain' | 'kill'): Promise<void> {
    const asked = this.#asked.get(id);
    if (asked?.sent === false) {
      this.#asked.delete(id);
      this.#owned.delete(id);
    } else this.#tell({ type: 'container.stop', container_id: id, how });
    return Promise.resolve();
  }

  list(): Promise<readonly ContainerId[]> {
    return Promise.resolve([...this.#owned]);
  }

  hostOf(id: ContainerId): HostId | undefined {
    return this.#owned.has(id) ? this.#supervisor?.host : undefined;
  }

  /** The supervisor said hello and what it has. Returns the containers it answers for. */
  connected(host: HostId, report: HostReport): readonly ContainerId[] {
    if (host !== this.#supervisor?.host) return report.containers;
    this.#report = report;
    this.#connected = true;
    this.#isUp = true;
    this.#failures = 0;
    const unsent = [...this.#asked.values()].filter(({ sent }) => !sent);
    for (const asked of unsent) this.#send(asked);
    for (const id of report.containers)
      if (!this.#owned.has(id)) this.#tell({ type: 'container.stop', container_id: id, how: 'kill' });
    return [...report.containers, ...unsent.map(({ spec }) => spec.container_id)];
  }

  disconnected(host: HostId): void {
    if (host === this.#supervisor?.host) this.#connected = false;
  }

  silent(host: HostId): void {
    if (host === this.#supervisor?.host) void this.#supervisor.stop();
  }

  exited(container: ContainerId): void {
    this.#asked.delete(container);
    this.#owned.delete(container);
  }

  /** Leaves the supervisor and its containers running: a gateway that comes back adopts them. */
  leave(): void {
    this.#closing = true;
    this.#supervisor?.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await this.#supervisor?.stop();
  }

  #send(asked: { readonly spec: ContainerSpec; sent: boolean }): void {
    asked.sent = true;
    this.#tell({ type: 'container.start', ...asked.spec });
  }

  #tell(message: Message): void {
    if (this.#supervisor !== undefined) this.options.send(this.#supervisor.host, message);
  }

  #watch(supervisor: SupervisorProcess): void {
    this.#supervisor = supervisor;
    this.#isUp = false;
    const startedAt = performance.now();
    const patience = this.#hurry(supervisor);
    void supervisor.ended.then((how) => {
      clearTimeout(patience.timer);
      if (this.#supervisor !== supervisor || this.#closing) return;
      const why = patience.isOver ? 'did not connect' : `ended (${how})`;
      const settled = this.#isUp && performance.now() - startedAt > SETTLED_MS;
      this.#connected = false;
      this.#asked.clear();
      this.#owned.clear();
      this.options.onLost(supervisor.host);
      this.#failures = settled ? 0 : this.#failures + 1;
      this.#again([`the supervisor ${why}`, supervisor.saidLast()].filter((text) => text !== '').join(': '));
    });
  }

  /** One that does not connect is stopped, so that its end brings another one. */
  #hurry(supervisor: SupervisorProcess): { readonly timer: NodeJS.Timeout; isOver: boolean } {
    const timer = setTimeout(() => {
      if (this.#supervisor !== supervisor || this.#isUp || this.#closing) return;
      patience.isOver = true;
      void supervisor.stop();
    }, this.options.connectMs ?? CONNECT_MS).unref();
    const patience = { timer, isOver: false };
    return patience;
  }

  #again(why: string): void {
    this.options.onError(new Error(why));
    this.options.onPending(why, this.#failures);
    const pause = PAUSES_MS[Math.min(this.#failures, PAUSES_MS.length - 1)] ?? 0;
    setTimeout(() => this.#restart(), pause).unref();
  }

  #restart(): void {
    if (this.#closing) return;
    try {
      this.#watch(this.options.processes.spawn());
    } catch (error) {
      this.#failures += 1;
      this.#again(`the supervisor cannot be started: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
