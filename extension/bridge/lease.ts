// Which calls are on the screen. The kernel sends progress only for calls under lease (10 minutes), so a sleeping tab
// gets no flood; each message to a busy kernel makes Lab show it as idle, so there are as few of them as possible.

import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';

/** Renewed a little before the kernel's 10 minutes are over. */
export const RENEW_MS = 8 * 60_000;

/** The kernel takes no more in one message. */
const MAX_IDS = 100;

export interface LeaseOptions {
  /** Asks the kernel for the progress of these calls. */
  readonly send: (callIds: readonly string[]) => void;
  /** False for calls that can no longer change. */
  readonly isOpen: (callId: string) => boolean;
}

export class Lease implements IDisposable {
  readonly #wanted = new Map<string, number>();
  readonly #leasedAt = new Map<string, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isDue = false;
  isDisposed = false;

  constructor(private readonly options: LeaseOptions) {}

  /** The call is on a visible screen until the result is disposed. */
  want(callId: string): IDisposable {
    this.#wanted.set(callId, (this.#wanted.get(callId) ?? 0) + 1);
    this.#timer ??= setInterval(() => this.#flush(), RENEW_MS);
    this.#ask();
    return new DisposableDelegate(() => this.#release(callId));
  }

  /** The call was just leased by a question of its own. */
  note(callId: string): void {
    this.#leasedAt.set(callId, Date.now());
  }

  /** The kernel's side is a new one, or came back: what is wanted is asked for again. */
  renew(): void {
    this.#leasedAt.clear();
    this.#ask();
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.#wanted.clear();
    clearInterval(this.#timer);
  }

  /** All cards that appear in one turn share one message. */
  #ask(): void {
    if (this.#isDue || this.isDisposed) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const now = Date.now();
    const due = [...this.#wanted.keys()].filter(
      (id) => this.options.isOpen(id) && now - (this.#leasedAt.get(id) ?? -Infinity) >= RENEW_MS,
    );
    if (due.length === 0) return;
    for (const id of due) this.#leasedAt.set(id, now);
    for (let at = 0; at < due.length; at += MAX_IDS) this.options.send(due.slice(at, at + MAX_IDS));
  }

  #release(callId: string): void {
    const left = (this.#wanted.get(callId) ?? 1) - 1;
    if (left > 0) this.#wanted.set(callId, left);
    else this.#wanted.delete(callId);
    if (this.#wanted.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
