// RunStore: the calls this page knows live, by id. Bridges write into it, views and panels read; it knows neither DOM
// nor kernels. A call stays known after its kernel went away, marked as no longer connected.

import type { CallView, LiveCall } from '@farcall/kernel-bridge/notebook';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Pace } from './progress';
import { finished, isFinal } from './state';

export interface KnownCall {
  readonly call: LiveCall;
  readonly kernelId: string;
  /** Its kernel's bridge is speaking to us now. */
  readonly connected: boolean;
  /** Inputs a second over the last 30 s. */
  readonly perSecond: number;
  /** What to add to this browser's clock to get the kernel's, in seconds. */
  readonly skew: number;
  /** When it was last heard of, Unix seconds of the kernel's clock. */
  readonly seenAt: number;
}

/** More than this and the oldest ended calls are forgotten; their cards fall back to the saved snapshot. */
const MAX_CALLS = 500;

export class RunStore {
  readonly #known = new Map<string, KnownCall>();
  readonly #paces = new Map<string, Pace>();
  readonly #derived = new Map<string, string>();
  readonly #changed = new Signal<RunStore, string>(this);
  readonly #turned = new Signal<RunStore, LiveCall | undefined>(this);

  constructor(private readonly clock: () => number = () => Date.now() / 1000) {}

  /** A call moved; its id. */
  get changed(): ISignal<RunStore, string> {
    return this.#changed;
  }

  /** A call came, ended, or (undefined) the connections changed: what lists care about. */
  get turned(): ISignal<RunStore, LiveCall | undefined> {
    return this.#turned;
  }

  get(callId: string): KnownCall | undefined {
    return this.#known.get(callId);
  }

  /** All known calls, newest first. */
  all(): readonly KnownCall[] {
    return [...this.#known.values()].sort((a, b) => b.call.created_at - a.call.created_at);
  }

  running(): readonly KnownCall[] {
    return this.all().filter((known) => known.connected && !isFinal(known.call));
  }

  /** Takes what a kernel says of its calls; `skew` as in KnownCall. */
  apply(kernelId: string, calls: readonly LiveCall[], skew = 0): void {
    for (const call of calls) this.#take(kernelId, call, skew);
    this.#forget();
  }

  /** The kernel's bridge is gone: what it said stays, as the last known. */
  disconnect(kernelId: string): void {
    const lost = [...this.#known].filter(([, known]) => known.kernelId === kernelId && known.connected);
    for (const [id, known] of lost) {
      this.#known.set(id, { ...known, connected: false });
      this.#changed.emit(id);
    }
    if (lost.length > 0) this.#turned.emit(undefined);
  }

  /** `callId` goes on as `derivedId`: its card shows the new call from now on. */
  follow(callId: string, derivedId: string): void {
    if (this.latest(derivedId) === callId) return;
    this.#derived.set(callId, derivedId);
    this.#changed.emit(callId);
  }

  /** The card of `callId` shows that call itself again; what it was followed by goes on without it. */
  leave(callId: string): void {
    if (this.#derived.delete(callId)) this.#changed.emit(callId);
  }

  /** The last call of the chain of resumes that begins with this one. */
  latest(callId: string): string {
    let at = callId;
    for (let next = this.#derived.get(at); next !== undefined; next = this.#derived.get(at)) at = next;
    return at;
  }

  #take(kernelId: string, call: LiveCall, skew: number): void {
    const before = this.#known.get(call.call_id);
    const now = this.clock() + skew;
    const pace = this.#paces.get(call.call_id) ?? new Pace();
    this.#paces.set(call.call_id, pace);
    pace.see(now, finished(call.counts));
    const perSecond = pace.perSecond(call.rate);
    this.#known.set(call.call_id, { call, kernelId, connected: true, perSecond, skew, seenAt: now });
    this.#changed.emit(call.call_id);
    if (before === undefined || !before.connected || before.call.state !== call.state) this.#turned.emit(call);
  }

  #forget(): void {
    if (this.#known.size <= MAX_CALLS) return;
    const ended = this.all().filter((known) => isFinal(known.call));
    for (const { call } of ended.slice(MAX_CALLS - this.#known.size)) {
      this.#known.delete(call.call_id);
      this.#paces.delete(call.call_id);
    }
  }
}

/** The newer of two descriptions of the same call; a final one never gives way to an open one. */
export function newer(saved: CallView, known: CallView | undefined): CallView {
  if (known === undefined) return saved;
  return isFinal(saved) && !isFinal(known) ? saved : known;
}
