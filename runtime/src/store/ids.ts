// The names a store gives itself when it is made: six characters for every call id of it, and its epoch.

import { randomBytes } from 'node:crypto';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function storeId(): string {
  return crockford(6);
}

export function epochText(): string {
  return crockford(16);
}

function crockford(length: number): string {
  return [...randomBytes(length)].map((byte) => CROCKFORD.charAt(byte & 31)).join('');
}
