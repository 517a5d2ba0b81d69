// What a store may refuse with. runtime.ts and main.ts tell them apart by class: Full becomes `resource.exhausted`,
// Expired becomes `output.expired`, the others end the gateway's start with their sentence.

export abstract class StoreError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Another process holds the store file. */
export class StoreBusy extends StoreError {
  constructor(readonly file: string) {
    super(`another process holds ${file}`);
  }
}

/** The disk is full, or so nearly full that new submits are refused. What was accepted goes on. */
export class StoreFull extends StoreError {}

/** The store file is damaged. At the opening it was moved to `setAside`; nothing was created in its place. */
export class StoreCorrupt extends StoreError {
  constructor(
    readonly why: string,
    readonly setAside: string | undefined,
  ) {
    super(
      setAside === undefined ? `the store is damaged (${why})` : `the store is damaged (${why}); moved to ${setAside}`,
    );
  }
}

/** A later farcall wrote this store. */
export class StoreTooNew extends StoreError {
  constructor(
    readonly found: number,
    readonly known: number,
  ) {
    super(`the store has schema ${found}, this farcall knows ${known}: upgrade farcall, or use another home`);
  }
}

/** The key of the home does not open what the store keeps sealed, or is no key. */
export class StoreKey extends StoreError {
  constructor(from: string, options?: ErrorOptions) {
    super(
      `the key in ${from} does not open the store's secrets: use the key they were sealed with, ` +
        'or another home (a key is 32 bytes in base64 or hex: openssl rand -base64 32)',
      options,
    );
  }
}

/** The payloads of this call were kept as long as promised and are gone; its tables may still be read. */
export class StoreExpired extends StoreError {
  constructor(readonly call: string) {
    super(`the payloads of ${call} are gone`);
  }
}

/** The store was closed, or its thread ended. */
export class StoreClosed extends StoreError {}
