// What each field of each message must be, for the check at the edge; lists and maps are checked by their readers,
// which know what is inside. One table a topic, as in ../messages/.

import type { Message } from '../messages/index.js';
import { APPS } from './apps.js';
import { CALLS } from './calls.js';
import { CONNECTING } from './connecting.js';
import { CONTAINERS } from './containers.js';
import { ENVIRONMENTS } from './environments.js';
import { FUNCTIONS } from './functions.js';
import { GRAPH } from './graph.js';
import { HOSTS } from './hosts.js';
import { OBJECTS } from './objects.js';
import { OPERATIONS } from './operations.js';
import { OUTCOMES } from './outcomes.js';
import { WATCHING } from './watching.js';
import type { Shapes } from './kinds.js';

export const SHAPES: Shapes<Message> = {
  ...APPS,
  ...CALLS,
  ...CONNECTING,
  ...CONTAINERS,
  ...ENVIRONMENTS,
  ...FUNCTIONS,
  ...GRAPH,
  ...HOSTS,
  ...OBJECTS,
  ...OPERATIONS,
  ...OUTCOMES,
  ...WATCHING,
};

const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  int: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  text: (value) => typeof value === 'string',
  flag: (value) => typeof value === 'boolean',
  bytes: (value) => value instanceof Uint8Array,
  list: (value) => Array.isArray(value),
  map: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array),
};

type Checks = ReadonlyArray<
  readonly [field: string, optional: boolean, fits: (value: unknown) => boolean, kind: string]
>;
const CHECKS = new Map<string, Checks>(
  Object.entries(SHAPES).map(([type, fields]) => [type, Object.entries(fields as Record<string, string>).map(checkOf)]),
);

function checkOf([field, kind]: [string, string]): Checks[number] {
  const plain = kind.replace('?', '');
  return [field, kind.endsWith('?'), FITS[plain] ?? (() => false), plain];
}

/** Why `value` is not a message: `unknown type …`, or which field is wrong. Empty when it is one. */
export function misfit(value: unknown): string {
  if (FITS['map']?.(value) !== true) return 'the header is not a map';
  const record = value as Record<string, unknown>;
  const { type } = record;
  if (typeof type !== 'string') return `the header's type is no text`;
  const checks = CHECKS.get(type);
  if (checks === undefined) return `unknown type ${type.slice(0, 60)}`;
  for (const [field, optional, fits, kind] of checks) {
    const given = record[field];
    if (given === undefined ? !optional : !fits(given)) return `${type}.${field} is not ${kind}`;
  }
  return '';
}
