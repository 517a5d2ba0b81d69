// Somebody else who reads a call to its end, with a cursor of its own: another kernel, or the same one after a restart.

import type { CallId } from '@farcall/kernel-bridge/wire';

import type { ClientDoor } from './gateway.js';
import type { Told } from './history.js';
import type { Link } from './link.js';
import type { World } from './world.js';

export class SimReader {
  #isEnded = false;
  #isGone = false;
  #link: Link | undefined;
  #told: Told[] = [];

  constructor(
    private readonly world: World,
    private readonly call: CallId,
  ) {
    world.clock.after(world.dice.between(0, 10_000), () => this.#connect());
  }

  /** It has read all there is, or its call was never recorded: nobody will end it. */
  get isDone(): boolean {
    return this.#isEnded || !this.world.store.calls.has(this.call);
  }

  leave(_ms: number): void {
    this.#isGone = true;
    this.#link?.cut();
  }

  #connect(): void {
    const { clock, dice, gateway } = this.world;
    if (this.#isGone || this.#link?.isOpen === true) return;
    if (!gateway.isUp) return clock.after(dice.between(50, 1_000), () => this.#connect());
    // A new kernel begins at the beginning.
    if (dice.chance(0.3)) this.#told = [];
    const link = this.world.link({
      near: () => clock.after(dice.between(10, 1_000), () => this.#connect()),
      gateway: () => {
        gateway.cursors.delete(door);
        gateway.clients.delete(door);
      },
    });
    const door = this.#makeDoor(link);
    const after = this.#told.length;
    this.#link = link;
    link.once('gateway', () => {
      gateway.clients.add(door);
      gateway.attach(door, this.call, after);
    });
  }

  #makeDoor(link: Link): ClientDoor {
    const nothing = (): void => undefined;
    return {
      accepted: nothing,
      inputs: nothing,
      refused: nothing,
      outcomes: (_call, seq, told) => link.send('near', () => this.#onOutcomes(link, seq, told)),
      ended: (_call, count, seq) => link.send('near', () => this.#onEnded(link, count, seq)),
    };
  }

  #onOutcomes(link: Link, seq: number, told: readonly Told[]): void {
    const known = this.#told.length;
    if (this.#link !== link) return;
    if (seq > known) this.world.history.broken(`a reader of ${this.call} was told ${seq} on, ${known} were known`);
    this.#told.push(...told.slice(known - seq));
  }

  #onEnded(link: Link, count: number, seq: number): void {
    if (this.#isEnded || this.#link !== link) return;
    if (seq !== this.#told.length)
      this.world.history.broken(`${this.call} ended at ${seq} for a reader that was told ${this.#told.length}`);
    this.world.history.readElsewhere(this.call, count, this.#told);
    this.#isEnded = true;
  }
}
