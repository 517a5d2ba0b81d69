// The names of things on the wire. Clients make call ids, the gateway makes the rest; both sides only compare them.
// Shapes are in PROTOCOL.md §2; nothing here knows how an id is generated.

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `fc-<store 6><ulid 26>`: the store's id is inside, so a call of another gateway is refused by name. */
export type CallId = Branded<'CallId'>;
/** `fv-<32 hex>`: the content hash of a function's code, options and environment. */
export type FunctionId = Branded<'FunctionId'>;
/** `en-<32 hex>`: the hash of an interpreter, working directory and variables. */
export type EnvironmentId = Branded<'EnvironmentId'>;
/** `co-<ulid 26>` */
export type ContainerId = Branded<'ContainerId'>;
/** `cl-<ulid 26>`: one session object of a client; it survives reconnects. */
export type ClientId = Branded<'ClientId'>;
/** `ho-<ulid 26>`: one supervisor process. */
export type HostId = Branded<'HostId'>;
/** `di-<ulid 26>` or `qu-<ulid 26>`: a dict or a queue. */
export type ObjectId = Branded<'ObjectId'>;
/** `bl-<ulid 26>`: a payload stored as a file of its own. */
export type BlobId = Branded<'BlobId'>;

const CROCKFORD = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const HEX = /^[0-9a-f]{32}$/;

// What comes from inside a list was not looked at before, so it may be anything, whatever its type says.

export function isCallId(text: string): text is CallId {
  return typeof text === 'string' && text.startsWith('fc-') && /^[0-9A-HJKMNP-TV-Z]{32}$/.test(text.slice(3));
}
export function isBlobId(text: string): text is BlobId {
  return typeof text === 'string' && text.startsWith('bl-') && CROCKFORD.test(text.slice(3));
}
export function isObjectId(text: string): text is ObjectId {
  return typeof text === 'string' && /^(di|qu)-/.test(text) && CROCKFORD.test(text.slice(3));
}
export function isFunctionId(text: string): text is FunctionId {
  return typeof text === 'string' && text.startsWith('fv-') && HEX.test(text.slice(3));
}
export function storeOf(id: CallId): string {
  return id.slice(3, 9);
}
