// One simulated run: a gateway, a host, containers, clients, and the misfortunes that a seed brings upon them. After the bad
// time everything is left in peace, and then it must end well, and nothing may be left over.

import {
  CANCELLED,
  FAILED,
  SUCCEEDED,
  TIMED_OUT,
  type CallId,
  type ClientId,
  type EnvironmentId,
  type FunctionId,
  type HostId,
  type Parent,
} from '@farcall/kernel-bridge/wire';

import type { Census } from '../../runtime/src/core/core.js';
import { SimClient } from './client.js';
import { Clock } from './clock.js';
import { Gateway } from './gateway.js';
import { History } from './history.js';
import { SimHost } from './host.js';
import { Link, type Road, type Side } from './link.js';
import { behaviourOf, newGpus, newPlan, newSpec, type Plan } from './plans.js';
import { Dice } from './random.js';
import { SimReader } from './reader.js';
import { Store, type CommitPoint } from './store.js';
import { Weather } from './weather.js';

const LIMIT_MS = 1_800_000;
/** After everybody has left: owners are given up, windows pass, what was told to leave is killed at last. */
const AFTERWARDS_MS = 200_000;
/** What may be left then: calls are kept for a while, containers on purpose. */
const KEPT: readonly (keyof Census)[] = ['calls', 'ended', 'containers'];

export class World {
  readonly clock = new Clock();
  readonly dice: Dice;
  readonly history = new History();
  readonly store: Store;
  readonly gateway: Gateway;
  readonly clients: SimClient[] = [];
  readonly readers: SimReader[] = [];
  /** Clients in containers: they come and go with them. */
  readonly insiders: SimClient[] = [];
  /** How long a container looks for a gateway before it leaves. */
  readonly windowMs: number;
  host: SimHost;
  readonly #links = new Set<Link>();
  readonly #weather: Weather;
  readonly #road: Road;
  readonly #hardware: ConstructorParameters<typeof SimHost>[2];
  readonly #depths = new Map<CallId, number>();
  /** Functions that any input may call, where calls say so; without it inputs that hold GPUs block each other. */
  callees: readonly FunctionId[] = [];
  #hosts = 0;

  constructor(seed: number, trace?: (line: string) => void) {
    this.dice = new Dice(seed);
    const { clock, dice, history } = this;
    const weather = new Weather(dice, clock.now);
    this.#weather = weather;
    this.#road = { latencyMs: dice.pick([0.2, 2, 20]), isRough: weather.has('rough') };
    this.windowMs = dice.pick([60_000, 60_000, 600_000]);
    this.store = new Store(clock, dice, history);
    if (weather.has('commitCrashes')) this.store.onCommit = (point) => this.#onCommit(point);
    if (weather.has('slowDisk')) this.store.slowestMs = 500;
    const { isFair, losesReports } = weather;
    this.gateway = new Gateway(clock, this.store, history, { isFair, losesReports, trace });
    this.#hardware = { cpus: dice.pick([1, 2, 2, 4]), gpus: newGpus(dice) };
    this.#putFunctions();
    if (dice.chance(0.5)) this.callees = [...this.store.functions.keys()];
    this.host = this.#newHost();
    this.#bringClients();
    weather.begin(this);
  }

