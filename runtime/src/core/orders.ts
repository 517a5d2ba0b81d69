// Gathers what one event asks for, in the order the runtime needs it: what must be durable, what is done at once, and
// the facts that wait for the commit. Says each thing about a call once, however often it changed.

import type { Call } from './call.js';
import type { Command } from './commands.js';

export class Orders {
  #durable: Command[] = [];
  #immediate: Command[] = [];
  #facts: Command[] = [];
  readonly #changed = new Set<Call>();
  readonly #published = new Set<Call>();
  readonly #ended = new Set<Call>();
  readonly #shown = new Set<Call>();

  persist(command: Command): void {
    this.#durable.push(command);
  }

  act(command: Command): void {
    this.#immediate.push(command);
  }

  tell(command: Command): void {
    this.#facts.push(command);
  }

  /** The call's row is to be written. */
  changed(call: Call): void {
    this.#changed.add(call);
    this.#shown.add(call);
  }

  published(call: Call): void {
    this.#published.add(call);
    this.#shown.add(call);
  }

  ended(call: Call): void {
    this.#ended.add(call);
    this.changed(call);
  }

  shown(call: Call): void {
    this.#shown.add(call);
  }

  take(): Command[] {
    const all = this.#durable;
    for (const call of this.#changed) all.push({ do: 'persist.state', call: call.id });
    for (const command of this.#immediate) all.push(command);
    for (const command of this.#facts) all.push(command);
    for (const call of this.#published) all.push({ do: 'publish', call: call.id, seq: call.seq });
    for (const call of this.#ended)
      all.push({ do: 'end', call: call.id, state: call.state, count: call.inputs.length, seq: call.seq });
    for (const call of this.#shown) all.push({ do: 'show', call: call.id });
    this.#clear();
    return all;
  }

  #clear(): void {
    this.#durable = [];
    if (this.#immediate.length > 0) this.#immediate = [];
    if (this.#facts.length > 0) this.#facts = [];
    for (const set of [this.#changed, this.#published, this.#ended, this.#shown]) set.clear();
  }
}
