// Whose something is. A person is the name of a token, so that a new token of the same name reaches what the old one made; the
// home's own token is its owner's, with an empty name. A call is its opener's, and a container reaches what the people reach whose
// inputs it runs.

import type { CallId, FunctionId, Parent } from '@farcall/kernel-bridge/wire';

import type { ClientSession } from './clients.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';

export const OWNER = '';
type Known = Pick<Parts, 'calls' | 'containers' | 'tokenBook' | 'putters'>;

/** Who put which function first, as far as it is remembered: a container that came up without an input belongs to them. */
export class Putters {
  readonly #people = new Map<FunctionId, Set<string>>();

  note(function_: FunctionId, person: string): void {
    const people = this.#people.get(function_);
    if (people === undefined) this.#people.set(function_, new Set([person]));
    else people.add(person);
  }

  of(function_: FunctionId): Iterable<string> {
    return this.#people.get(function_) ?? [];
  }
}

/** The person that a message of this client speaks for. `parent`: the input that asks, inside a container. */
export function personOf(parts: Known, client: ClientSession, parent?: Parent): string {
  if (client.inside === undefined) return personOutside(client);
  if (parent !== undefined && parts.containers.get(client.inside)?.holds(parent.call_id, parent.index) === true)
    return personOfCall(parts, parent.call_id);
  const people = peopleOf(parts, client);
  const [only] = people;
  if (only !== undefined && people.size === 1) return only;
  throw new Refusal(
    'not.allowed',
    'this container runs no input, so nobody knows for whom it asks: ask inside an input',
  );
}

/** Whether what this person made is within the client's reach. */
export function reaches(parts: Known, client: ClientSession, person: string): boolean {
  return client.inside === undefined ? personOutside(client) === person : peopleOf(parts, client).has(person);
}

/** The field that says it; absent for the home's owner. */
export function ownedBy(person: string): { readonly person?: string } {
  return person === OWNER ? {} : { person };
}

export function personOfCall(parts: Pick<Parts, 'calls'>, call: CallId): string {
  return parts.calls.get(call)?.person ?? OWNER;
}

function personOutside(client: ClientSession): string {
  const { principal } = client.connection.peer;
  return 'person' in principal ? (principal.person ?? OWNER) : OWNER;
}

/** Of a container: those whose inputs it holds; before its first one, those who may have wanted it. */
function peopleOf(parts: Known, client: ClientSession): ReadonlySet<string> {
  const container = client.inside === undefined ? undefined : parts.containers.get(client.inside);
  if (container === undefined) return new Set();
  const held = new Set(Array.from(container.leases.values(), ({ call }) => personOfCall(parts, call)));
  if (held.size > 0) return held;
  const waiting = parts.calls.peopleOf(container.function_);
  const wanted = new Set([...waiting, ...parts.putters.of(container.function_)]);
  return wanted.size > 0 || parts.tokenBook.list().length > 0 ? wanted : new Set([OWNER]);
}
