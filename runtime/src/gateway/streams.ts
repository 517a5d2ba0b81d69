// The streams of outcomes to attached clients. Recent committed rows of each attached call are at hand, within a bound; a
// reader at the tail is fed from them, one further back from the store. Each reader has its own cursor and credit: a slow one
// slows only itself. Rows that became visible together leave in one frame, and a lone one leaves at once.

import { type CallId, type CallState, SUCCEEDED } from '@farcall/kernel-bridge/wire';

import type { Store } from '../store/store.js';
import type { ClientSession } from './clients.js';
import { countOf, type Part, partOf, type Row, TABLE_BYTES } from './outcomes.js';
import { bytesOf } from './tables.js';
import { FRAME_OUTCOMES, frameFrom, Tail } from './tail.js';

const CREDIT_OUTCOMES = 65_536;
const CREDIT_BYTES = 8 * 1024 * 1024;
/** Rows kept in memory for readers at the tail, over all calls. */
const TAIL_BYTES = 32 * 1024 * 1024;
const TAIL_CALL_BYTES = 8 * 1024 * 1024;

export interface Ending {
  readonly state: CallState;
  readonly count: number;
  readonly seq: number;
}
interface Reader {
  readonly client: ClientSession;
  readonly call: CallId;
  readonly output: boolean;
  cursor: number;
  /** What travels untaken: the position after each frame, and its bytes. */
  readonly untaken: { readonly end: number; readonly bytes: number }[];
  untakenBytes: number;
  taken: number;
  reading: boolean;
}
interface Stream {
  readonly readers: Set<Reader>;
  readonly tail: Tail;
  /** Outcomes that are committed. */
  seq: number;
  ending: Ending | undefined;
}

export class Streams {
  readonly #streams = new Map<CallId, Stream>();
  readonly #changed = new Set<CallId>();
  #tailBytes = 0;

  constructor(
    private readonly options: {
      readonly store: Pick<Store, 'outcomes'>;
      readonly epoch: string;
      readonly onError: (error: unknown) => void;
    },
  ) {}

