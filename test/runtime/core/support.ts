// A small bench for the core: named things, events with defaults, a clock that only moves when told.

import type {
  CallId,
  ClientId,
  ContainerId,
  EnvironmentId,
  FunctionId,
  FunctionSpec,
  Gpu,
  HostId,
} from '@farcall/kernel-bridge/wire';

import { Core } from '../../../runtime/src/core/core.js';
import type { Command } from '../../../runtime/src/core/commands.js';
import type { CallOpening, Event, Happening } from '../../../runtime/src/core/events.js';

export const CALL = 'fc-call' as CallId;
export const CLIENT = 'cl-client' as ClientId;
export const HOST = 'ho-host' as HostId;
export const F = 'fv-f' as FunctionId;

export type Do<D extends Command['do']> = Extract<Command, { do: D }>;
type Exit = Extract<Happening, { type: 'container.exited' }>;

export function specOf(asked: Partial<FunctionSpec> = {}): FunctionSpec {
  return {
    app: 'app',
    name: 'f',
    is_generator: false,
    is_async: false,
    timeout: 300,
    startup_timeout: 300,
    max_retries: 0,
    initial_delay: 1,
    backoff: 1,
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
    ...asked,
  };
}

export function gpusOf(...names: string[]): Gpu[] {
  return names.map((name, at) => ({ uuid: `gpu-${at}`, name, memory: 0, container_id: '' }));
}

/** A core under test, and everything it said. */
export class Bench {
  readonly core = new Core('T');
  now = 1_000;
  said: Command[] = [];
  readonly #answered = new Set<string>();
  readonly #seqs = new Map<string, number>();

  apply(happening: Happening): Command[] {
    const commands = this.core.apply({ now: this.now, at: 1_700_000_000 + this.now / 1000, ...happening } as Event);
    this.said.push(...commands);
    return commands;
  }

  /** Lets time pass, with a tick every 100 ms. */
  pass(ms: number): Command[] {
    const commands: Command[] = [];
    for (const end = this.now + ms; this.now < end;) {
      this.now = Math.min(end, this.now + 100);
      commands.push(...this.apply({ type: 'tick' }));
    }
    return commands;
  }

  host(cpus = 2, gpus: Gpu[] = [], containers: ContainerId[] = []): Command[] {
    return this.apply({ type: 'host.connected', host: HOST, cpus, memory: 8_192, gpus, containers });
  }

  put(asked: Partial<FunctionSpec> = {}, id = F): Command[] {
    return this.apply({
      type: 'function.put',
      function: id,
      environment: 'en-e' as EnvironmentId,
      spec: specOf(asked),
    });
  }

  open(asked: Partial<CallOpening> = {}): Command[] {
    const opening: CallOpening = {
      call: CALL,
      function: F,
      kind: 'map',
      onFailure: 'continue',
      onOwnerLost: 'finish',
      attached: false,
      client: CLIENT,
      origin: '',
      ...asked,
    };
    return this.apply({ type: 'call.opened', opening });
  }

  inputs(first: number, count: number, call = CALL): Command[] {
    return this.apply({ type: 'inputs.arrived', call, first, count, bytes: count * 10 });
  }

  seal(count: number, call = CALL): Command[] {
    return this.apply({ type: 'call.sealed', call, count });
  }

  /** A sealed call of `count` inputs. */
  opened(count: number, asked: Partial<CallOpening> = {}): Command[] {
    const call = asked.call ?? CALL;
    return [...this.open(asked), ...this.inputs(0, count, call), ...this.seal(count, call)];
  }

  /** The container that was asked for as the n-th one comes up. Returns its id. */
  up(position = -1): ContainerId {
    const { container } = this.all('start').at(position) ?? fault('no container was asked for');
    this.apply({ type: 'container.started', container, pid: 1 });
    this.apply({ type: 'container.connected', container, held: [] });
    this.apply({ type: 'container.ready', container });
    return container;
  }

  /** Everything that was asked for and has not come up does. */
  allUp(): ContainerId[] {
    const coming = this.core.containers().filter(({ state }) => state === 'requested');
    return coming.map(({ container }) => {
      this.apply({ type: 'container.started', container, pid: 1 });
      this.apply({ type: 'container.connected', container, held: [] });
      this.apply({ type: 'container.ready', container });
      return container;
    });
  }

  /** The outcomes of a lease: all its inputs succeed, or as `statuses` say. */
  answer(
    lease: Do<'assign'>,
    how: { statuses?: number[]; seconds?: number; ended?: boolean; indexes?: number[] } = {},
  ): Command[] {
    const indexes = how.indexes ?? Array.from({ length: lease.count }, (_, at) => lease.first + at);
    const seq = (this.#seqs.get(lease.container) ?? 0) + 1;
    this.#seqs.set(lease.container, seq);
    this.#answered.add(`${lease.container} ${lease.lease}`);
    return this.apply({
      type: 'outcomes.arrived',
      container: lease.container,
      seq,
      lease: lease.lease,
      call: lease.call,
      attempt: lease.attempt,
      indexes: Uint32Array.from(indexes),
      statuses: Uint8Array.from(how.statuses ?? indexes.map(() => 2)),
      seconds: new Float32Array(indexes.length).fill(how.seconds ?? 1),
      ended: how.ended ?? true,
    });
  }

  /** Answers every lease that was given and not answered, until none is left. */
  finish(seconds = 0.001): void {
    for (let at = 0; at < 10_000; at += 1) {
      const lease = this.all('assign').find((given) => !this.#answered.has(`${given.container} ${given.lease}`));
      if (lease === undefined) return;
      this.answer(lease, { seconds });
    }
    fault('it never ends');
  }

  exit(container: ContainerId, how: Partial<Exit> = {}): Command[] {
    return this.apply({
      type: 'container.exited',
      container,
      reason: 'exited',
      code: 1,
      lease: 0,
      index: 0,
      detail: 'gone',
      ...how,
    });
  }

  all<D extends Command['do']>(kind: D): Do<D>[] {
    return this.said.filter((command): command is Do<D> => command.do === kind);
  }

  /** The newest command of a kind. */
  last<D extends Command['do']>(kind: D): Do<D> {
    return this.all(kind).at(-1) ?? fault(`the core never said ${kind}`);
  }

  counts(call = CALL): Record<string, number> {
    const counts: Record<string, number> = { ...(this.core.call(call) ?? fault('no such call')).counts };
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  state(call = CALL): string {
    return this.core.call(call)?.state ?? 'unknown';
  }
}

/** A bench with a host and a function. */
export function bench(asked: Partial<FunctionSpec> = {}, cpus = 2, gpus: Gpu[] = []): Bench {
  const made = new Bench();
  made.host(cpus, gpus);
  made.put(asked);
  return made;
}

export function of<D extends Command['do']>(commands: readonly Command[], kind: D): Do<D>[] {
  return commands.filter((command): command is Do<D> => command.do === kind);
}

export function kinds(commands: readonly Command[]): string[] {
  return commands.map((command) => command.do);
}

function fault(message: string): never {
  throw new Error(message);
}
