// A gateway in this process for tests: the real core, runtime and door over a Unix socket, a MemoryStore that can hold its
// commits back, and an engine whose containers are scripted peers speaking the real protocol.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type CallId,
  type ClientId,
  type ContainerId,
  type EnvironmentId,
  type FunctionId,
  type FunctionSpec,
  type HostId,
  type Message,
  type Parent,
} from '@farcall/kernel-bridge/wire';

import { Core } from '../../runtime/src/core/core.js';
import type { ContainerSpec, Engine } from '../../runtime/src/engines/engine.js';
import { Tokens } from '../../runtime/src/gateway/authenticate.js';
import { blobRoutes } from '../../runtime/src/gateway/blobs.js';
import type { HostListener, HostReport } from '../../runtime/src/gateway/hosts.js';
import { type Limits, LIMITS } from '../../runtime/src/gateway/limits.js';
import { LeaseJournal } from '../../runtime/src/gateway/lease-journal.js';
import type { Log } from '../../runtime/src/gateway/log.js';
import type { Identity } from '../../runtime/src/gateway/parts.js';
import { type Address, Doorway } from '../../runtime/src/gateway/server.js';
import { Supervisors } from '../../runtime/src/gateway/supervisors.js';
import { Runtime } from '../../runtime/src/runtime.js';
import { MemoryStore } from '../../runtime/src/store/memory.js';
import { Payloads } from '../../runtime/src/store/payloads.js';
import type { Operation, Store } from '../../runtime/src/store/store.js';
import { TestPeer } from './client.js';

const TOKEN = 'client-token-of-the-tests-0123456789';
const SUPERVISOR_TOKEN = 'supervisor-token-of-the-tests-01234';
const HOST = `ho-${'0'.repeat(26)}` as HostId;
export const FUNCTION = `fv-${'a'.repeat(32)}` as FunctionId;
export const ENVIRONMENT = `en-${'b'.repeat(32)}` as EnvironmentId;
const SILENT = { info: nothing, warn: nothing, error: nothing, debug: nothing } as unknown as Log;

export const SPEC: FunctionSpec = {
  app: 'tests',
  name: 'f',
  is_generator: false,
  is_async: false,
  timeout: 300,
  startup_timeout: 60,
  max_retries: 0,
  initial_delay: 1,
  backoff: 2,
  max_delay: 60,
  cpu: 0.125,
  memory: 0,
  gpu: [],
  min_containers: 0,
  max_containers: 0,
  buffer_containers: 0,
  scaledown_window: 60,
  max_inputs: 0,
  imports: [],
  secrets: {},
};

/** A store whose commits wait while the gate is shut. */
export class GatedStore extends MemoryStore {
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = nothing;
  readonly groups: (readonly Operation[])[] = [];

  shut(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#open();
  }

  override async append(group: readonly Operation[]): Promise<void> {
    await this.#gate;
    this.groups.push(group);
    await super.append(group);
  }
}

/** Containers are asked for, and the test says what becomes of them. */
export class ScriptedEngine implements Engine, HostListener {
  readonly stopped: { readonly id: ContainerId; readonly how: 'drain' | 'kill' }[] = [];
  readonly #owned = new Set<ContainerId>();
  readonly #specs: ContainerSpec[] = [];
  #waiting: ((spec: ContainerSpec) => void) | undefined;

