// The gateway of the simulation: the real core, its commands run as commands.ts says, over the simulated store and network.
// It can die at any moment and be followed by another one that knows only what was committed, and its journal of leases.

import type { CallId, ContainerId, EnvironmentId, FunctionSpec, HostId } from '@farcall/kernel-bridge/wire';

import { Core } from '../../runtime/src/core/core.js';
import type { Command } from '../../runtime/src/core/commands.js';
import type { Event, Happening, RestoredLease } from '../../runtime/src/core/events.js';
import type { Clock } from './clock.js';
import type { History, Told } from './history.js';
import type { Group, Store } from './store.js';
import { Watch } from './watch.js';

type Do<D extends Command['do']> = Extract<Command, { do: D }>;

/** What an event carries besides what the core knows. */
export interface Source {
  readonly values?: readonly number[];
  readonly first?: number;
  readonly outcomes?: readonly Told[];
  readonly client?: ClientDoor;
}
/** How the gateway reaches the others: each sends over its link, and is gone when that is cut. */
export interface ClientDoor {
  accepted(call: CallId, what: 'open' | 'seal' | 'cancel', count: number): void;
  inputs(call: CallId, through: number): void;
  refused(call: CallId | undefined, code: string, message: string): void;
  outcomes(call: CallId, seq: number, told: readonly Told[]): void;
  ended(call: CallId, count: number, seq: number): void;
}
export interface ContainerDoor {
  run(lease: RestoredLease, values: readonly number[]): void;
  acknowledged(through: number): void;
  revoked(through: number): void;
  drain(): void;
  dismiss(): void;
}
export interface HostDoor {
  start(container: ContainerId, fn: FunctionSpec, gpus: readonly string[]): void;
  stop(container: ContainerId, how: 'drain' | 'kill'): void;
  revoke(container: ContainerId, lease: number, first: number): void;
  cancel(container: ContainerId, lease: number, first: number, graceMs: number): void;
}

/** What the run is like, for whoever judges it. */
export interface Scene {
  /** Nothing goes wrong but inputs. */
  readonly isFair: boolean;
  /** Reports of what happened may be lost. */
  readonly losesReports: boolean;
  /** Where a line for every event and command goes, when a run is replayed. */
  readonly trace: ((line: string) => void) | undefined;
}

export class Gateway {
  isUp = true;
  core = new Core();
  readonly clients = new Set<ClientDoor>();
  readonly containers = new Map<ContainerId, ContainerDoor>();
  readonly hosts = new Map<HostId, HostDoor>();
  /** Reader → call → how far it was sent. */
  readonly cursors = new Map<ClientDoor, Map<CallId, number>>();
  /** Survives a crash, like the file of the real one. */
  readonly journal = new Map<ContainerId, Map<number, RestoredLease>>();
  #life = 0;
  #values = new Map<CallId, number[]>();
  #published = new Map<CallId, number>();
  #group: Group | undefined;
  /** Inputs whose attempt or lease ended, which is not committed: a death now may give them out again. */
  #unwritten = 0;
  readonly #watch: Watch;

  constructor(
    private readonly clock: Clock,
    private readonly store: Store,
    private readonly history: History,
    private readonly scene: Scene,
  ) {
    this.#watch = new Watch(this, store, history, scene);
    this.#tick(this.#life);
  }

  apply(happening: Happening, source: Source = {}): void {
    if (!this.isUp) return;
    const event = { now: this.clock.now, at: 1_700_000_000 + this.clock.now / 1000, ...happening } as Event;
    const { trace } = this.scene;
    trace?.(`${event.now.toFixed(2)} ${describe(happening)}`);
    this.#watch.saw(happening);
    for (const command of this.core.apply(event)) {
      trace?.(`    ${describe(command)}`);
      this.#watch.judge(command, source);
      this.#run(command, happening, source);
    }
  }

