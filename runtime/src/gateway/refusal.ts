// A request that cannot be done. Thrown by handlers, answered as `failed`; the connection goes on.

import type { RefusalCode } from '@farcall/kernel-bridge/wire';

export class Refusal extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}
