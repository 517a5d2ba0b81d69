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
export interface Run {
  readonly call: string;
  readonly index: number;
  readonly attempt: number;
  readonly at: number;
}

export class History {
  /** Runs of an attempt that had run before. Only what a gateway had given out when it died may be repeated. */
  repeats = 0;
  #mayRepeat = 0;
  readonly #runs = new Map<string, Set<number>>();
  readonly #recorded = new Map<string, Map<number, Told>>();
  readonly #accepted = new Map<string, number>();
  readonly #quietAfter = new Map<string, number>();
  readonly #parents = new Map<string, { readonly call: string; readonly index: number }>();
  /** Deaths that an input has brought upon containers: `call index` → how many. */
  readonly #deaths = new Map<string, number>();

  broken(sentence: string): never {
    throw new Error(`the promise is broken: ${sentence}`);
  }

  /** A running input makes a call. */
  nested(call: string, parent: { readonly call: string; readonly index: number }): void {
    this.#parents.set(call, parent);
  }

  /** A container begins an input. */
  ran({ call, index, attempt, at }: Run): void {
    const runs = this.#runs.get(call) ?? new Set<number>();
    this.#runs.set(call, runs);
    const key = index * 65_536 + attempt;
    if (runs.has(key)) this.repeats += 1;
    if (this.repeats > this.#mayRepeat) this.broken(`${call}[${index}] ran attempt ${attempt} twice`);
    runs.add(key);
    const quietAt = this.#quietAt(call);
    if (at > quietAt)
      this.broken(`${call}[${index}] began ${Math.round(at - quietAt)} ms after its call should be quiet`);
  }

  /** A container died, and its supervisor saw that this input ran in it. Returns how often that was so by now. */
  killed(call: string, index: number): number {
    const key = `${call} ${index}`;
    const deaths = (this.#deaths.get(key) ?? 0) + 1;
    this.#deaths.set(key, deaths);
    return deaths;
  }

  deathsOf(call: string, index: number): number {
    return this.#deaths.get(`${call} ${index}`) ?? 0;
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

  /** From now on none of the call's inputs may begin, nor any of the calls they made. */
  quiet(call: string, at: number): void {
    if (!this.#quietAfter.has(call)) this.#quietAfter.set(call, at);
  }

  /** The gateway died while `inFlight` inputs were with containers. A cancel that had just gone out may have to go out again. */
  gatewayDied(inFlight: number): void {
    this.#mayRepeat += inFlight;
    this.#quietAfter.clear();
  }

  /** Messages may come twice or late: `count` more runs may be repeated. */
  mayRepeat(count: number): void {
    this.#mayRepeat += count;
  }

  /** Whoever made the call read it to its end. */
  read(call: string, count: number, told: readonly Told[], inputs: readonly number[]): void {
    const accepted = this.#accepted.get(call) ?? 0;
    if (count < accepted) this.broken(`${call} ended with ${count} inputs, ${accepted} were accepted`);
    this.readElsewhere(call, count, told);
    for (const { index, status, value } of told)
      if (status === SUCCEEDED && value !== f(inputs[index] ?? Number.NaN))
        this.broken(`${call}[${index}] is ${value}, not ${f(inputs[index] ?? Number.NaN)}`);
  }

  /** Some reader read a call to its end: all of it, once, as it was recorded. */
  readElsewhere(call: string, count: number, told: readonly Told[]): void {
    if (told.length !== count) this.broken(`${call} ended with ${count} inputs and ${told.length} outcomes`);
    const byIndex = new Map(told.map((outcome) => [outcome.index, outcome]));
    const recorded = this.#recorded.get(call);
    for (let index = 0; index < count; index += 1) {
      const outcome = byIndex.get(index);
      if (outcome === undefined) this.broken(`${call}[${index}] was not delivered`);
      if (![SUCCEEDED, FAILED, CANCELLED, TIMED_OUT].includes(outcome.status))
        this.broken(`${call}[${index}] is not final`);
      const kept = recorded?.get(index);
      if (kept?.status !== outcome.status || kept.value !== outcome.value)
        this.broken(`${call}[${index}] was delivered otherwise than recorded`);
    }
  }

  /** The earliest moment by which the call, or one above it whose cancelled input made it, should have been quiet. */
  #quietAt(call: string): number {
    let at = this.#quietAfter.get(call) ?? Infinity;
    for (let parent = this.#parents.get(call); parent !== undefined; parent = this.#parents.get(parent.call)) {
      const isCancelled = this.#recorded.get(parent.call)?.get(parent.index)?.status === CANCELLED;
      if (isCancelled) at = Math.min(at, this.#quietAfter.get(parent.call) ?? Infinity);
    }
    return at;
  }
}
