// Any sequence of what clients do to a queue agrees with a model that is a few arrays: order within a partition, one holder an
// item, and what comes back is where it was.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { ClientId, ObjectId } from '@farcall/kernel-bridge/wire';

import { HeldQueue } from '../../../runtime/src/gateway/object-queue.js';
import type { Entry } from '../../../runtime/src/gateway/object-entries.js';

const ROW = {
  object_id: `qu-${'0'.repeat(26)}` as ObjectId,
  kind: 'queue',
  person: '',
  environment: '',
  name: '',
  client: `cl-${'0'.repeat(26)}` as ClientId,
  created_at: 0,
} as const;
const PARTITIONS = ['', 'p'];
const PAGE = 20;

interface Step {
  readonly what: 'put' | 'take' | 'end' | 'release' | 'clear' | 'expire' | 'read';
  readonly partition: string;
  readonly count: number;
  readonly which: number;
}
interface Known {
  readonly items: Map<string, number[]>;
  readonly held: Map<number, { readonly partition: string; readonly numbers: readonly number[] }>;
  readonly until: Map<string, number>;
}

const steps = fc.array(
  fc.record({
    what: fc.constantFrom<Step['what'][]>(
      'put',
      'put',
      'put',
      'take',
      'take',
      'end',
      'release',
      'clear',
      'expire',
      'read',
    ),
    partition: fc.constantFrom(...PARTITIONS),
    count: fc.integer({ min: 1, max: 8 }),
    which: fc.nat(5),
  }),
  { maxLength: 60 },
);

function entryOf(n: number, partition: string): Entry {
  return { n, key: partition, size: n % 7, blob: undefined, bytes: undefined, committed: true };
}

/** As many of the first `count` as a page takes, one at least. */
function page(numbers: readonly number[], count: number): number[] {
  const taken: number[] = [];
  let left = PAGE;
  for (const n of numbers.slice(0, count)) {
    const cost = (n % 7) + 4;
    if (taken.length > 0 && cost > left) break;
    left -= cost;
    taken.push(n);
  }
  return taken;
}

class Run {
  readonly queue = new HeldQueue(ROW, 1);
  readonly known: Known = { items: new Map(), held: new Map(), until: new Map() };
  #op = 0;
  #now = 0;

  step({ what, partition, count, which }: Step): void {
    const { queue, known } = this;
    const items = known.items.get(partition) ?? [];
    if (what === 'put') this.#put(partition, count, which);
    else if (what === 'take') this.#take(partition, count, items);
    else if (what === 'clear') {
      expect(queue.clear(partition).map(({ n }) => n)).toEqual(items);
      known.items.delete(partition);
    } else if (what === 'read') {
      const later = items.filter((n) => n > which);
      expect(queue.after(partition, which, PAGE).map(({ n }) => n)).toEqual(page(later, later.length));
    } else if (what === 'expire') this.#expire(partition);
    else this.#settle(what, which);
    this.#agrees();
  }

  #put(partition: string, count: number, ttl: number): void {
    const numbers = Array.from({ length: count }, () => this.queue.number());
    const until = this.#now + ttl;
    this.queue.put(
      partition,
      numbers.map((n) => entryOf(n, partition)),
      until,
    );
    this.known.items.set(partition, [...(this.known.items.get(partition) ?? []), ...numbers]);
    this.known.until.set(partition, until);
  }

  #take(partition: string, count: number, items: readonly number[]): void {
    const holder = { client: ROW.client, op: ++this.#op };
    const hold = this.queue.take(holder, partition, count, PAGE);
    const numbers = page(items, count);
    expect(hold?.entries.map(({ n }) => n) ?? []).toEqual(numbers);
    if (hold === undefined) return;
    expect(hold.more).toBe(numbers.length < Math.min(count, items.length));
    this.known.held.set(holder.op, { partition, numbers });
    this.#left(partition, items.slice(numbers.length));
  }

  #left(partition: string, left: readonly number[]): void {
    if (left.length === 0) this.known.items.delete(partition);
    else this.known.items.set(partition, [...left]);
  }

  #settle(what: 'end' | 'release', which: number): void {
    const op = [...this.known.held.keys()][which];
    const holder = { client: ROW.client, op: op ?? 99_999 };
    const hold = what === 'end' ? this.queue.end(holder) : this.queue.release(holder);
    const held = op === undefined ? undefined : this.known.held.get(op);
    expect(hold?.entries.map(({ n }) => n)).toEqual(held?.numbers);
    if (op === undefined || held === undefined) return;
    this.known.held.delete(op);
    if (what === 'end') return;
    const back = [...held.numbers, ...(this.known.items.get(held.partition) ?? [])].sort((a, b) => a - b);
    this.known.items.set(held.partition, back);
  }

  /** Time goes on by one; only what has come to its end goes. */
  #expire(partition: string): void {
    this.#now += 1;
    const items = this.known.items.get(partition) ?? [];
    const gone = this.queue.expire(this.#now, partition).map(({ n }) => n);
    if (gone.length > 0) {
      expect(gone).toEqual(items);
      this.known.items.delete(partition);
    } else if (items.length > 0 && this.known.held.size === 0)
      expect(this.known.until.get(partition)).toBeGreaterThan(this.#now);
  }

  #agrees(): void {
    const { queue, known } = this;
    const all = [...known.items.values()].flat();
    const held = [...known.held.values()].flatMap(({ numbers }) => numbers);
    expect(
      queue
        .all()
        .map(({ n }) => n)
        .sort((a, b) => a - b),
    ).toEqual(all.sort((a, b) => a - b));
    expect(queue.count()).toBe(all.length);
    expect(queue.partitions).toBe(known.items.size);
    for (const partition of PARTITIONS) expect(queue.count(partition)).toBe(known.items.get(partition)?.length ?? 0);
    expect(queue.bytes).toBe([...all, ...held].reduce((sum, n) => sum + (n % 7), 0));
  }
}

test('a queue is what was put into it, less what was taken, in order', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const run = new Run();
      for (const step of all) run.step(step);
    }),
    { numRuns: 300 },
  );
});
