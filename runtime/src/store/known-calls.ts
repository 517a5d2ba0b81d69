// What the store file will certainly take: rows of calls that were put lately, each new and in its place, and entries of
// objects that are there. Only such groups may be written down and answered before the file has them; whatever is in doubt
// goes the way on which it can be refused.

import type { CallId, ObjectId } from '@farcall/kernel-bridge/wire';

import { sizeOf } from './outcome-rows.js';
import type { Operation } from './store.js';

/** Calls remembered; they are forgotten all at once. */
const MOST = 8192;

/** How far a call has come: chunks and outcomes from here on are new. */
interface Reached {
  inputs: number;
  seq: number;
}

export class KnownCalls {
  readonly #calls = new Map<CallId, Reached>();
  readonly #objects = new Set<ObjectId>();

  /** Takes note of a group. Whether each of its operations is certain to be taken. */
  take(group: readonly Operation[]): boolean {
    let certain = true;
    for (const operation of group) certain = this.#take(operation) && certain;
    return certain;
  }

  /** These objects are in the file. Only their own deletion takes them out. */
  holds(objects: Iterable<ObjectId>): void {
    for (const object of objects) this.#objects.add(object);
  }

  /** Calls may be deleted now: nothing is certain any more. */
  forget(): void {
    this.#calls.clear();
  }

  #take(operation: Operation): boolean {
    switch (operation.put) {
      case 'call':
        this.#put(operation.row.call_id, operation.row.seq);
        return true;
      case 'chunk':
        return this.#reach(operation.row.call_id, 'inputs', operation.row.first, operation.row.count);
      case 'outcomes':
      case 'settled':
        return this.#reach(operation.row.call_id, 'seq', operation.row.seq, sizeOf(operation.row));
      case 'object':
        this.#objects.add(operation.object);
        return true;
      case 'object.gone':
        this.#objects.delete(operation.object);
        return true;
      case 'entries':
        return this.#objects.has(operation.object);
      default:
        return true;
    }
  }

  #put(call: CallId, seq: number): void {
    if (this.#calls.has(call)) return;
    if (this.#calls.size >= MOST) this.#calls.clear();
    this.#calls.set(call, { inputs: 0, seq });
  }

  #reach(call: CallId, what: keyof Reached, from: number, count: number): boolean {
    const reached = this.#calls.get(call);
    if (reached === undefined) return false;
    const isNew = from >= reached[what];
    reached[what] = Math.max(reached[what], from + count);
    return isNew;
  }
}
