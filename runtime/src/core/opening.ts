// Calls as their clients make them: opened or derived, fed in chunks, sealed, cancelled, detached. Everything may be sent
// again and is then acknowledged again, never done twice.

import { CANCELLED, SUCCEEDED } from '@farcall/kernel-bridge/wire';

import { Call } from './call.js';
import { endIfSettled, seal } from './ending.js';
import type { CallOpening, Event } from './events.js';
import { refusalOf } from './feasible.js';
import { leave } from './life.js';
import type { State } from './state.js';
import { cancelCall } from './verdict.js';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

export function callOpened(s: State, { opening }: Of<'call.opened'>): void {
  if (s.calls.has(opening.call)) return s.out.tell({ do: 'accept.call', call: opening.call });
  const fn = s.functions.get(opening.function);
  if (fn === undefined) return refuse(s, opening, 'not.found', `the function ${opening.function} is not known here`);
  const impossible = refusalOf(s, fn, opening.parent);
  if (impossible !== '') return refuse(s, opening, 'resource.impossible', impossible);
  const indexes = opening.base && indexesOf(s, opening.base);
  if (typeof indexes === 'string') return refuse(s, opening, 'not.found', indexes);
  const call = addCall(s, indexes && opening.base ? { ...opening, base: { ...opening.base, indexes } } : opening);
  call.createdAt = s.at;
  s.out.persist({ do: 'persist.call', call: call.id });
  s.out.tell({ do: 'accept.call', call: call.id });
  learnCallee(s, call);
  if (indexes !== undefined) fillDerived(s, call, indexes.length);
  if (isUnwanted(s, opening)) cancelCall(s, call, 'all', 'the input that made it was cancelled');
  s.out.shown(call);
}

/** Who calls it now may do so again, as may who called that. */
function learnCallee(s: State, call: Call): void {
  for (let { parent } = call.opening; parent !== undefined;) {
    const above = s.calls.get(parent.call_id);
    above?.fn.callees.add(call.fn.id);
    parent = above?.opening.parent;
  }
}

/** Enters a new or restored call into the books. */
export function addCall(s: State, opening: CallOpening): Call {
  const fn = s.functions.get(opening.function);
  if (fn === undefined) throw new Error(`call ${opening.call} of an unknown function`);
  const call = new Call(opening, fn);
  s.calls.set(call.id, call);
  s.openCalls += 1;
  fn.isWanted = true;
  for (const callee of opening.calls ?? []) fn.callees.add(callee);
  s.client(opening.client).calls.add(call);
  const base = opening.base && s.calls.get(opening.base.call);
  if (base !== undefined) base.dependents += 1;
  if (opening.parent !== undefined) {
    const siblings = s.children.get(opening.parent.call_id);
    if (siblings === undefined) s.children.set(opening.parent.call_id, new Set([call]));
    else siblings.add(call);
  }
  return call;
}

export function inputsArrived(s: State, { call: id, first, count, bytes }: Of<'inputs.arrived'>): void {
  const call = s.calls.get(id);
  if (call === undefined) return s.out.tell({ do: 'refuse', call: id, code: 'not.found', message: 'no such call' });
  const known = call.inputs.length;
  const end = first + count;
  if (end > known && call.isSealed)
    return s.out.tell({ do: 'refuse', call: id, code: 'call.closed', message: 'the call takes no more inputs' });
  if (first > known)
    return s.out.tell({
      do: 'refuse',
      call: id,
      code: 'request.invalid',
      message: `inputs ${known} to ${first - 1} are missing`,
    });
  if (end > known) {
    if (call.announced >= 0 && end > call.announced)
      return s.out.tell({
        do: 'refuse',
        call: id,
        code: 'request.invalid',
        message: `the call was sealed at ${call.announced}`,
      });
    call.append(end - known, count > 0 ? bytes / count : 0);
    s.out.persist({ do: 'persist.inputs', call: id, first: known, count: end - known });
    call.fn.enlist(call);
    s.touch(call.fn);
    s.out.shown(call);
  }
  s.out.tell({ do: 'accept.inputs', call: id, through: call.inputs.length });
  if (call.announced === call.inputs.length) sealAt(s, call);
}