  start(spec: ContainerSpec): Promise<void> {
    this.#owned.add(spec.container_id);
    if (this.#waiting === undefined) this.#specs.push(spec);
    else this.#waiting(spec);
    this.#waiting = undefined;
    return Promise.resolve();
  }

  /** The next container that is asked for. */
  asked(): Promise<ContainerSpec> {
    const spec = this.#specs.shift();
    if (spec !== undefined) return Promise.resolve(spec);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  stop(id: ContainerId, how: 'drain' | 'kill'): Promise<void> {
    this.stopped.push({ id, how });
    return Promise.resolve();
  }

  list(): Promise<readonly ContainerId[]> {
    return Promise.resolve([...this.#owned]);
  }

  capabilities(): ReturnType<Engine['capabilities']> {
    return { gpus: [], cpus: 4, memory: 8000, elastic: false, isolation: 'none' };
  }

  hostOf(id: ContainerId): HostId | undefined {
    return this.#owned.has(id) ? HOST : undefined;
  }

  connected(_host: HostId, report: HostReport): readonly ContainerId[] {
    return report.containers;
  }

  disconnected(): void {}

  silent(): void {}

  exited(container: ContainerId): void {
    this.#owned.delete(container);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export interface GatewaySettings {
  readonly store?: Store;
  readonly identity?: Partial<Identity>;
  readonly listen?: Address;
  readonly home?: string;
  readonly origins?: readonly string[];
  readonly limits?: Partial<Limits>;
}

export class TestGateway implements AsyncDisposable {
  readonly engine = new ScriptedEngine();
  readonly tokens = new Tokens();
  readonly #peers: TestPeer[] = [];
  #made = 0;

  private constructor(
    readonly url: string,
    readonly home: string,
    readonly store: Store,
    private readonly parts: { readonly door: Doorway; runtime: Runtime },
  ) {}

  static async start(settings: GatewaySettings = {}): Promise<TestGateway> {
    const home = settings.home ?? mkdtempSync(join(tmpdir(), 'farcall-'));
    const store = settings.store ?? new MemoryStore();
    const holder: { runtime?: Runtime } = {};
    const tokens = new Tokens();
    tokens.admit(TOKEN, { kind: 'admin' });
    tokens.admit(SUPERVISOR_TOKEN, { kind: 'supervisor' });
    const door = new Doorway({
      tokens,
      address: settings.listen ?? { socket: join(home, 's') },
      hosts: new Set(['localhost', '127.0.0.1']),
      origins: new Set(settings.origins ?? []),
      limits: { ...LIMITS, ...settings.limits },
      routes: blobRoutes(await Payloads.open(home)),
      onSocket: (socket, peer) => holder.runtime?.accept(socket, peer),
      onError: nothing,
    });
    const parts = { door, runtime: undefined as unknown as Runtime };
    const gateway = new TestGateway(await door.listen(), home, store, parts);
    parts.runtime = holder.runtime = new Runtime({
      core: new Core('TESTS'),
      store,
      engine: gateway.engine,
      supervisors: new Supervisors(),
      tokens,
      logs: join(home, 'logs'),
      journal: new LeaseJournal(join(home, 'leases.journal')),
      log: SILENT,
      idleExit: 0,
      limits: { ...LIMITS, ...settings.limits },
      onLeave: nothing,
      identity: {
        version: '0.1.0',
        store: store.id,
        epoch: store.epoch,
        python: '3.11.4',
        executable: 'python3',
        remote: false,
        isolation: 'none',
        warning: '',
        blobs: home,
        home,
        startedAt: 0,
        ...settings.identity,
      },
    });
    await parts.runtime.restore();
    return gateway;
  }

  get door(): Doorway {
    return this.parts.door;
  }

  get runtime(): Runtime {
    return this.parts.runtime;
  }

  /** Stops as a crash would: nobody is told, nothing is finished. */
  async crash(): Promise<void> {
    for (const peer of this.#peers.splice(0)) await peer[Symbol.asyncDispose]();
    await this.parts.door[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    await this.parts.runtime.drain();
    rmSync(this.home, { recursive: true, force: true });
  }

  async connect(token = TOKEN, headers: Readonly<Record<string, string>> = {}): Promise<TestPeer> {
    const peer = await TestPeer.connect(this.url, token, headers);
    this.#peers.push(peer);
    return peer;
  }

  async client(id = this.#id('cl') as ClientId): Promise<TestPeer> {
    const peer = await this.connect();
    await peer.hello('client', id);
    return peer;
  }

  /** A client that has put the function of the tests. */
  async ready(spec: Partial<FunctionSpec> = {}): Promise<TestPeer> {
    const client = await this.client();
    await putFunction(client, spec);
    return client;
  }

  async host(containers: readonly ContainerId[] = []): Promise<TestPeer> {
    const peer = await this.connect(SUPERVISOR_TOKEN);
    await peer.hello('supervisor', HOST);
    peer.send({ type: 'host.state', cpus: 4, memory: 8000, gpus: [], containers });
    await peer.settled();
    return peer;
  }

  /** Brings the next container up that the gateway asks for. */
  async container(): Promise<{ readonly peer: TestPeer; readonly id: ContainerId; readonly key: string }> {
    const spec = await this.engine.asked();
    const peer = await this.connect(spec.token);
    const { key } = await peer.hello('container', spec.container_id);
    await peer.next('function.load');
    peer.send({ type: 'container.ready', container_id: spec.container_id });
    return { peer, id: spec.container_id, key: key ?? '' };
  }

  callId(): CallId {
    return `fc-${this.store.id}${this.#id('')}` as CallId;
  }

  #id(prefix: string): string {
    this.#made += 1;
    const text = String(this.#made).padStart(26, '0');
    return prefix === '' ? text : `${prefix}-${text}`;
  }
}

export async function putFunction(client: TestPeer, spec: Partial<FunctionSpec> = {}): Promise<void> {
  client.send({
    type: 'environment.put',
    environment_id: ENVIRONMENT,
    executable: 'python3',
    python: '3.11.4',
    cwd: '/',
    path: [],
    variables: { A: 'b' },
  });
  client.send(
    {
      type: 'function.put',
      request: 1,
      function_id: FUNCTION,
      environment_id: ENVIRONMENT,
      spec: { ...SPEC, ...spec },
    },
    text('code'),
  );
  await client.next('function.accepted');
}

export interface CallMade {
  readonly call: CallId;
  readonly inputs: readonly string[];
  readonly kind?: 'map' | 'spawn_map';
  readonly onFailure?: 'continue' | 'stop_after' | 'stop_all';
  readonly parent?: Parent;
}

/** Opens a call, feeds it whole and seals it. The replies are left in the queue. */
export function sendCall(client: TestPeer, made: CallMade): void {
  const { call, inputs, kind = 'map', onFailure = 'continue', parent } = made;
  client.send(
    openingOf(call, { kind, on_failure: onFailure, ...(parent === undefined ? {} : { parent }) }),
    text('shared'),
  );
  sendInputs(client, call, 0, inputs);
  client.send({ type: 'call.seal', call_id: call, count: inputs.length });
}

export function openingOf(
  call: CallId,
  more: Partial<Extract<Message, { type: 'call.open' }>> = {},
): Extract<Message, { type: 'call.open' }> {
  return {
    type: 'call.open',
    request: 7,
    call_id: call,
    function_id: FUNCTION,
    kind: 'map',
    on_failure: 'continue',
    attached: true,
    on_owner_lost: 'finish',
    bindings: {},
    sources: {},
    origin: 'test',
    ...more,
  };
}

export function sendInputs(client: TestPeer, call: CallId, first: number, inputs: readonly string[]): void {
  const payloads = inputs.map(text);
  client.send(
    {
      type: 'inputs.put',
      call_id: call,
      first,
      count: inputs.length,
      lengths: table(payloads.map(({ length }) => length)),
    },
    Buffer.concat(payloads),
  );
}

export type LeaseTaken = { readonly message: Extract<Message, { type: 'inputs.run' }>; readonly payload: Uint8Array };
type Work = (input: string, index: number) => string;

/** Answers every lease at once: each input's text through `work`; a thrown one fails its input. */
export function serve(container: TestPeer, work: Work): void {
  container.onMessage = (message, payload) => {
    if (message.type !== 'inputs.run') return false;
    answer(container, { message, payload }, work);
    return true;
  };
}

const BATCH_BYTES = 512 * 1024;
/** The last batch of each container. */
const batches = new WeakMap<TestPeer, number>();

/** The outcomes of one lease, in as many batches as frames need; `again`: as the last batch was numbered. */
export function answer(container: TestPeer, { message, payload }: LeaseTaken, work: Work, again = false): void {
  const { first } = message;
  const results = cut(message.lengths, payload).map((input, at) => ({
    index: first + at,
    ...outcomeOf(() => work(input, first + at)),
  }));
  let batch: typeof results = [];
  for (const result of results) {
    const bytes = batch.reduce((sum, other) => sum + other.payload.length, result.payload.length);
    if (batch.length > 0 && bytes > BATCH_BYTES) {
      put(container, message, batch, { ended: false, again });
      batch = [];
    }
    batch.push(result);
  }
  put(container, message, batch, { ended: true, again });
}

interface Result {
  readonly index: number;
  readonly status: number;
  readonly payload: Buffer;
  readonly message: string;
}

function put(
  container: TestPeer,
  lease: LeaseTaken['message'],
  results: readonly Result[],
  how: { readonly ended: boolean; readonly again: boolean },
): void {
  const seq = (batches.get(container) ?? 0) + (how.again ? 0 : 1);
  batches.set(container, seq);
  container.send(
    {
      type: 'outcomes.put',
      seq,
      lease: lease.lease,
      call_id: lease.call_id,
      attempt: lease.attempt,
      ended: how.ended,
      indexes: table(results.map(({ index }) => index)),
      statuses: Uint8Array.from(results, ({ status }) => status),
      seconds: new Uint8Array(4 * results.length),
      lengths: table(results.map(({ payload }) => payload.length)),
      failures: results.flatMap(({ status, message, index }) =>
        status === 2
          ? []
          : [{ index, code: 'user.raised' as const, kind: 'builtins.ValueError', message, where: 'cell:1' }],
      ),
    },
    Buffer.concat(results.map(({ payload }) => payload)),
  );
}

function outcomeOf(work: () => string): {
  readonly status: number;
  readonly payload: Buffer;
  readonly message: string;
} {
  try {
    return { status: 2, payload: text(work()), message: '' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { status: 3, payload: text(message), message };
  }
}

/** The texts behind a table of lengths; `null` for those in blobs. */
export function cut(lengths: Uint8Array, payload: Uint8Array): string[] {
  let at = 0;
  return numbers(lengths).map((length) => {
    if (length === 0xffffffff) return '(in a blob)';
    at += length;
    return Buffer.from(payload.subarray(at - length, at)).toString();
  });
}

export function text(value: string): Buffer {
  return Buffer.from(value);
}

export function table(values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

export function numbers(bytes: Uint8Array): number[] {
  return [...new Uint32Array(new Uint8Array(bytes).buffer)];
}

function nothing(): void {}
