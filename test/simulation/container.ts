// A simulated container: runs leases in order, or several inputs at once, keeps outcomes until they are acknowledged, comes
// back after a cut and says what it holds. It fails, hangs and dies as the inputs' values tell it to.

import {
  FAILED,
  NO_RETRY,
  SUCCEEDED,
  TIMED_OUT,
  type ContainerId,
  type FunctionSpec,
} from '@farcall/kernel-bridge/wire';

import { capacityOf, runsSeveral } from '../../runtime/src/core/capacity.js';
import type { RestoredLease } from '../../runtime/src/core/events.js';
import type { ContainerDoor } from './gateway.js';
import { tell, type Batch, type Birth, type Death, type Held, type Running } from './held.js';
import { f, type Told } from './history.js';
import type { Link } from './link.js';
import { behaviourOf, breaksOf, secondsOf, type Behaviour } from './plans.js';
import type { World } from './world.js';

const NOTHING = 0xffffffff;

/** What becomes of an input that does not work. */
const STATUSES: Partial<Record<Behaviour, number>> = { raises: FAILED, refuses: FAILED | NO_RETRY, hangs: TIMED_OUT };

export class SimContainer {
  readonly id: ContainerId;
  readonly gpus: readonly string[];
  readonly share: number;
  isAlive = true;
  isStopped = false;
  isDraining = false;
  #door: ContainerDoor | undefined;
  #link: Link | undefined;
  #isReady = false;
  #leases: Held[] = [];
  #newest = 0;
  #revoked = new Map<number, number>();
  readonly #running = new Set<Running>();
  #onResume: (() => void)[] = [];
  #buffer: Told[] = [];
  #bufferSeconds = 0;
  #unacknowledged: Batch[] = [];
  #seq = 0;
  #lostAt = 0;
  #awayUntil = 0;
  readonly #spec: FunctionSpec;
  /** Whether it said that what it runs waits; and whether it stands still with that. */
  #told: '' | 'waits' | 'still' = '';
  #isStill = false;
  /** Replies to `waiting` that must come before another input starts. */
  #owed = 0;

  constructor(
    private readonly world: World,
    birth: Birth,
    private readonly onDeath: (death: Death) => void,
  ) {
    this.id = birth.id;
    this.gpus = birth.gpus;
    this.share = birth.share;
    this.#spec = birth.spec;
    this.#lostAt = world.clock.now;
    this.connect();
  }

  get unacknowledged(): number {
    return this.#unacknowledged.reduce((sum, { told }) => sum + told.length, 0);
  }

