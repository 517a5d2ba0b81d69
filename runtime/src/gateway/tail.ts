// The newest rows of one stream, in memory, and how a frame is made of rows. Only committed rows are let go: the store has
// them. It knows neither readers nor sockets.

import {
  countOf,
  fitting,
  joinParts,
  type Part,
  partOf,
  type Row,
  slicePart,
  streamed,
  TABLE_BYTES,
} from './outcomes.js';

/** One frame's worth. */
export const FRAME_OUTCOMES = 16_384;
const FRAME_BYTES = 512 * 1024;
/** Rows looked at for one frame. */
const FRAME_ROWS = 1024;
/** What a row costs beside its payload and tables. */
const ROW_BYTES = 200;

export class Tail {
  readonly #rows: Row[] = [];
  bytes = 0;

  /** Returns what the row costs. */
  add(row: Row): number {
    const cost = costOf(row);
    this.#rows.push(row);
    this.bytes += cost;
    return cost;
  }

  /** Lets the older half go, as far as it is committed. Returns the bytes that are free now. */
  halve(committed: number): number {
    const before = this.bytes;
    let gone = 0;
    for (const row of this.#rows) {
      if (this.bytes <= before / 2 || row.seq + countOf(row) > committed) break;
      this.bytes -= costOf(row);
      gone += 1;
    }
    this.#rows.splice(0, gone);
    return before - this.bytes;
  }

  /** The rows from the one that holds `cursor` on, if it is here and below `seq`. */
  from(cursor: number, seq: number): readonly Row[] | undefined {
    const rows = this.#rows;
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((rows[middle]?.seq ?? 0) <= cursor) low = middle;
      else high = middle - 1;
    }
    const found = rows[low];
    const isHere = found !== undefined && found.seq <= cursor && cursor < found.seq + countOf(found) && found.seq < seq;
    return isHere ? rows.slice(low, low + FRAME_ROWS) : undefined;
  }
}

function costOf(row: Row): number {
  return row.payload.length + TABLE_BYTES * ('ranges' in row ? 1 : row.count) + ROW_BYTES;
}

/** One frame's worth of outcomes from `cursor` on, none at or after `seq`. */
export function frameFrom(rows: readonly Row[], cursor: number, seq: number): Part {
  const parts: Part[] = [];
  let at = cursor;
  let bytes = 0;
  for (const row of rows) {
    if (row.seq > at || row.seq >= seq || at - cursor >= FRAME_OUTCOMES || (bytes >= FRAME_BYTES && parts.length > 0))
      break;
    const part = partOf(row, at - row.seq, Math.min(FRAME_OUTCOMES - (at - cursor), seq - at));
    const count = fitting(part, 0, FRAME_BYTES - bytes);
    const cut = streamed(count === part.indexes.length ? part : slicePart(part, 0, count));
    parts.push(cut);
    bytes += cut.payload.length + count * TABLE_BYTES;
    at += count;
    if (count < part.indexes.length) break;
  }
  return joinParts(parts);
}
