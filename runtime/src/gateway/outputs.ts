// What inputs print. Each container's two streams are files; beside them one text per call, in the order it came, with a map
// of which input wrote what. Attached clients that asked hear it live, each byte once. Nothing here looks into the text.

import type { CallId, ContainerId, OutcomesPut, OutputPut, OutputRead } from '@farcall/kernel-bridge/wire';

import type { Store } from '../store/store.js';
import { Attribution, type Owner } from './attribution.js';
import type { ContainerSession, Containers } from './containers.js';
import { FILE_LIMIT, OutputFiles } from './output-files.js';
import type { Streams } from './streams.js';
import { bytesOf, copied, NOTHING, u32Of } from './tables.js';

const PAGE_BYTES = 256 * 1024;
/** Text that a container said it wrote is waited for this long at most. */
const PATIENCE_MS = 2_000;
/** Supervisors ship no more than this of a stream. */
const SHIPPED_LIMIT = 256 * 1024 * 1024;
/** A client this far behind in reading hears nothing live; `output.read` has it all. */
const SLOW_READER_BYTES = 8 * 1024 * 1024;
/** As an index in a call's map. */
const UNKNOWN = 0xffffffff;

export interface OutputPageText {
  readonly text: Uint8Array;
  readonly next: number;
}
interface Parts {
  readonly folder: string;
  readonly store: Pick<Store, 'outcomesOf'>;
  readonly streams: Streams;
  readonly containers: Containers;
  /** Asks the container's supervisor to ship what was printed, now. */
  readonly onHurry: (container: ContainerId) => void;
  readonly onError: (error: unknown) => void;
}
type Stream = 1 | 2;
interface Awaited {
  /** Spans whose text has not come. */
  count: number;
  readonly done: Promise<void>;
  readonly resolve: () => void;
}

export class Outputs implements AsyncDisposable {
  readonly #files: OutputFiles;
  readonly #attributions = new Map<string, Attribution>();
  readonly #awaited = new Map<CallId, Awaited>();
  readonly #hurried = new Set<ContainerId>();

  constructor(private readonly parts: Parts) {
    this.#files = new OutputFiles(parts.folder, parts.onError);
  }

  /** What a supervisor ships. */
  arrived({ container_id, stream, offset, lease: number, index }: OutputPut, payload: Uint8Array): void {
    const container = this.parts.containers.get(container_id);
    if (container === undefined) return;
    const bytes = copied(payload);
    const attribution = this.#attribution(container, stream);
    this.#files.write(fileOf(container_id, stream), offset, bytes);
    this.#hurried.delete(container_id);
    const lease = number === 0 ? undefined : container.leases.get(number);
    attribution.text(offset, bytes, lease && { call: lease.call, index });
    if (container.isIdle) attribution.unclaimed();
  }

  /** What a container says its inputs wrote. */
  attributed(container: ContainerSession, { call_id: call, spans, ended }: OutcomesPut): void {
    for (const [index, stream, start, end] of spans ?? []) {
      const isStretch = Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start < end;
      if (!isStretch || (stream !== 1 && stream !== 2) || start >= SHIPPED_LIMIT) continue;
      this.#attribution(container, stream).span({ call, index }, start, Math.min(end, SHIPPED_LIMIT));
    }
    if (!ended || !container.isIdle) return;
    for (const stream of [1, 2] as const) this.#attributions.get(fileOf(container.id, stream))?.unclaimed();
  }

  /** The container is gone, and so is what it had not shipped. */
  gone(container: ContainerId): void {
    this.#hurried.delete(container);
    for (const stream of [1, 2] as const) {
      const name = fileOf(container, stream);
      this.#attributions.get(name)?.close();
      this.#attributions.delete(name);
    }
  }

