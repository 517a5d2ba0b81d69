// Which leases containers hold, for the gateway that comes after this one: it must not give their inputs to others before
// the containers have spoken. One line per change in a file of the home, written by the system even if this process is
// killed; not durable against a loss of power, after which no container is left either. Nothing is promised from it.

import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

import type { CallId, ContainerId } from '@farcall/kernel-bridge/wire';

import type { Lease } from './containers.js';

/** Rewritten with what still holds when it is longer than this. */
const LARGEST_FILE = 8 * 1024 * 1024;

type Held = Map<ContainerId, Map<number, Lease>>;
interface Known {
  readonly held: Held;
  /** The last lease of each container, ended or not. */
  readonly newest: Map<ContainerId, number>;
}

export class LeaseJournal {
  readonly #held: Held;
  readonly #newest: Known['newest'];
  #file: number;
  #size = 0;
  #lines = '';
  #isFlushing = false;
  #isOpen = true;
  /** A write failed (the disk is full): the file lacks something, and is written anew as soon as that works. */
  #isBehind = false;

  constructor(private readonly path: string) {
    const { held, newest } = read(path);
    this.#held = held;
    this.#newest = newest;
    this.#file = this.#rewrite();
  }

  /** Forgets containers that cannot come back. */
  keepOnly(containers: ReadonlySet<string>): void {
    for (const container of this.#newest.keys()) if (!containers.has(container)) this.gone(container);
  }

  /** What the containers of the gateway before this one held. */
  of(container: ContainerId): readonly Lease[] {
    return [...(this.#held.get(container)?.values() ?? [])];
  }

  /** The last lease that this or an earlier gateway gave the container; 0 where it is not known. */
  newest(container: ContainerId): number {
    return this.#newest.get(container) ?? 0;
  }

  assigned(container: ContainerId, lease: Lease): void {
    const leases = this.#held.get(container) ?? new Map<number, Lease>();
    this.#held.set(container, leases);
    leases.set(lease.lease, lease);
    this.#newest.set(container, Math.max(lease.lease, this.newest(container)));
    this.#write(lineOf(container, lease));
  }

  /** Inputs from `first` on are not its any more; the lease's own first: none is. */
  cut(container: ContainerId, number: number, first: number): void {
    const lease = this.#held.get(container)?.get(number);
    if (lease === undefined) return;
    if (first <= lease.first) this.ended(container, number);
    else this.assigned(container, { ...lease, count: Math.min(lease.count, first - lease.first) });
  }

  /** Said with the next line that matters: that a lease is believed to live a little longer does no harm. */
  ended(container: ContainerId, number: number): void {
    if (this.#held.get(container)?.delete(number) === true) this.#lines += `- ${container} ${number}\n`;
  }

  gone(container: ContainerId): void {
    this.#held.delete(container);
    if (this.#newest.delete(container)) this.#write(`- ${container}\n`);
  }

  close(): void {
    this.#flush();
    if (this.#isOpen) closeSync(this.#file);
    this.#isOpen = false;
  }

  /** One write for all that one turn of the event loop changes. */
  #write(line: string): void {
    if (!this.#isFlushing) queueMicrotask(() => this.#flush());
    this.#isFlushing = true;
    this.#lines += line;
  }

  #flush(): void {
    this.#isFlushing = false;
    if (this.#lines === '' || !this.#isOpen) return;
    const lines = this.#lines;
    this.#lines = '';
    try {
      if (this.#isBehind) this.#renew();
      else this.#append(lines);
      this.#isBehind = false;
    } catch {
      this.#isBehind = true;
    }
  }

  #append(lines: string): void {
    const written = writeSync(this.#file, lines);
    if (written < Buffer.byteLength(lines)) throw new Error(`${this.path} took ${written} bytes of a line`);
    this.#size += written;
    if (this.#size > LARGEST_FILE) this.#renew();
  }

  #renew(): void {
    const before = this.#file;
    this.#file = this.#rewrite();
    closeSync(before);
  }

  #rewrite(): number {
    const lines = [...this.#newest].flatMap(([container, newest]) => [
      `^ ${container} ${newest}\n`,
      ...[...(this.#held.get(container)?.values() ?? [])].map((lease) => lineOf(container, lease)),
    ]);
    const part = `${this.path}.part`;
    writeFileSync(part, lines.join(''), { mode: 0o600 });
    renameSync(part, this.path);
    this.#size = 0;
    return openSync(this.path, 'a', 0o600);
  }
}

function lineOf(container: ContainerId, { lease, call, first, count, attempt }: Lease): string {
  return `+ ${container} ${lease} ${call} ${first} ${count} ${attempt}\n`;
}

function read(path: string): Known {
  const held: Held = new Map();
  const newest: Known['newest'] = new Map();
  for (const line of textOf(path).split('\n')) {
    const [sign, id, number, call, first, count, attempt] = line.split(' ');
    const container = id as ContainerId;
    const isWhole = sign === '^' ? number !== undefined : sign === '+' && attempt !== undefined;
    if (isWhole) newest.set(container, Math.max(Number(number), newest.get(container) ?? 0));
    if (sign === '-' && number === undefined) {
      held.delete(container);
      newest.delete(container);
    } else if (sign === '-') held.get(container)?.delete(Number(number));
    else if (sign === '+' && isWhole) {
      const leases = held.get(container) ?? new Map<number, Lease>();
      held.set(container, leases);
      leases.set(Number(number), {
        lease: Number(number),
        call: call as CallId,
        first: Number(first),
        count: Number(count),
        attempt: Number(attempt),
      });
    }
  }
  return { held, newest };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
