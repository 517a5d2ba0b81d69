// The versions the gateway knows: environment, spec and code of each. Code is cached in memory within a bound and read back
// from the store otherwise. It does not know containers.

import type { EnvironmentId, EnvironmentPut, FunctionId, FunctionPut, FunctionSpec } from '@farcall/kernel-bridge/wire';

import type { FunctionRow, Store, Stored } from '../store/store.js';

const CODE_BYTES = 64 * 1024 * 1024;
const LARGEST_ENVIRONMENTS = 256;

export interface KnownFunction {
  readonly id: FunctionId;
  readonly spec: FunctionSpec;
  readonly environment: EnvironmentPut;
}

export class Functions {
  readonly #environments = new Map<EnvironmentId, EnvironmentPut>();
  readonly #known = new Map<FunctionId, KnownFunction>();
  readonly #code = new Map<FunctionId, Stored>();
  #codeBytes = 0;

  constructor(private readonly store: Pick<Store, 'payload'>) {}

  putEnvironment(environment: EnvironmentPut): void {
    this.#environments.delete(environment.environment_id);
    this.#environments.set(environment.environment_id, environment);
    if (this.#environments.size <= LARGEST_ENVIRONMENTS) return;
    const [oldest] = this.#environments.keys();
    if (oldest !== undefined) this.#environments.delete(oldest);
  }

  environment(id: EnvironmentId): EnvironmentPut | undefined {
    return this.#environments.get(id);
  }

  /** Of every version that is known, and those that were put for versions to come. */
  *environments(): Iterable<EnvironmentPut> {
    yield* this.#environments.values();
    for (const { environment } of this.#known.values()) yield environment;
  }

  get(id: FunctionId): KnownFunction | undefined {
    return this.#known.get(id);
  }

  restore(row: FunctionRow): void {
    this.putEnvironment(row.environment);
    this.#known.set(row.function_id, { id: row.function_id, spec: row.spec, environment: row.environment });
  }

  /** Makes a version known. Returns what the store is to keep. */
  put(message: FunctionPut, environment: EnvironmentPut, code: Stored): FunctionRow {
    const row = { function_id: message.function_id, environment, spec: message.spec };
    this.#known.set(message.function_id, { id: message.function_id, spec: message.spec, environment });
    this.#keep(message.function_id, code);
    return row;
  }

  async code(id: FunctionId): Promise<Stored | undefined> {
    const here = this.#code.get(id);
    if (here !== undefined) return here;
    const stored = await this.store.payload('function', id);
    if (stored !== undefined) this.#keep(id, stored);
    return stored;
  }

  /** The code if it can be had without waiting. */
  codeHere(id: FunctionId): Stored | undefined {
    return this.#code.get(id);
  }

  #keep(id: FunctionId, code: Stored): void {
    this.#forget(id);
    this.#code.set(id, code);
    this.#codeBytes += bytesIn(code);
    // What is not committed yet must stay: the newest few are, whatever their size.
    for (const oldest of this.#code.keys()) {
      if (this.#codeBytes <= CODE_BYTES || this.#code.size <= 16) return;
      this.#forget(oldest);
    }
  }

  #forget(id: FunctionId): void {
    const code = this.#code.get(id);
    if (code !== undefined) this.#codeBytes -= bytesIn(code);
    this.#code.delete(id);
  }
}

function bytesIn(stored: Stored): number {
  return 'bytes' in stored ? stored.bytes.length : 0;
}
