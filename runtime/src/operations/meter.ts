// Counts what happens: runtime.ts shows it every event with the commands that came of it, and every commit. It adds plain
// numbers, once a range or batch and never for each input but for the one byte that is its status. metrics.ts reads them.

import {
  type CallState,
  CANCELLED,
  type ContainerId,
  FAILED,
  INPUT_STATES,
  NO_RETRY,
  SUCCEEDED,
  TIMED_OUT,
} from '@farcall/kernel-bridge/wire';

import type { Command } from '../core/commands.js';
import type { Happening } from '../core/events.js';
import type { Source } from '../gateway/parts.js';
import type { Expired } from '../store/store.js';
import { Buckets } from './buckets.js';

type Do<Kind extends Command['do']> = Extract<Command, { do: Kind }>;
type Exited = Extract<Happening, { type: 'container.exited' }>;

const FINAL = [SUCCEEDED, FAILED, CANCELLED, TIMED_OUT] as const;
/** All of them are there from the start: Prometheus does not see the first one of a series that begins with it. */
const EXIT_REASONS = ['exited', 'signal', 'timeout', 'cancelled', 'memory', 'stopped', 'start'] as const;
/** Smaller payloads travel inside messages. */
const LEAST_BLOB = 256 * 1024;
const COMMIT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const LEASE_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 7200];

export class Meter {
  inputsAccepted = 0;
  inputRetries = 0;
  callsOpened = 0;
  containersStarted = 0;
  /** Of inputs and outcomes, without what lies in blobs. */
  readonly payloadBytes = { in: 0, out: 0 };
  readonly callsEnded = new Map<CallState, number>();
  readonly containersExited = new Map<Exited['reason'], number>(EXIT_REASONS.map((reason) => [reason, 0]));
  readonly commitSeconds = new Buckets(COMMIT_SECONDS);
  /** From its assignment to its last outcome, as the gateway sees them. */
  readonly leaseSeconds = new Buckets(LEASE_SECONDS);
  operations = 0;
  commitsRefused = 0;
  readonly expired = { deleted: 0, emptied: 0 };
  #blobs = 0;
  /** By status. */
  readonly #settled = new Float64Array(INPUT_STATES.length);
  /** When each lease of a container was given. */
  readonly #given = new Map<ContainerId, Map<number, number>>();

  /** Inputs that became final, by the name of their state. */
  settled(): readonly (readonly [state: string, count: number])[] {
    return FINAL.map((status) => [INPUT_STATES[status], this.#settled[status] ?? 0]);
  }

  /** What came to be kept, from below: of a blob only its least size is known here. */
  get bytesSoFar(): number {
    return this.payloadBytes.in + this.payloadBytes.out + this.#blobs * LEAST_BLOB;
  }

  saw(happening: Happening, commands: readonly Command[], { chunk, batch }: Source): void {
    if (chunk !== undefined) {
      this.payloadBytes.in += chunk.payload.length;
      this.#blobs += chunk.blobs.length;
    } else if (batch !== undefined) {
      this.payloadBytes.out += batch.payload.length;
      this.#blobs += batch.message.blobs?.length ?? 0;
    }
    if (happening.type === 'container.exited') this.#exited(happening);
    else if (happening.type === 'host.lost') this.#given.clear();
    else if (happening.type === 'outcomes.arrived' && happening.ended)
      this.#leaseEnded(happening.container, happening.lease);
    for (const command of commands) this.#count(command, happening);
  }

  committed(operations: number, seconds: number): void {
    this.operations += operations;
    this.commitSeconds.add(seconds);
  }

  cleared({ deleted, emptied }: Expired): void {
    this.expired.deleted += deleted.length;
    this.expired.emptied += emptied.length;
  }

  #count(command: Command, happening: Happening): void {
    switch (command.do) {
      case 'persist.call':
        this.#opened(happening);
        break;
      case 'persist.inputs':
        this.inputsAccepted += command.count;
        break;
      case 'persist.outcomes':
        if (happening.type === 'outcomes.arrived') this.#outcomes(happening.statuses, command.taken);
        break;
      case 'persist.settled':
        this.#stretches(command);
        break;
      case 'persist.attempt':
        this.inputRetries += 1;
        break;
      case 'assign':
        this.#assigned(command);
        break;
      case 'start':
        this.containersStarted += 1;
        break;
      case 'end':
        add(this.callsEnded, command.state);
        break;
      default:
    }
  }

  #opened(happening: Happening): void {
    if (happening.type !== 'call.opened') return;
    this.callsOpened += 1;
    this.inputsAccepted += happening.opening.base?.indexes.length ?? 0;
  }

  #outcomes(statuses: Uint8Array, taken: Uint32Array | undefined): void {
    if (taken === undefined) for (const status of statuses) this.#settle(status, 1);
    else for (const at of taken) this.#settle(statuses[at] ?? 0, 1);
  }

  #stretches({ ranges, status }: Do<'persist.settled'>): void {
    for (const [, count] of ranges) this.#settle(status, count);
  }

  #settle(status: number, count: number): void {
    const state = status & ~NO_RETRY;
    this.#settled[state] = (this.#settled[state] ?? 0) + count;
  }

  #assigned({ container, lease }: Do<'assign'>): void {
    let given = this.#given.get(container);
    if (given === undefined) this.#given.set(container, (given = new Map()));
    given.set(lease, performance.now());
  }

  #leaseEnded(container: ContainerId, lease: number): void {
    const given = this.#given.get(container);
    const since = given?.get(lease);
    if (given?.delete(lease) === true && since !== undefined) this.leaseSeconds.add((performance.now() - since) / 1000);
  }

  #exited({ container, reason }: Exited): void {
    this.#given.delete(container);
    add(this.containersExited, reason);
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
