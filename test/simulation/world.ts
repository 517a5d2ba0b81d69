// One simulated run: a gateway, a host, containers, clients, and the misfortunes that a seed brings upon them. After the bad
// time everything is left in peace, and then it must end well.

import {
  CANCELLED,
  FAILED,
  SUCCEEDED,
  type CallId,
  type ClientId,
  type FunctionId,
  type FunctionSpec,
  type HostId,
  type Parent,
} from '@farcall/kernel-bridge/wire';

import { SimClient, type Plan } from './client.js';
import { Clock } from './clock.js';
import { Gateway } from './gateway.js';
import { History } from './history.js';
import { SimHost } from './host.js';
import { Link, type Side } from './link.js';
import { Dice } from './random.js';
import { Store } from './store.js';

/** What an input does to whoever runs it. Told by its value, so that every attempt knows. */
export function behaviourOf(value: number, attempt: number): 'works' | 'raises' | 'hangs' | 'dies' | 'nests' {
  if (value % 31 === 9) return 'nests';
  if (value % 41 === 13) return 'dies';
  if (value % 37 === 11) return attempt <= 1 ? 'dies' : 'works';
  if (value % 19 === 7) return 'raises';
  if (value % 23 === 5) return attempt <= 1 ? 'raises' : 'works';
  if (value % 53 === 17) return attempt <= 1 ? 'hangs' : 'works';
  return 'works';
}

/** How much of what goes wrong in one run. */
interface Weather {
  readonly cuts: boolean;
  readonly longCuts: boolean;
  readonly containerCrashes: boolean;
  readonly stops: boolean;
  readonly gatewayCrashes: boolean;
  readonly hostCrashes: boolean;
  readonly clientsLeave: boolean;
  readonly badStarts: boolean;
}

const LIMIT_MS = 1_500_000;

