// What really happened, and whether delivery.md's promise was kept. Everyone reports here; the first broken promise ends the run.

import { CANCELLED, FAILED, SUCCEEDED, TIMED_OUT } from '@farcall/kernel-bridge/wire';

/** What functions compute here. */
export function f(x: number): number {
  return x * 31 + 7;
}

export interface Told {
  readonly index: number;
  readonly status: number;
  readonly value: number;
}

export class History {
  /** Runs of an attempt that had run before. Only what a gateway had given out when it died may be repeated. */
  repeats = 0;
  #mayRepeat = 0;
  #runs = new Set<string>();
  #recorded = new Map<string, Map<number, Told>>();
  #accepted = new Map<string, number>();
  #quietAfter = new Map<string, number>();

  broken(sentence: string): never {
    throw new Error(`the promise is broken: ${sentence}`);
  }

  /** A container begins an input. */
  ran(run: { readonly call: string; readonly index: number; readonly attempt: number; readonly at: number }): void {
    const { call, index, attempt, at } = run;
    const key = `${call} ${index} ${attempt}`;
    if (this.#runs.has(key)) this.repeats += 1;
    if (this.repeats > this.#mayRepeat) this.broken(`${call}[${index}] ran attempt ${attempt} twice`);
    this.#runs.add(key);
    const quietAt = this.#quietAfter.get(call);
    if (quietAt !== undefined && at > quietAt)
      this.broken(`${call}[${index}] began ${Math.round(at - quietAt)} ms after its call should be quiet`);
  }

  /** A client heard that inputs below `through` are durable. */
  accepted(call: string, through: number): void {
    this.#accepted.set(call, Math.max(through, this.#accepted.get(call) ?? 0));
  }

  /** Outcomes were committed at positions `seq` … */
  committed(call: string, seq: number, told: readonly Told[]): void {
    const known = this.#recorded.get(call) ?? new Map<number, Told>();
    this.#recorded.set(call, known);
    if (seq !== known.size) this.broken(`${call}: outcomes at ${seq}, but there are ${known.size}`);
    for (const outcome of told) {
      if (known.has(outcome.index)) this.broken(`${call}[${outcome.index}] has two outcomes`);
      if (outcome.status === SUCCEEDED && outcome.value < 0)
        this.broken(`${call}[${outcome.index}] succeeded without a value`);
      known.set(outcome.index, outcome);
    }
  }

  /** From now on none of the call's inputs may begin. */
  quiet(call: string, at: number): void {
    if (!this.#quietAfter.has(call)) this.#quietAfter.set(call, at);
  }

  /** The gateway died while `inFlight` inputs were with containers. A cancel that had just gone out may have to go out again. */
  gatewayDied(inFlight: number): void {
    this.#mayRepeat += inFlight;
    this.#quietAfter.clear();
  }

  /** A reader read a call to its end. */
  read(call: string, count: number, told: readonly Told[], inputs: readonly number[]): void {
    const accepted = this.#accepted.get(call) ?? 0;
    if (count < accepted) this.broken(`${call} ended with ${count} inputs, ${accepted} were accepted`);
    if (told.length !== count) this.broken(`${call} ended with ${count} inputs and ${told.length} outcomes`);
    const byIndex = new Map(told.map((outcome) => [outcome.index, outcome]));
    const recorded = this.#recorded.get(call);
    for (let index = 0; index < count; index += 1) {
      const outcome = byIndex.get(index);
      if (outcome === undefined) this.broken(`${call}[${index}] was not delivered`);
      if (![SUCCEEDED, FAILED, CANCELLED, TIMED_OUT].includes(outcome.status))
        this.broken(`${call}[${index}] is not final`);
      if (outcome.status === SUCCEEDED && outcome.value !== f(inputs[index] ?? Number.NaN))
        this.broken(`${call}[${index}] is ${outcome.value}, not ${f(inputs[index] ?? Number.NaN)}`);
      if (recorded?.get(index)?.status !== outcome.status)
        this.broken(`${call}[${index}] was delivered otherwise than recorded`);
    }
  }
}