  /** Lives to the end. Throws when the promise is broken. */
  run(): void {
    this.clock.run(() => this.#isOver(), LIMIT_MS);
    if (!this.#isOver()) this.history.broken(`it never ends: ${this.#leftovers()}`);
    this.clock.run(() => false, this.clock.now + 5_000);
    this.clock.run(() => this.#isOver(), LIMIT_MS);
    if (!this.gateway.core.isIdle()) this.history.broken('calls are open at the end');
    this.#compareCounts();
    this.#everybodyLeaves();
  }

  link(onClosed: Readonly<Record<Side, () => void>>): Link {
    const link = new Link(this.clock, this.dice, this.#road, onClosed);
    this.#links.add(link);
    return link;
  }

  /** A client inside a container makes a small call for an input; calls nest three deep at most. */
  callInside(parent: Parent): SimClient {
    const number = this.insiders.length + 1;
    const depth = (this.#depths.get(parent.call_id) ?? 0) + 1;
    const call = `fc-inside-${number}` as CallId;
    const plan = {
      ...this.#plan(call),
      resumes: '',
      cancelAfterMs: 0,
      detachAfterMs: 0,
      parent,
    } as const;
    this.#depths.set(plan.call, depth);
    this.history.nested(call, { call: parent.call_id, index: parent.index });
    const values = plan.values.slice(0, 3).filter((value) => depth < 3 || behaviourOf(value, 1) !== 'nests');
    const client = new SimClient(this, `cl-inside-${number}` as ClientId, [{ ...plan, values }]);
    this.insiders.push(client);
    return client;
  }

  startFails(): boolean {
    return this.#weather.has('badStarts') && this.clock.now < this.#weather.badUntil && this.dice.chance(0.2);
  }

  crashGateway(): void {
    const { clock, dice, gateway } = this;
    if (!gateway.isUp) return;
    for (const link of this.#links) link.cut();
    this.#links.clear();
    gateway.crash([...this.host.containers.values()].reduce((sum, { unacknowledged }) => sum + unacknowledged, 0));
    clock.after(dice.between(50, 3_000), () => gateway.restart());
  }

  crashHost(): void {
    this.host.die();
    // The engine sees its supervisor end, and starts another.
    this.gateway.apply({ type: 'host.lost', host: this.host.id });
    this.clock.after(500, () => {
      this.host = this.#newHost();
    });
  }

  #onCommit(_point: CommitPoint): void {
    if (this.clock.now < this.#weather.badUntil && this.dice.chance(0.005)) this.crashGateway();
  }

  #isOver(): boolean {
    if (this.clock.now < this.#weather.badUntil || !this.gateway.isUp || !this.gateway.core.isIdle()) return false;
    if (!this.clients.every(({ isDone }) => isDone) || !this.readers.every(({ isDone }) => isDone)) return false;
    for (const { state } of this.store.calls.values()) if (state === 'open' || state === 'sealed') return false;
    return true;
  }

  /** What the core believes is what was recorded. */
  #compareCounts(): void {
    for (const [id, { outcomes }] of this.store.calls) {
      const counts = this.gateway.core.call(id)?.counts;
      const count = (wanted: number): number => outcomes.filter(({ status }) => status === wanted).length;
      const isSame =
        counts?.succeeded === count(SUCCEEDED) &&
        counts.failed === count(FAILED) &&
        counts.cancelled === count(CANCELLED) &&
        counts.timed_out === count(TIMED_OUT);
      if (!isSame) this.history.broken(`${id} has other counts than outcomes: ${JSON.stringify(counts)}`);
    }
  }

  /** Nobody is there any more: after a while the core holds nothing but what it keeps on purpose, and no process is forgotten. */
  #everybodyLeaves(): void {
    for (const client of [...this.clients, ...this.insiders, ...this.readers]) client.leave(Infinity);
    for (const container of this.host.containers.values()) if (container.isStopped) container.resume();
    this.clock.run(() => false, Math.max(this.clock.now, this.host.awayUntil) + AFTERWARDS_MS);
    const { core } = this.gateway;
    const left = Object.entries(core.census()).filter(([kind, count]) => count !== 0 && !KEPT.includes(kind as never));
    if (left.length > 0) this.history.broken(`something is left over: ${JSON.stringify(Object.fromEntries(left))}`);
    for (const { function: id, backlog, running, containers, settings } of core.functions())
      if (backlog !== 0 || running !== 0 || containers > settings.minContainers)
        this.history.broken(`${id} has ${backlog} queued, ${running} running, ${containers} containers in the end`);
    const known = core.containers();
    const alive = new Set(this.host.containers.keys());
    // What was only just asked for, or told to leave, may not be there yet, or any more.
    const isSettled = (state: string): boolean => state !== 'requested' && state !== 'draining';
    const gone = known.find(({ container, state }) => isSettled(state) && !alive.has(container));
    for (const { container } of known) alive.delete(container);
    if (gone !== undefined || alive.size > 0)
      this.history.broken(
        `the core knows ${gone?.container ?? 'none'} that is gone, not ${[...alive].join()} that live`,
      );
  }

  #leftovers(): string {
    const calls = [...this.store.calls].filter(([, { state }]) => state === 'open' || state === 'sealed');
    const views = calls.map(([id]) => {
      const call = this.gateway.core.call(id);
      return `${id} ${JSON.stringify(call?.counts)} ${call?.waiting ?? ''}`;
    });
    return [...views, ...this.clients.flatMap(({ openCalls }) => openCalls)].join('; ');
  }

  #putFunctions(): void {
    const { dice } = this;
    for (let at = 0; at < dice.whole(1, 3); at += 1) {
      const id = `fv-${at}` as FunctionId;
      const spec = newSpec(dice, at, this.#hardware.gpus.length > 0);
      this.store.functions.set(id, spec);
      this.gateway.apply({ type: 'function.put', function: id, environment: 'en' as EnvironmentId, spec });
    }
  }

  #bringClients(): void {
    const { dice } = this;
    for (let at = 0; at < dice.whole(1, 3); at += 1) {
      const plans = Array.from({ length: dice.whole(1, 4) }, (_, number) => this.#plan(`fc-${at}-${number}` as CallId));
      this.clients.push(new SimClient(this, `cl-${at}` as ClientId, plans));
      for (const { call } of plans) if (dice.chance(0.2)) this.readers.push(new SimReader(this, call));
    }
  }

  #plan(call: CallId): Plan {
    return newPlan(this.dice, call, this.store.functions);
  }

  #newHost(): SimHost {
    this.#hosts += 1;
    return new SimHost(this, `ho-${this.#hosts}` as HostId, this.#hardware);
  }
}