  /** A row on its way to the store: kept for readers at the tail. Calls without readers keep theirs while they are few. */
  keep(row: Row): void {
    const stream = this.#stream(row.call_id);
    this.#tailBytes += stream.tail.add(row);
    if (stream.tail.bytes > TAIL_CALL_BYTES || this.#tailBytes > TAIL_BYTES)
      this.#tailBytes -= stream.tail.halve(stream.seq);
  }

  /** The call's outcomes below `seq` are committed. */
  publish(call: CallId, seq: number): void {
    const stream = this.#stream(call);
    stream.seq = Math.max(stream.seq, seq);
    this.#changed.add(call);
  }

  end(call: CallId, ending: Ending): void {
    const stream = this.#stream(call);
    stream.ending = ending;
    stream.seq = Math.max(stream.seq, ending.seq);
    this.#changed.add(call);
  }

  /** After a group's facts: every reader of a changed call gets what is there. */
  flush(): void {
    for (const call of this.#changed) {
      const stream = this.#streams.get(call);
      for (const reader of stream?.readers ?? []) this.#pump(reader);
      if (stream?.ending !== undefined && stream.readers.size === 0) this.#drop(call);
    }
    this.#changed.clear();
  }

  /** `seq`, `ending`: as the store or the core know them, for a call that has no stream yet. */
  attach(
    client: ClientSession,
    call: CallId,
    after: number,
    known: { readonly output: boolean; readonly seq: number; readonly ending: Ending | undefined },
  ): void {
    this.release(client, call);
    if (!client.connection.open) return;
    const stream = this.#stream(call);
    stream.seq = Math.max(stream.seq, known.seq);
    stream.ending ??= known.ending;
    const cursor = Math.min(after, stream.seq);
    const reader: Reader = {
      client,
      call,
      output: known.output,
      cursor,
      untaken: [],
      untakenBytes: 0,
      taken: cursor,
      reading: false,
    };
    stream.readers.add(reader);
    this.#pump(reader);
  }

  taken(client: ClientSession, call: CallId, through: number): void {
    const reader = this.#reader(client, call);
    if (reader === undefined) return;
    reader.taken = Math.max(reader.taken, Math.min(through, reader.cursor));
    while (reader.untaken[0] !== undefined && reader.untaken[0].end <= reader.taken)
      reader.untakenBytes -= reader.untaken.shift()?.bytes ?? 0;
    this.#pump(reader);
  }

  release(client: ClientSession, call: CallId): void {
    const reader = this.#reader(client, call);
    const stream = this.#streams.get(call);
    if (reader === undefined || stream === undefined) return;
    stream.readers.delete(reader);
    if (stream.readers.size === 0 && stream.ending !== undefined) this.#drop(call);
  }

  releaseAll(client: ClientSession): void {
    for (const call of [...this.#streams.keys()]) this.release(client, call);
  }

  /** One byte an input of the call: 1 where the store has its success. */
  async succeeded(call: CallId, inputs: number): Promise<Uint8Array> {
    const table = new Uint8Array(inputs);
    for (let seq = 0; ;) {
      const rows = await this.options.store.outcomes(call, seq, FRAME_OUTCOMES, 'tables');
      const last = rows.at(-1);
      if (last === undefined || last.seq + countOf(last) <= seq) return table;
      for (const row of rows) {
        if ('ranges' in row && row.status !== SUCCEEDED) continue;
        const { indexes, statuses } = partOf(row);
        indexes.forEach((index, at) => {
          if (statuses[at] === SUCCEEDED) table[index] = 1;
        });
      }
      seq = last.seq + countOf(last);
    }
  }

  /** Clients attached to a call; those that want its output, if asked. */
  clientsOf(call: CallId, wanting: 'all' | 'output'): ClientSession[] {
    const readers = [...(this.#streams.get(call)?.readers ?? [])];
    return readers.filter((reader) => wanting === 'all' || reader.output).map((reader) => reader.client);
  }

  #pump(reader: Reader): void {
    const stream = this.#streams.get(reader.call);
    if (stream === undefined || reader.reading || !stream.readers.has(reader)) return;
    while (reader.cursor < stream.seq) {
      if (reader.cursor - reader.taken >= CREDIT_OUTCOMES || reader.untakenBytes >= CREDIT_BYTES) return;
      const rows = stream.tail.from(reader.cursor, stream.seq);
      if (rows === undefined) return void this.#readBack(reader, stream);
      this.#send(reader, frameFrom(rows, reader.cursor, stream.seq));
    }
    const { ending } = stream;
    if (ending === undefined || reader.cursor < ending.seq) return;
    reader.client.send({ type: 'call.ended', call_id: reader.call, ...ending });
    stream.readers.delete(reader);
    if (stream.readers.size === 0) this.#drop(reader.call);
    return undefined;
  }

  async #readBack(reader: Reader, stream: Stream): Promise<void> {
    reader.reading = true;
    try {
      const rows = await this.options.store.outcomes(
        reader.call,
        reader.cursor,
        Math.min(FRAME_OUTCOMES, stream.seq - reader.cursor),
      );
      const part = frameFrom(rows, reader.cursor, stream.seq);
      if (part.indexes.length === 0)
        throw new Error(`outcomes of ${reader.call} from ${reader.cursor} are not in the store`);
      this.#send(reader, part);
    } catch (error) {
      this.options.onError(error);
      reader.client.fail('output.expired', `the outcomes of ${reader.call} cannot be read: ${String(error)}`, {
        call_id: reader.call,
      });
      stream.readers.delete(reader);
    }
    reader.reading = false;
    this.#pump(reader);
  }

  #send(reader: Reader, part: Part): void {
    const count = part.indexes.length;
    const { payload } = part;
    reader.client.send(
      {
        type: 'outcomes',
        call_id: reader.call,
        epoch: this.options.epoch,
        seq: reader.cursor,
        count,
        indexes: bytesOf(part.indexes),
        statuses: part.statuses,
        attempts: bytesOf(part.attempts),
        seconds: bytesOf(part.seconds),
        lengths: bytesOf(part.lengths),
      },
      payload,
    );
    reader.cursor += count;
    reader.untaken.push({ end: reader.cursor, bytes: payload.length + count * TABLE_BYTES });
    reader.untakenBytes += payload.length + count * TABLE_BYTES;
  }

  #stream(call: CallId): Stream {
    const known = this.#streams.get(call);
    if (known !== undefined) return known;
    const fresh: Stream = { readers: new Set(), tail: new Tail(), seq: 0, ending: undefined };
    this.#streams.set(call, fresh);
    return fresh;
  }

  #drop(call: CallId): void {
    this.#tailBytes -= this.#streams.get(call)?.tail.bytes ?? 0;
    this.#streams.delete(call);
  }

  #reader(client: ClientSession, call: CallId): Reader | undefined {
    for (const reader of this.#streams.get(call)?.readers ?? []) if (reader.client === client) return reader;
    return undefined;
  }
}