export function callSealed(s: State, { call: id, count }: Of<'call.sealed'>): void {
  const call = s.calls.get(id);
  if (call === undefined) return s.out.tell({ do: 'refuse', call: id, code: 'not.found', message: 'no such call' });
  // A call that closed by itself (a failure, a cancel) answers with where it closed.
  if (call.isSealed) return s.out.tell({ do: 'accept.seal', call: id, count: call.inputs.length });
  if (count < call.inputs.length)
    return s.out.tell({
      do: 'refuse',
      call: id,
      code: 'request.invalid',
      message: `it has ${call.inputs.length} inputs already`,
    });
  call.announced = count;
  // A seal that is ahead of its inputs waits for them: durable must mean that all are there.
  if (count === call.inputs.length) sealAt(s, call);
}

export function callCancelled(s: State, { call: id, scope, terminate }: Of<'call.cancelled'>): void {
  const call = s.calls.get(id);
  if (call === undefined) return s.out.tell({ do: 'refuse', call: id, code: 'not.found', message: 'no such call' });
  if (terminate && scope === 'all')
    for (const { container } of call.leases) if (!container.isKilled) leave(s, container, 'kill');
  cancelCall(s, call, scope, 'the call was cancelled');
  s.out.tell({ do: 'accept.cancel', call: id });
}

export function callDetached(s: State, { call: id }: Of<'call.detached'>): void {
  const call = s.calls.get(id);
  if (call === undefined || !call.attached) return;
  call.attached = false;
  s.out.changed(call);
}

/** Where an input of a call is stored: through chains of derived calls, as far as they are known here. */
export function baseInput(
  s: State,
  id: Call['id'],
  index: number,
): { readonly call: Call['id']; readonly index: number } {
  let at = { call: id, index };
  for (let base = s.calls.get(id)?.opening.base; base !== undefined; base = s.calls.get(at.call)?.opening.base)
    at = { call: base.call, index: base.indexes[at.index] ?? 0 };
  return at;
}

function sealAt(s: State, call: Call): void {
  seal(s, call);
  s.out.tell({ do: 'accept.seal', call: call.id, count: call.inputs.length });
  endIfSettled(s, call);
}

function fillDerived(s: State, call: Call, count: number): void {
  call.append(count, 0);
  call.fn.enlist(call);
  s.touch(call.fn);
  seal(s, call);
  endIfSettled(s, call);
}

/** Which inputs of the base; a sentence if that cannot be said. */
function indexesOf(
  s: State,
  wanted: { readonly call: Call['id']; readonly indexes: Uint32Array },
): Uint32Array | string {
  const base = s.calls.get(wanted.call);
  if (base === undefined) return `the call ${wanted.call}, whose inputs are to run again, is not known here`;
  if (wanted.indexes.length > 0) {
    const isInside = wanted.indexes.every((index) => index < base.inputs.length);
    return isInside ? wanted.indexes : `the call ${wanted.call} has only ${base.inputs.length} inputs`;
  }
  const all = base.inputs.stretches(0, base.inputs.length).filter(({ state }) => state !== SUCCEEDED);
  return Uint32Array.from(all.flatMap(({ first, count }) => Array.from({ length: count }, (_, at) => first + at)));
}

/** Its parent was cancelled while it was on its way here. */
function isUnwanted(s: State, { parent }: CallOpening): boolean {
  const above = parent && s.calls.get(parent.call_id);
  return above !== undefined && above.inputs.state(parent?.index ?? 0) === CANCELLED;
}

function refuse(s: State, opening: CallOpening, code: 'not.found' | 'resource.impossible', message: string): void {
  s.out.tell({ do: 'refuse', call: opening.call, code, message });
}