  /** Resolves when all that the call's outcomes are known to have printed is here, or after two seconds; at once: undefined. */
  complete(call: CallId): Promise<void> | undefined {
    const awaited = this.#awaited.get(call);
    if (awaited === undefined) return undefined;
    const late = setTimeout(() => {
      if (this.#awaited.get(call) === awaited) this.#awaited.delete(call);
      awaited.resolve();
    }, PATIENCE_MS).unref();
    return awaited.done.finally(() => clearTimeout(late));
  }

  /** A page of what one input, or with index -1 the whole call, printed. `final`: nothing runs any more. */
  async read({ call_id, index, offset }: OutputRead, final: boolean): Promise<OutputPageText> {
    if (final) await this.complete(call_id);
    await this.#files.settled();
    const text =
      index < 0
        ? await this.#files.read(`${call_id}.log`, offset, PAGE_BYTES)
        : await this.#readInput(call_id, index, offset);
    const next = offset + text.length;
    return { text, next: final && text.length < PAGE_BYTES ? -1 : next };
  }

  /** Removes files that nothing was added to for so long. */
  expire(olderThanMs: number): Promise<void> {
    return this.#files.expire(olderThanMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files[Symbol.asyncDispose]();
  }

  #attribution(container: ContainerSession, stream: Stream): Attribution {
    const name = fileOf(container.id, stream);
    const known = this.#attributions.get(name);
    if (known !== undefined) return known;
    const attribution = new Attribution(
      {
        onText: (owner, bytes) => this.#publish(owner, stream, bytes),
        onAwaited: (owner) => this.#expect(container.id, owner, stream),
        onComplete: ({ call }) => this.#came(call),
        onUnclaimed: (bytes) => {
          const call = container.latest?.call;
          if (call !== undefined) this.#publish({ call, index: -1 }, stream, bytes);
        },
      },
      // Not 0 after a restart of the gateway.
      this.#files.sizeBefore(name),
    );
    this.#attributions.set(name, attribution);
    return attribution;
  }

  #publish({ call, index }: Owner, stream: Stream, bytes: Uint8Array): void {
    this.#files.append(`${call}.log`, bytes);
    this.#files.append(`${call}.map`, bytesOf(Uint32Array.of(index < 0 ? UNKNOWN : index, bytes.length)));
    this.#tell({ call, index }, stream, bytes);
  }

  #tell({ call, index }: Owner, stream: Stream, bytes: Uint8Array): void {
    for (const client of this.parts.streams.clientsOf(call, 'output'))
      if (client.connection.buffered < SLOW_READER_BYTES)
        client.send({ type: 'output', call_id: call, index, stream: stream === 1 ? 'stdout' : 'stderr' }, bytes);
  }

  /** An output without text comes before the outcome: whoever reads it knows that there is more to come before `call.ended`. */
  #expect(container: ContainerId, owner: Owner, stream: Stream): void {
    const awaited = this.#awaited.get(owner.call) ?? this.#await(owner, stream);
    awaited.count += 1;
    if (this.#hurried.has(container)) return;
    this.#hurried.add(container);
    this.parts.onHurry(container);
  }

  #await(owner: Owner, stream: Stream): Awaited {
    let resolve = (): void => undefined;
    const done = new Promise<void>((resolved) => {
      resolve = resolved;
    });
    const awaited = { count: 0, done, resolve };
    this.#awaited.set(owner.call, awaited);
    this.#tell(owner, stream, NOTHING);
    return awaited;
  }

  #came(call: CallId): void {
    const awaited = this.#awaited.get(call);
    if (awaited === undefined) return;
    awaited.count -= 1;
    if (awaited.count > 0) return;
    this.#awaited.delete(call);
    awaited.resolve();
  }

  /** By the call's map; where that has nothing (a full log, a restart), by the spans that the outcome came with. */
  async #readInput(call: CallId, index: number, offset: number): Promise<Uint8Array> {
    const map = u32Of(await this.#files.read(`${call}.map`, 0, FILE_LIMIT));
    const stretches: Stretch[] = [];
    for (let at = 0, start = 0; at + 1 < map.length; at += 2) {
      const size = map[at + 1] ?? 0;
      if (map[at] === index && start + size <= FILE_LIMIT) stretches.push({ name: `${call}.log`, start, size });
      start += size;
    }
    return this.#readStretches(stretches.length > 0 ? stretches : await this.#spansOf(call, index), offset);
  }

  async #spansOf(call: CallId, index: number): Promise<Stretch[]> {
    const rows = await this.parts.store.outcomesOf(call, index, 1);
    return rows.flatMap((row) =>
      'spans' in row
        ? row.spans
            .filter(([of, stream]) => of === index && (stream === 1 || stream === 2))
            .map(([, stream, start, end]) => ({
              name: fileOf(row.container_id, stream as Stream),
              start,
              size: end - start,
            }))
        : [],
    );
  }

  async #readStretches(stretches: readonly Stretch[], offset: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let skip = offset;
    let room = PAGE_BYTES;
    for (const { name, start, size } of stretches) {
      if (skip >= size) {
        skip -= size;
        continue;
      }
      const piece = await this.#files.read(name, start + skip, Math.min(room, size - skip));
      pieces.push(piece);
      room -= piece.length;
      skip = 0;
      if (room <= 0) break;
    }
    return Buffer.concat(pieces);
  }
}

interface Stretch {
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

function fileOf(container: string, stream: Stream): string {
  return `${container}.${stream === 1 ? 'out' : 'err'}`;
}
