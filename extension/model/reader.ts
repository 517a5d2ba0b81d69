// Reads untrusted data field by field: bundles come from notebook files that anyone may have written, events from a
// kernel that user code can reach. Wrong types are refused by name; long texts are cut; nothing is copied unread.

export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

export type Fields = Readonly<Record<string, unknown>>;

// Control characters and bidirectional overrides could disguise what a text says; tab and newline stay.
const DISGUISE = new RegExp(
  `[${['\\u0000-\\u0008', '\\u000b\\u000c', '\\u000e-\\u001f', '\\u007f-\\u009f', '\\u202a-\\u202e', '\\u2066-\\u2069'].join('')}]`,
  'g',
);
// Escape sequences of terminals: CSI (colours), OSC (titles, clipboard) and two-byte ones.
const ESCAPES = new RegExp(
  ['\\u001b\\[[0-?]*[ -/]*[@-~]', '\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?', '\\u001b[@-Z\\\\^_]'].join(
    '|',
  ),
  'g',
);

export function fields(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SchemaError(`${where}: an object was expected`);
  return value as Fields;
}

/** Plain text without terminal escapes or disguising characters, at most `limit` characters. */
export function clean(value: string, limit: number): string {
  const cut = value.length > limit ? `${value.slice(0, limit)}…` : value;
  return cut.replace(ESCAPES, '').replace(DISGUISE, '');
}

export function text(of: Fields, key: string, limit: number): string {
  const value = own(of, key);
  if (typeof value !== 'string') throw new SchemaError(`${key}: a text was expected`);
  return clean(value, limit);
}

/** A whole number from 0. */
export function whole(of: Fields, key: string): number {
  const value = own(of, key);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new SchemaError(`${key}: a count was expected`);
  return value;
}

/** A finite number from 0. */
export function amount(of: Fields, key: string): number {
  const value = own(of, key);
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new SchemaError(`${key}: a number was expected`);
  return value;
}

export function flag(of: Fields, key: string): boolean {
  const value = own(of, key);
  if (typeof value !== 'boolean') throw new SchemaError(`${key}: true or false was expected`);
  return value;
}

export function oneOf<T extends string>(of: Fields, key: string, words: readonly T[]): T {
  const value = own(of, key);
  const found = words.find((word) => word === value);
  if (found === undefined) throw new SchemaError(`${key}: one of ${words.join(', ')} was expected`);
  return found;
}

/** The first `limit` members of a list, each read by `read`. */
export function list<T>(of: Fields, key: string, read: { limit: number; item: (value: unknown) => T }): T[] {
  const value = own(of, key);
  if (!Array.isArray(value)) throw new SchemaError(`${key}: a list was expected`);
  return value.slice(0, read.limit).map(read.item);
}

/** The first `limit` texts of a list, each cut to `length`. */
export function texts(of: Fields, key: string, limit: number, length: number): string[] {
  return list(of, key, { limit, item: (value) => text({ [key]: value }, key, length) });
}

/** A MIME bundle whose values are texts; other values are left out. */
export function mimeBundle(of: Fields, key: string, limit: number): Readonly<Record<string, string>> {
  const entries = Object.entries(fields(own(of, key), key)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1].length <= limit,
  );
  return Object.fromEntries(entries.slice(0, 10));
}

function own(of: Fields, key: string): unknown {
  return Object.hasOwn(of, key) ? of[key] : undefined;
}