  /** `unacknowledged`: outcomes that containers hold; some of them may be on their way to the store. */
  crash(unacknowledged: number): void {
    this.isUp = false;
    this.#life += 1;
    this.#group = undefined;
    this.clients.clear();
    this.containers.clear();
    this.hosts.clear();
    this.cursors.clear();
    const leases = [...this.journal.values()].flatMap((held) => [...held.values()]);
    const given = leases.reduce((sum, { count }) => sum + count, 0);
    this.history.gatewayDied(unacknowledged + given + this.#unwritten);
    this.#unwritten = 0;
  }

  restart(): void {
    this.isUp = true;
    this.core = new Core(String(this.#life));
    this.#values = new Map([...this.store.calls].map(([id, { values }]) => [id, [...values]]));
    this.#published = new Map([...this.store.calls].map(([id, { outcomes }]) => [id, outcomes.length]));
    for (const [id, spec] of this.store.functions)
      this.apply({ type: 'function.put', function: id, environment: 'en' as EnvironmentId, spec });
    for (const call of this.store.calls.values()) {
      const { opening, state, sealed, attached, attempts, createdAt, startedAt, endedAt } = call;
      const inputs = opening.base?.indexes.length ?? call.values.length;
      const restored = {
        inputs,
        sealed,
        state,
        seq: call.outcomes.length,
        createdAt,
        startedAt,
        endedAt,
        attempts: new Map(attempts),
      };
      this.apply({
        type: 'call.restored',
        opening: { ...opening, attached },
        settled: this.store.settledOf(call),
        ...restored,
      });
    }
    for (const [container, { function: fn, hasSpoken }] of this.store.containers) {
      if (!hasSpoken) continue;
      this.apply({
        type: 'container.restored',
        container,
        function: fn,
        leases: [...(this.journal.get(container)?.values() ?? [])],
      });
    }
    this.#tick(this.#life);
  }

  /** A reader wants the outcomes of a call from position `after` on. */
  attach(client: ClientDoor, call: CallId, after: number): void {
    if (!this.isUp || !this.clients.has(client)) return;
    const cursors = this.cursors.get(client) ?? new Map<CallId, number>();
    this.cursors.set(client, cursors);
    cursors.set(call, after);
    this.#stream(call);
    const stored = this.store.calls.get(call);
    if (stored === undefined || stored.state === 'open' || stored.state === 'sealed') return;
    if ((this.#published.get(call) ?? 0) === stored.outcomes.length)
      client.ended(call, stored.opening.base?.indexes.length ?? stored.values.length, stored.outcomes.length);
  }

  #tick(life: number): void {
    if (life !== this.#life || !this.isUp) return;
    this.apply({ type: 'tick' });
    this.#watch.look(this.clock.now);
    this.clock.after(this.core.isIdle() ? 1_000 : 100, () => this.#tick(life));
  }

  #run(command: Command, happening: Happening, source: Source): void {
    if (command.do.startsWith('persist.')) return this.#persist(command, happening, source);
    switch (command.do) {
      case 'assign':
        return this.#assign(command);
      case 'start':
        return this.#start(command);
      case 'stop':
        for (const host of this.hosts.values()) host.stop(command.container, command.how);
        if (command.how === 'drain') this.containers.get(command.container)?.drain();
        return;
      case 'lease.revoke':
        for (const host of this.hosts.values()) host.revoke(command.container, command.lease, command.first);
        return;
      case 'lease.cancel':
        for (const host of this.hosts.values())
          host.cancel(command.container, command.lease, command.first, command.graceMs);
        return;
      case 'leases.revoked':
        return this.containers.get(command.container)?.revoked(command.through);
      case 'dismiss':
        return this.containers.get(command.container)?.dismiss();
      case 'forget':
      case 'image.build':
      case 'image.stop':
        return;
      default:
        this.#pending().facts.push(() => this.#tell(command, source));
    }
  }

  #assign({ container, lease, call, first, count, attempt }: Do<'assign'>): void {
    const given = { lease, call, first, count, attempt };
    const leases = this.journal.get(container) ?? new Map<number, RestoredLease>();
    this.journal.set(container, leases);
    leases.set(lease, given);
    const values = Array.from({ length: count }, (_, at) => this.#value(call, first + at));
    this.containers.get(container)?.run(given, values);
  }

  #value(call: CallId, index: number): number {
    const stored = this.core.baseInput(call, index);
    const value = this.#values.get(stored.call)?.[stored.index];
    if (value === undefined) throw new Error(`no value for ${call}[${index}]`);
    return value;
  }

  #start({ container, function: fn, gpus }: Do<'start'>): void {
    const spec = this.store.functions.get(fn);
    if (spec === undefined) throw new Error('start of an unknown function');
    this.#pending().operations.push(() => {
      if (!this.store.containers.has(container))
        this.store.containers.set(container, { function: fn, hasSpoken: false });
    });
    for (const host of this.hosts.values()) host.start(container, spec, gpus);
  }

  /** The container said hello: from its commit on it may come back after a restart. */
  spoke(container: ContainerId): void {
    this.#pending().operations.push(() => {
      const row = this.store.containers.get(container);
      if (row !== undefined) row.hasSpoken = true;
    });
  }

  leaseEnded(container: ContainerId, lease: number): void {
    const held = this.journal.get(container);
    this.#unsure(held?.get(lease)?.count ?? 0);
    held?.delete(lease);
  }

  #unsure(inputs: number): void {
    this.#unwritten += inputs;
    this.#pending().operations.push(() => (this.#unwritten -= inputs));
  }

  gone(container: ContainerId): void {
    for (const lease of [...(this.journal.get(container)?.keys() ?? [])]) this.leaseEnded(container, lease);
    this.journal.delete(container);
    this.containers.delete(container);
    this.#pending().operations.push(() => this.store.containers.delete(container));
  }

  #persist(command: Command, happening: Happening, source: Source): void {
    const { operations } = this.#pending();
    const { store } = this;
    if (command.do === 'persist.call' && happening.type === 'call.opened') {
      const view = this.core.call(command.call);
      if (view !== undefined) operations.push(() => store.open(view.opening, view));
      this.#values.set(command.call, []);
    } else if (command.do === 'persist.inputs') {
      const values = (source.values ?? []).slice(command.first - (source.first ?? 0));
      this.#values.get(command.call)?.push(...values);
      operations.push(() => store.calls.get(command.call)?.values.push(...values));
    } else if (command.do === 'persist.outcomes') {
      const all = source.outcomes ?? [];
      const told = command.taken === undefined ? all : [...command.taken].flatMap((at) => all[at] ?? []);
      operations.push(() => store.addOutcomes(command.call, command.seq, told));
    } else if (command.do === 'persist.settled') {
      const told = command.ranges.flatMap(([first, count]) =>
        Array.from({ length: count }, (_, at) => ({ index: first + at, status: command.status, value: -1 })),
      );
      operations.push(() => store.addOutcomes(command.call, command.seq, told));
    } else if (command.do === 'persist.state') {
      const view = this.core.call(command.call);
      const { state, sealed, attached, startedAt, endedAt } = view ?? this.history.broken('a row of an unknown call');
      operations.push(() =>
        Object.assign(store.calls.get(command.call) ?? {}, { state, sealed, attached, startedAt, endedAt }),
      );
    } else if (command.do === 'persist.attempt') {
      this.#unsure(1);
      operations.push(() => store.calls.get(command.call)?.attempts.set(command.index, command.attempt));
    }
  }

  #tell(command: Command, { client }: Source): void {
    const isHere = client !== undefined && this.clients.has(client) ? client : undefined;
    switch (command.do) {
      case 'accept.call':
        return isHere?.accepted(command.call, 'open', 0);
      case 'accept.inputs':
        return isHere?.inputs(command.call, command.through);
      case 'accept.seal':
        return isHere?.accepted(command.call, 'seal', command.count);
      case 'accept.cancel':
        return isHere?.accepted(command.call, 'cancel', 0);
      case 'refuse':
        return isHere?.refused(command.call, command.code, command.message);
      case 'acknowledge':
        return this.containers.get(command.container)?.acknowledged(command.through);
      case 'publish':
        this.#published.set(command.call, command.seq);
        return this.#stream(command.call);
      case 'end':
        for (const [reader, calls] of this.cursors)
          if (calls.has(command.call)) reader.ended(command.call, command.count, command.seq);
        return;
      default:
        return;
    }
  }

  #stream(call: CallId): void {
    const through = this.#published.get(call) ?? 0;
    for (const [reader, calls] of this.cursors) {
      const from = calls.get(call);
      if (from === undefined || from >= through) continue;
      calls.set(call, through);
      reader.outcomes(call, from, this.store.calls.get(call)?.outcomes.slice(from, through) ?? []);
    }
  }

  /** Everything of one moment joins one group. */
  #pending(): Group {
    if (this.#group !== undefined) return this.#group;
    const group: Group = { operations: [], facts: [] };
    const life = this.#life;
    this.#group = group;
    this.clock.after(0, () => {
      if (life !== this.#life) return;
      this.#group = undefined;
      this.store.append(group, () => life === this.#life);
    });
    return group;
  }
}

function describe(what: Happening | Command): string {
  return JSON.stringify(what, (_, value: unknown) => (ArrayBuffer.isView(value) ? `[${String(value)}]` : value));
}
