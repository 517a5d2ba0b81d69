// A simulated client: opens its calls under ids of its own, feeds and seals them, reads their outcomes to the end, and sends
// everything again that was not acknowledged when its connection comes back.

import { SUCCEEDED, type CallId, type ClientId } from '@farcall/kernel-bridge/wire';

import type { CallOpening } from '../../runtime/src/core/events.js';
import type { ClientDoor } from './gateway.js';
import type { Told } from './history.js';
import type { Link } from './link.js';
import type { Plan } from './plans.js';
import type { World } from './world.js';

interface Reading {
  readonly plan: Plan;
  readonly base?: { readonly call: CallId; readonly indexes: Uint32Array };
  /** What input i of it is. */
  values: readonly number[];
  isOpened: boolean;
  isClosed: boolean;
  isSealed: boolean;
  hasSentSeal: boolean;
  isDetached: boolean;
  wantsCancel: boolean;
  isCancelled: boolean;
  isEnded: boolean;
  accepted: number;
  sent: number;
  readonly told: Told[];
}

/** Inputs sent and not acknowledged. */
const CREDIT = 400;

export class SimClient {
  isAlive = true;
  readonly #calls: Reading[] = [];
  #door: ClientDoor | undefined;
  #link: Link | undefined;
  #backAt = 0;
  #onDone: () => void = () => undefined;

  constructor(
    private readonly world: World,
    readonly id: ClientId,
    plans: readonly Plan[],
  ) {
    for (const plan of plans)
      world.clock.after(plan.parent === undefined ? world.dice.between(0, 3_000) : 0, () => this.#begin(plan));
    this.connect();
  }

  get isDone(): boolean {
    return !this.isAlive || (this.#calls.length > 0 && this.#calls.every(({ isEnded }) => isEnded));
  }

  set onDone(run: () => void) {
    this.#onDone = run;
  }

  get openCalls(): string[] {
    return this.#calls
      .filter(({ isEnded }) => !isEnded)
      .map(({ plan, told, accepted }) => `${plan.call} (${accepted} accepted, ${told.length} told)`);
  }

  connect(): void {
    const { clock, dice, gateway } = this.world;
    if (!this.isAlive || this.#link?.isOpen === true) return;
    const waitMs = Math.max(this.#backAt - clock.now, gateway.isUp ? 0 : dice.between(50, 1_000));
    if (waitMs > 0) return clock.after(waitMs, () => this.connect());
    const link = this.world.link({
      near: () => clock.after(dice.between(10, 1_000), () => this.connect()),
      gateway: () => this.#onGone(door),
    });
    const door = this.#makeDoor(link);
    this.#link = link;
    this.#door = door;
    link.once('gateway', () => {
      gateway.clients.add(door);
      gateway.apply({ type: 'client.connected', client: this.id });
    });
    for (const reading of this.#calls) if (!reading.isEnded) this.#sync(reading);
  }

  /** Gone for a while; Infinity: for good. */
  leave(ms: number): void {
    this.#backAt = this.world.clock.now + ms;
    this.#link?.cut();
    if (ms === Infinity) this.isAlive = false;
  }

  #begin(plan: Plan): void {
    const reading = this.#read(plan, plan.values);
    const { clock } = this.world;
    if (plan.cancelAfterMs > 0)
      clock.after(plan.cancelAfterMs, () => {
        reading.wantsCancel = true;
        this.#cancel(reading);
      });
    if (plan.detachAfterMs > 0)
      clock.after(plan.detachAfterMs, () => {
        reading.isDetached = true;
        this.#detach(reading);
      });
  }

  #read(plan: Plan, values: readonly number[], base?: Reading['base']): Reading {
    const flags = {
      isOpened: false,
      isClosed: base !== undefined,
      isSealed: base !== undefined,
      hasSentSeal: false,
      isDetached: false,
      wantsCancel: false,
      isCancelled: false,
      isEnded: false,
    };
    const reading: Reading = { plan, values, ...flags, accepted: 0, sent: 0, told: [], ...(base && { base }) };
    this.#calls.push(reading);
    this.#sync(reading);
    return reading;
  }

  /** Brings the gateway up to date: everything unacknowledged goes (again), sometimes with more than that. */
  #sync(reading: Reading): void {
    const { plan } = reading;
    reading.hasSentSeal = false;
    if (!reading.isOpened)
      this.#send(() =>
        this.world.gateway.apply({ type: 'call.opened', opening: this.#opening(reading) }, { ...this.#source }),
      );
    reading.sent = this.world.dice.chance(0.3)
      ? Math.max(0, reading.accepted - this.world.dice.whole(1, plan.chunk))
      : reading.accepted;
    if (plan.isSized) this.#seal(reading);
    this.#feed(reading);
    this.#cancel(reading);
    if (reading.isDetached) this.#detach(reading);
    const after = reading.told.length;
    const door = this.#door;
    if (door !== undefined) this.#link?.once('gateway', () => this.world.gateway.attach(door, plan.call, after));
  }

  #opening({ plan, base }: Reading): CallOpening {
    const { call, function: fn, onFailure, onOwnerLost, attached, parent } = plan;
    const whose = { kind: 'map', client: this.id, origin: '', ...(parent && { parent }) } as const;
    const opening = { call, function: fn, onFailure, onOwnerLost, attached, calls: this.world.callees, ...whose };
    return base === undefined ? opening : { ...opening, base };
  }

  #feed(reading: Reading): void {
    const { plan } = reading;
    const link = this.#link;
    if (link?.isOpen !== true || reading.isClosed || reading.isEnded) return;
    while (reading.sent < plan.values.length && reading.sent - reading.accepted < CREDIT) {
      const first = reading.sent;
      const values = plan.values.slice(first, first + plan.chunk);
      reading.sent += values.length;
      this.#send(() =>
        this.world.gateway.apply(
          { type: 'inputs.arrived', call: plan.call, first, count: values.length, bytes: values.length * 8 },
          { ...this.#source, values, first },
        ),
      );
      if (plan.paceMs > 0) return this.world.clock.after(plan.paceMs, () => this.#link === link && this.#feed(reading));
    }
    if (reading.sent >= plan.values.length) this.#seal(reading);
    // Out of credit; one without a pace goes on when it is given some.
    else if (plan.paceMs > 0) this.world.clock.after(plan.paceMs, () => this.#link === link && this.#feed(reading));
  }

  #seal(reading: Reading): void {
    if (reading.isSealed || reading.isClosed || reading.hasSentSeal || reading.isEnded) return;
    const { call, values } = reading.plan;
    reading.hasSentSeal = true;
    const event = { type: 'call.sealed', call, count: values.length } as const;
    this.#send(() => this.world.gateway.apply(event, { ...this.#source }));
  }

  #detach({ plan: { call }, isEnded }: Reading): void {
    if (!isEnded) this.#send(() => this.world.gateway.apply({ type: 'call.detached', call }));
  }

  #cancel(reading: Reading): void {
    if (!reading.wantsCancel || reading.isCancelled || reading.isEnded) return;
    const { call, cancelScope: scope, terminates: terminate } = reading.plan;
    const event = { type: 'call.cancelled', call, scope, terminate } as const;
    this.#send(() => this.world.gateway.apply(event, { ...this.#source }));
  }

