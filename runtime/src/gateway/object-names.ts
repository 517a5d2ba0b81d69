// Which dicts and queues there are, by id and by name. A name is one person's, in one environment.

import type { ClientId, ObjectId, ObjectKind, ObjectOpen } from '@farcall/kernel-bridge/wire';

import type { ObjectRow } from '../store/objects.js';
import { Refusal } from './refusal.js';

const MOST = 100_000;

export class ObjectNames {
  readonly #rows = new Map<ObjectId, ObjectRow>();
  readonly #ids = new Map<string, ObjectId>();

  get size(): number {
    return this.#rows.size;
  }

  add(row: ObjectRow): void {
    this.#rows.set(row.object_id, row);
    if (row.name !== '') this.#ids.set(keyOf(row), row.object_id);
  }

  /** Whether it was there. */
  remove(row: ObjectRow): boolean {
    if (row.name !== '' && this.#ids.get(keyOf(row)) === row.object_id) this.#ids.delete(keyOf(row));
    return this.#rows.delete(row.object_id);
  }

  has(id: ObjectId): boolean {
    return this.#rows.has(id);
  }

  get(id: ObjectId): ObjectRow | undefined {
    return this.#rows.get(id);
  }

  /** The newest first. */
  named(kind: ObjectKind, environment: string): readonly ObjectRow[] {
    const all = [...this.#rows.values()].filter((row) => row.name !== '' && row.kind === kind);
    return all.filter((row) => row.environment === environment).reverse();
  }

  ephemeralOf(client: ClientId): readonly ObjectRow[] {
    return [...this.#rows.values()].filter((row) => row.name === '' && row.client === client);
  }

  /** What a person means who opens one; undefined: a new one is to be made. Throws a Refusal. */
  meant({ object_id, kind, name, environment, create }: ObjectOpen, person: string): ObjectRow | undefined {
    const named = name === '' ? undefined : this.#ids.get(keyOf({ kind, person, environment, name }));
    const found = this.#rows.get(named ?? object_id);
    if (found !== undefined) {
      if (found.person !== person || found.kind !== kind || found.name !== name)
        throw new Refusal('not.allowed', `${object_id} is another one's already`);
      if (create === 'must' && found.object_id !== object_id)
        throw new Refusal('request.invalid', `there is a ${kind} named "${name}" already`);
      return found;
    }
    if (name !== '' && create === 'never') throw new Refusal('not.found', `there is no ${kind} named "${name}" here`);
    if (this.#rows.size >= MOST)
      throw new Refusal('resource.exhausted', `${MOST} dicts and queues are here; delete some first`);
    return undefined;
  }
}

function keyOf({
  kind,
  person,
  environment,
  name,
}: Pick<ObjectRow, 'kind' | 'person' | 'environment' | 'name'>): string {
  return JSON.stringify([kind, person, environment, name]);
}
