// The outcomes of a lease whose payload cannot be had any more, in a container's own form: each input fails with the reason.

import { FAILED, NO_RETRY, type OutcomesPut } from '@farcall/kernel-bridge/wire';

import type { Lease } from './containers.js';
import { bytesOf, filledU32, joined } from './tables.js';

export interface UnreadableBatch {
  readonly message: OutcomesPut;
  readonly indexes: Uint32Array;
  readonly payload: Uint8Array;
}

export function unreadableBatch(
  lease: Lease,
  failure: { readonly payload: Uint8Array; readonly kind: string },
  why: string,
): UnreadableBatch {
  const { count, first } = lease;
  const indexes = Uint32Array.from({ length: count }, (_, at) => first + at);
  const message: OutcomesPut = {
    type: 'outcomes.put',
    seq: 0,
    lease: lease.lease,
    call_id: lease.call,
    attempt: lease.attempt,
    ended: true,
    indexes: bytesOf(indexes),
    statuses: new Uint8Array(count).fill(FAILED | NO_RETRY),
    seconds: new Uint8Array(4 * count),
    lengths: bytesOf(filledU32(count, failure.payload.length)),
    failures: Array.from(indexes, (index) => ({
      index,
      code: 'payload.unreadable' as const,
      kind: failure.kind,
      message: why.slice(0, 2000),
      where: '',
    })),
  };
  return { message, indexes, payload: joined(Array.from({ length: count }, () => failure.payload)) };
}