export class World {
  readonly clock = new Clock();
  readonly dice: Dice;
  readonly history = new History();
  readonly store: Store;
  readonly gateway: Gateway;
  readonly clients: SimClient[] = [];
  host: SimHost;
  readonly #links = new Set<Link>();
  readonly #weather: Weather;
  readonly #badUntil: number;
  readonly #latencyMs: number;
  readonly #depths = new Map<CallId, number>();
  /** Clients in containers: they come and go with them. */
  readonly #insiders: SimClient[] = [];
  #inside = 0;
  #hosts = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    const { dice } = this;
    const maybe = (): boolean => dice.chance(0.3);
    this.#weather = {
      cuts: maybe(),
      longCuts: dice.chance(0.1),
      containerCrashes: maybe(),
      stops: dice.chance(0.15),
      gatewayCrashes: maybe(),
      hostCrashes: dice.chance(0.1),
      clientsLeave: maybe(),
      badStarts: dice.chance(0.2),
    };
    this.#badUntil = this.clock.now + dice.between(1_000, 20_000);
    this.#latencyMs = dice.pick([0.2, 2, 20]);
    this.store = new Store(this.clock, dice, this.history);
    this.gateway = new Gateway(this.clock, this.store, this.history);
    this.#putFunctions();
    this.host = this.#newHost();
    this.#bringClients();
    this.#badTime();
  }

  /** Lives to the end. Throws when the promise is broken. */
  run(): void {
    this.clock.run(() => this.#isOver(), LIMIT_MS);
    if (!this.#isOver()) this.history.broken(`it never ends: ${this.#leftovers()}`);
    this.clock.run(() => false, this.clock.now + 5_000);
    this.clock.run(() => this.#isOver(), LIMIT_MS);
    if (!this.gateway.core.isIdle()) this.history.broken('calls are open at the end');
    const running = this.gateway.core.functions().filter(({ running, backlog }) => running !== 0 || backlog !== 0);
    this.#compareCounts();
    if (running.length > 0) this.history.broken(`inputs are queued or running at the end: ${JSON.stringify(running)}`);
  }

  link(onClosed: Readonly<Record<Side, () => void>>): Link {
    const link = new Link(this.clock, this.dice, this.#latencyMs, onClosed);
    this.#links.add(link);
    return link;
  }

  /** A client inside a container makes a small call for an input; calls nest three deep at most. */
  callInside(parent: Parent): SimClient {
    this.#inside += 1;
    const depth = (this.#depths.get(parent.call_id) ?? 0) + 1;
    const plan = { ...this.#plan(`fc-inside-${this.#inside}` as CallId), resumes: false, cancelAfterMs: 0, parent };
    this.#depths.set(plan.call, depth);
    const values = plan.values.slice(0, 3).filter((value) => depth < 3 || behaviourOf(value, 1) !== 'nests');
    const client = new SimClient(this, `cl-inside-${this.#inside}` as ClientId, [{ ...plan, values }]);
    this.#insiders.push(client);
    return client;
  }

  startFails(): boolean {
    return this.#weather.badStarts && this.clock.now < this.#badUntil && this.dice.chance(0.2);
  }

  /** The usual duration of a function's inputs; it stands in the spec's name. */
  secondsOf(spec: FunctionSpec): number {
    return Number(spec.name);
  }

  #isOver(): boolean {
    if (this.clock.now < this.#badUntil || !this.gateway.isUp || !this.gateway.core.isIdle()) return false;
    if (!this.clients.every(({ isDone }) => isDone)) return false;
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
        counts.cancelled === count(CANCELLED);
      if (!isSame) this.history.broken(`${id} has other counts than outcomes: ${JSON.stringify(counts)}`);
    }
  }

  #leftovers(): string {
    const calls = [...this.store.calls].filter(([, { state }]) => state === 'open' || state === 'sealed');
    const views = calls.map(
      ([id]) =>
        `${id} ${JSON.stringify(this.gateway.core.call(id)?.counts)} ${this.gateway.core.call(id)?.waiting ?? ''}`,
    );
    return [...views, ...this.clients.flatMap(({ openCalls }) => openCalls)].join('; ');
  }

  #putFunctions(): void {
    const { dice } = this;
    for (let at = 0; at < dice.whole(1, 3); at += 1) {
      const id = `fv-${at}` as FunctionId;
      const seconds = dice.pick([0.00001, 0.001, 0.02, 0.2, 1.5]);
      const spec: FunctionSpec = {
        app: '',
        name: String(seconds),
        is_generator: false,
        is_async: false,
        timeout: 2,
        startup_timeout: 30,
        max_retries: dice.pick([0, 1, 3]),
        initial_delay: dice.pick([0, 0.5]),
        backoff: 2,
        max_delay: 10,
        cpu: 0.125,
        memory: 0,
        gpu: [],
        min_containers: dice.pick([0, 0, 2]),
        max_containers: dice.pick([0, 2, 5]),
        buffer_containers: dice.pick([0, 1]),
        scaledown_window: dice.pick([1, 60]),
        max_inputs: dice.pick([0, 0, 3]),
        imports: [],
        secrets: {},
      };
      this.store.functions.set(id, spec);
      this.gateway.apply({ type: 'function.put', function: id, environment: 'en' as never, spec });
    }
  }

  #bringClients(): void {
    const { dice } = this;
    for (let at = 0; at < dice.whole(1, 3); at += 1) {
      const plans = Array.from({ length: dice.whole(1, 4) }, (_, number) => this.#plan(`fc-${at}-${number}` as CallId));
      this.clients.push(new SimClient(this, `cl-${at}` as ClientId, plans));
    }
  }

  #plan(call: CallId): Plan {
    const { dice } = this;
    const fn = dice.pick([...this.store.functions.keys()]);
    const isSlow = Number(this.store.functions.get(fn)?.name) >= 0.2;
    const values = Array.from({ length: dice.whole(0, isSlow ? 30 : 300) }, () => dice.whole(0, 100_000));
    return {
      call,
      function: fn,
      values,
      onFailure: dice.pick(['continue', 'continue', 'stop_after', 'stop_all']),
      onOwnerLost: dice.pick(['finish', 'cancel']),
      attached: dice.chance(0.7),
      chunk: dice.pick([1, 7, 64, 256]),
      paceMs: dice.pick([0, 0, 5, 100]),
      cancelAfterMs: dice.chance(0.2) ? dice.between(1, 4_000) : 0,
      cancelScope: dice.pick(['all', 'queued']),
      resumes: dice.chance(0.2),
    };
  }

  #newHost(): SimHost {
    this.#hosts += 1;
    return new SimHost(this, `ho-${this.#hosts}` as HostId, 2);
  }

  /** Every now and then something happens, until the bad time is over. */
  #badTime(): void {
    const { clock, dice } = this;
    if (clock.now > this.#badUntil) return this.#peace();
    const misfortune = dice.pick(Object.keys(this.#weather) as (keyof Weather)[]);
    if (this.#weather[misfortune]) this.#strike(misfortune);
    clock.after(dice.between(1, 700), () => this.#badTime());
  }

  #strike(misfortune: keyof Weather): void {
    const { clock, dice } = this;
    const containers = [...this.host.containers.values()];
    const container = containers.length > 0 ? dice.pick(containers) : undefined;
    if (misfortune === 'cuts') dice.pick([this.host, ...containers]).cut();
    if (misfortune === 'cuts' && dice.chance(0.5)) this.#someClient().leave(dice.between(0, 5_000));
    if (misfortune === 'longCuts') container?.cut();
    if (misfortune === 'containerCrashes') container?.crash();
    if (misfortune === 'gatewayCrashes' && this.gateway.isUp && dice.chance(0.5)) this.#crashGateway();
    if (misfortune === 'hostCrashes' && this.host.isAlive && dice.chance(0.2)) this.#crashHost();
    if (misfortune === 'clientsLeave' && dice.chance(0.3))
      dice.pick(this.clients).leave(dice.pick([1_000, 80_000, Infinity]));
    if (misfortune !== 'stops' || container === undefined) return;
    container.stop();
    clock.after(dice.pick([500, 10_000, 40_000]), () => container.isAlive && container.resume());
  }

  #someClient(): SimClient {
    return this.dice.pick([...this.clients, ...this.#insiders.filter(({ isAlive }) => isAlive)]);
  }

  #crashGateway(): void {
    const { clock, dice } = this;
    for (const link of this.#links) link.cut();
    this.#links.clear();
    this.gateway.crash([...this.host.containers.values()].reduce((sum, { unacknowledged }) => sum + unacknowledged, 0));
    clock.after(dice.between(50, 3_000), () => this.gateway.restart());
  }

  #crashHost(): void {
    this.host.die();
    this.clock.after(500, () => {
      this.host = this.#newHost();
    });
  }

  #peace(): void {
    for (const container of this.host.containers.values())
      if (container.isStopped && this.dice.chance(0.5)) container.resume();
  }
}