  connect(): void {
    const { clock, dice, gateway } = this.world;
    if (!this.isAlive || this.#link?.isOpen === true) return;
    if (clock.now - this.#lostAt > this.world.windowMs) return this.die({ reason: 'exited', lease: 0, index: -1 });
    if (this.isStopped) return void this.#onResume.push(() => this.connect());
    if (clock.now < this.#awayUntil) return clock.after(dice.between(200, 10_000), () => this.connect());
    if (!gateway.isUp) return clock.after(dice.between(200, 2_000), () => this.connect());
    const link = this.world.link({ near: () => this.#onCut(link), gateway: () => this.#onGone(link) });
    this.#link = link;
    this.#door = this.#makeDoor(link);
    const door = this.#door;
    const held = this.#leases.map((entry) => [entry.lease.lease, entry.next] as const);
    link.once('gateway', () => this.#hello(link, door, held));
    for (const batch of this.#unacknowledged) this.#sendBatch(batch);
    if (this.#isReady) this.#loaded();
    // The answer that took its other leases away was lost with the connection: until a cancel comes it may begin some of them.
    if (this.#owed > 0)
      this.world.history.mayRepeat(this.#leases.reduce((sum, { next, stop }) => sum + Math.max(0, stop - next), 0));
    this.#owed = 0;
    this.#told = '';
    this.#tellWaiting();
    if (!this.#isReady) clock.after(dice.between(2, 60), () => this.#loaded());
    this.#step();
  }

  cut(): void {
    this.#link?.cut(this.world.dice.chance(0.5) ? 50 : 5_000);
  }

  /** Nothing gets through for so long. */
  partition(ms: number): void {
    this.#awayUntil = Math.max(this.#awayUntil, this.world.clock.now + ms);
    this.#link?.cut(5_000);
  }

  die(death: Death): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    const isDeath = death.reason === 'signal' || death.reason === 'exited';
    for (const { held, index, inside } of this.#running) {
      if (isDeath) this.world.history.killed(held.lease.call, index);
      inside?.leave(Infinity);
    }
    this.#link?.cut();
    const running = [...this.#running].map(({ held, index }) => [held.lease.lease, index] as const);
    this.onDeath(this.#isSeveral ? { ...death, running } : death);
  }

  /** It crashes where it stands. */
  crash(): void {
    const [running] = this.#running;
    this.die({ reason: 'signal', lease: running?.held.lease.lease ?? 0, index: running?.index ?? -1 });
  }

  stop(): void {
    this.isStopped = true;
  }

  resume(): void {
    this.isStopped = false;
    const waiting = this.#onResume;
    this.#onResume = [];
    for (const run of waiting) run();
  }

  /** The supervisor's side of the control page: the first index that will not start here. */
  revoke(lease: number, first: number): number {
    const entry = this.#leases.find((held) => held.lease.lease === lease);
    if (entry === undefined) {
      if (lease <= this.#newest) return this.#revoked.get(lease) ?? NOTHING;
      this.#revoked.set(lease, Math.min(first, this.#revoked.get(lease) ?? NOTHING));
      return first;
    }
    entry.stop = Math.min(entry.stop, Math.max(first, entry.next));
    this.#revoked.set(lease, entry.stop);
    this.#dropEmpty();
    return entry.stop;
  }

  cancel(lease: number, first: number, graceMs: number): void {
    this.revoke(lease, first);
    for (const running of this.#running)
      if (running.held.lease.lease === lease && running.index >= first) this.#interrupt(running, graceMs);
  }

  #interrupt(running: Running, graceMs: number): void {
    const { clock, dice } = this.world;
    const lease = running.held.lease.lease;
    if (!dice.chance(0.9))
      return clock.after(graceMs, () => {
        if (this.#running.has(running)) this.die({ reason: 'cancelled', lease, index: running.index });
      });
    clock.after(dice.between(0, graceMs / 2), () => {
      if (!this.#running.has(running) || !this.isAlive || this.isStopped) return;
      this.#comeBack(running);
      this.#running.delete(running);
      this.#dropEmpty();
      this.#step();
    });
  }

  get #isSeveral(): boolean {
    return runsSeveral(this.#spec);
  }

  drain(): void {
    this.isDraining = true;
    this.#step();
  }

  /** What the gateway sends goes over the connection it knows, whether that is still the one or not. */
  #makeDoor(link: Link): ContainerDoor {
    const near = (run: () => void): void => link.send('near', () => this.#awake(run));
    return {
      run: (lease, values) => near(() => this.#take(lease, values)),
      acknowledged: (through) =>
        near(() => {
          this.#unacknowledged = this.#unacknowledged.filter(({ seq }) => seq > through);
          this.#step();
        }),
      revoked: (through) =>
        link.once('near', () =>
          this.#awake(() => {
            this.#owed = Math.max(0, this.#owed - 1);
            for (const { lease } of [...this.#leases]) if (lease.lease <= through) this.revoke(lease.lease, 0);
            this.#step();
          }),
        ),
      drain: () => near(() => this.drain()),
      dismiss: () => near(() => this.die({ reason: 'exited', lease: 0, index: -1 })),
    };
  }

  #hello(link: Link, door: ContainerDoor, held: readonly (readonly [number, number])[]): void {
    const { gateway } = this.world;
    if (gateway.core.container(this.id) === undefined)
      return link.send('near', () => this.die({ reason: 'exited', lease: 0, index: -1 }));
    gateway.containers.set(this.id, door);
    gateway.spoke(this.id);
    gateway.apply({ type: 'container.connected', container: this.id, held });
  }

  #loaded(): void {
    if (!this.#isReady && this.#isBroken()) return;
    this.#isReady = true;
    this.#link?.send('gateway', () => this.world.gateway.apply({ type: 'container.ready', container: this.id }));
  }

  /** Its function cannot be loaded: it says why, and leaves when it is told to. */
  #isBroken(): boolean {
    const breaks = breaksOf(this.#spec);
    if (breaks === '' || (breaks === 'sometimes' && this.world.dice.chance(0.5))) return false;
    const code = this.world.dice.pick(['container.start', 'payload.unreadable'] as const);
    const failure = { index: -1, code, kind: 'ImportError', message: 'no module', where: '' };
    this.#link?.send('gateway', () =>
      this.world.gateway.apply({ type: 'container.broken', container: this.id, failure }),
    );
    return true;
  }

  #onCut(link: Link): void {
    if (this.#link !== link || !this.isAlive) return;
    this.#lostAt = this.world.clock.now;
    this.world.clock.after(this.world.dice.between(20, this.world.gateway.isUp ? 3_000 : 500), () => this.connect());
  }

  #onGone(link: Link): void {
    const { gateway } = this.world;
    if (this.#link !== link || gateway.containers.get(this.id) !== this.#door) return;
    gateway.containers.delete(this.id);
    gateway.apply({ type: 'container.disconnected', container: this.id });
  }

  /** Runs now, or once the process is not stopped any more. */
  #awake(run: () => void): void {
    if (this.isStopped) this.#onResume.push(() => this.isAlive && run());
    else if (this.isAlive) run();
  }

  #take(lease: RestoredLease, values: readonly number[]): void {
    if (lease.lease <= this.#newest) return;
    this.#newest = lease.lease;
    const stop = Math.min(lease.first + lease.count, Math.max(lease.first, this.#revoked.get(lease.lease) ?? NOTHING));
    this.#leases.push({ lease, values, next: lease.first, stop });
    this.#dropEmpty();
    this.#step();
  }

  /** Leases behind the first with nothing left to start end at once; of several, all of which nothing runs. */
  #dropEmpty(): void {
    const busy = new Set([...this.#running].map(({ held }) => held));
    for (const held of this.#leases.slice(this.#isSeveral ? 0 : 1)) {
      if (held.next < held.stop || (this.#isSeveral && busy.has(held))) continue;
      this.#leases = this.#leases.filter((other) => other !== held);
      this.#flush(held, [], 0, true);
    }
  }

  #step(): void {
    if (!this.isAlive || this.isStopped || this.#owed > 0) return;
    if (this.#isSeveral) this.#stepSeveral();
    if (this.#running.size > 0 || !this.isAlive) return;
    const held = this.#leases[0];
    if (held === undefined) {
      if (this.isDraining && this.#unacknowledged.length === 0) this.die({ reason: 'exited', lease: 0, index: -1 });
      return;
    }
    if (held.next < held.stop) return this.#begin(held, held.next);
    this.#leases.shift();
    this.#flushBuffer(held, true);
    this.#step();
  }

  /** As many as it may run begin; while its thread stands still none does. */
  #stepSeveral(): void {
    for (const held of [...this.#leases])
      while (
        held.next < held.stop &&
        this.#running.size < capacityOf(this.#spec) &&
        !this.#isStill &&
        this.#owed === 0 &&
        this.isAlive
      )
        this.#begin(held, held.next);
    this.#tellWaiting();
  }

  #begin(held: Held, index: number): void {
    const { clock, dice, history } = this.world;
    const { call, attempt, first } = held.lease;
    history.ran({ call, index, attempt, at: clock.now });
    const value = held.values[index - first] ?? 0;
    const behaviour = behaviourOf(value, attempt);
    const seconds = behaviour === 'hangs' ? this.#spec.timeout : secondsOf(this.#spec) * dice.between(0.5, 1.5);
    const running: Running = { held, index, seconds, inside: undefined };
    this.#running.add(running);
    held.next = index + 1;
    if (behaviour === 'nests') return this.#nest(running, value);
    const end = (): void => this.#awake(() => this.#running.has(running) && this.#finish(running, behaviour, value));
    clock.after(seconds * 1000, end);
  }

  /** Its own client makes a call; the input goes on when that has ended. */
  #nest(running: Running, value: number): void {
    const { lease } = running.held;
    const client = this.world.callInside({ call_id: lease.call, index: running.index });
    running.inside = client;
    if (this.#isSeveral && this.world.dice.chance(0.2)) this.#isStill = true;
    this.#tellWaiting();
    client.onDone = () =>
      this.#awake(() => {
        if (!this.#running.has(running)) return;
        this.#comeBack(running);
        this.#finish(running, 'works', value);
      });
  }

  #comeBack(running: Running): void {
    if (running.inside === undefined) return;
    running.inside.leave(Infinity);
    running.inside = undefined;
    this.#isStill = false;
    this.#tellWaiting();
  }

  /** Says so if it has changed whether all that it runs waits, or waits standing still. */
  #tellWaiting(): void {
    const all = [...this.#running];
    const isWaiting = all.length > 0 && all.every(({ inside }) => inside !== undefined);
    const now = this.#isStill ? 'still' : isWaiting ? 'waits' : '';
    if (this.#link?.isOpen !== true || now === this.#told) return;
    this.#told = now;
    const waiting = now !== '';
    if (now === 'still' || (waiting && !this.#isSeveral)) this.#owed += 1;
    const still = this.#isStill ? { newest: this.#newest } : {};
    this.#link.once('gateway', () =>
      this.world.gateway.apply({ type: 'container.waiting', container: this.id, waiting, ...still }),
    );
  }

  #finish(running: Running, behaviour: Behaviour, value: number): void {
    const { held, index, seconds } = running;
    const at = { lease: held.lease.lease, index };
    if (behaviour === 'dies') return this.die({ reason: 'signal', ...at });
    if (behaviour === 'swells') return this.die({ reason: 'memory', ...at });
    if (behaviour === 'hangs' && this.world.dice.chance(0.5)) return this.die({ reason: 'timeout', ...at });
    this.#running.delete(running);
    const status = STATUSES[behaviour] ?? SUCCEEDED;
    this.#buffer.push({ index, status, value: status === SUCCEEDED ? f(value) : -1 });
    this.#bufferSeconds += seconds;
    if (this.#isSeveral) this.#flushOne(held);
    else if (held.next < held.stop && (seconds > 0.002 || this.#bufferSeconds > 0.05)) this.#flushBuffer(held, false);
    this.#step();
  }

  /** Of several, each outcome is sent at once. */
  #flushOne(held: Held): void {
    const isOver = held.next >= held.stop && ![...this.#running].some((other) => other.held === held);
    if (isOver) this.#leases = this.#leases.filter((other) => other !== held);
    this.#flushBuffer(held, isOver);
  }

  #flushBuffer(held: Held, ended: boolean): void {
    const told = this.#buffer;
    const seconds = told.length === 0 ? 0 : this.#bufferSeconds / told.length;
    this.#buffer = [];
    this.#bufferSeconds = 0;
    this.#flush(held, told, seconds, ended);
  }

  #flush({ lease }: Held, told: readonly Told[], seconds: number, ended: boolean): void {
    this.#seq += 1;
    const batch = { seq: this.#seq, lease, told, seconds, ended };
    this.#unacknowledged.push(batch);
    this.#sendBatch(batch);
  }

  #sendBatch(batch: Batch): void {
    this.#link?.send('gateway', () => tell(this.world.gateway, this.id, batch));
  }
}