  get #source(): { readonly client?: ClientDoor } {
    return this.#door === undefined ? {} : { client: this.#door };
  }

  #makeDoor(link: Link): ClientDoor {
    const near = (call: CallId | undefined, run: (reading: Reading) => void): void =>
      link.send('near', () => {
        const reading = this.#calls.find(({ plan }) => plan.call === call);
        if (this.isAlive && reading !== undefined) run(reading);
      });
    return {
      accepted: (call, what, count) => near(call, (reading) => this.#onAccepted(reading, what, count)),
      inputs: (call, through) => near(call, (reading) => this.#onInputs(reading, through)),
      refused: (call, code, message) => near(call, (reading) => this.#onRefused(reading, code, message)),
      outcomes: (call, seq, told) => near(call, (reading) => this.#onOutcomes(reading, seq, told)),
      ended: (call, count, seq) => near(call, (reading) => this.#onEnded(reading, count, seq)),
    };
  }

  #onAccepted(reading: Reading, what: 'open' | 'seal' | 'cancel', count: number): void {
    if (what === 'open') reading.isOpened = true;
    if (what === 'seal') {
      reading.isSealed = true;
      this.world.history.accepted(reading.plan.call, count);
    }
    if (what !== 'cancel') return;
    reading.isCancelled = true;
    if (reading.plan.cancelScope === 'all') this.world.history.quiet(reading.plan.call, this.world.clock.now + 2_000);
  }

  #onInputs(reading: Reading, through: number): void {
    reading.accepted = Math.max(reading.accepted, through);
    this.world.history.accepted(reading.plan.call, through);
    if (reading.plan.paceMs === 0) this.#feed(reading);
  }

  #onRefused(reading: Reading, code: string, message: string): void {
    if (code === 'call.closed') reading.isClosed = true;
    else if (code === 'resource.impossible') this.#onEnd(reading);
    else if (reading.isEnded) return;
    else if (!(code === 'not.found' && !reading.isOpened))
      this.world.history.broken(`${reading.plan.call} was refused: ${code}, ${message}`);
  }

  #onOutcomes(reading: Reading, seq: number, told: readonly Told[]): void {
    const known = reading.told.length;
    if (seq > known)
      this.world.history.broken(`${reading.plan.call}: outcomes from ${seq} on were told, ${known} were known`);
    reading.told.push(...told.slice(known - seq));
  }

  #onEnded(reading: Reading, count: number, seq: number): void {
    if (reading.isEnded) return;
    const { plan, told, values } = reading;
    if (seq !== told.length)
      this.world.history.broken(`${plan.call} ended at ${seq}, ${told.length} outcomes were told`);
    this.world.history.read(plan.call, count, told, values);
    if (plan.resumes !== '' && reading.base === undefined) this.#resume(reading);
    this.#onEnd(reading);
  }

  #onEnd(reading: Reading): void {
    reading.isEnded = true;
    if (this.isDone) this.#onDone();
  }

  /** A derived call of all that did not succeed, or of some of them by index. */
  #resume({ plan, told, values }: Reading): void {
    const left = told
      .filter(({ status }) => status !== SUCCEEDED)
      .map(({ index }) => index)
      .sort((a, b) => a - b)
      .filter((_, at) => plan.resumes === 'all' || at % 2 === 0);
    if (left.length === 0) return;
    const indexes = plan.resumes === 'all' ? new Uint32Array() : Uint32Array.from(left);
    const call = `${plan.call}-again` as CallId;
    const again = { ...plan, call, cancelAfterMs: 0, onFailure: 'continue' as const };
    const chosen = left.map((index) => values[index] ?? 0);
    this.#read(again, chosen, { call: plan.call, indexes });
  }

  #onGone(door: ClientDoor): void {
    const { gateway } = this.world;
    gateway.cursors.delete(door);
    // A newer connection of the same client keeps it present.
    if (gateway.clients.delete(door) && this.#door === door) gateway.apply({ type: 'client.lost', client: this.id });
  }

  #send(run: () => void): void {
    this.#link?.send('gateway', run);
  }
}
