// The tables of outcome rows (u8, u32 or f32 per entry, little-endian) and how they are made small: a table of equal
// entries, or of consecutive indexes, is stored as its first entry. Most rows of a map shrink to a tenth that way.

/** The first entry alone when all are equal. */
export function squeeze(table: Uint8Array, width: number): Uint8Array {
  if (table.length <= width) return table;
  const shifted = Buffer.compare(table.subarray(width), table.subarray(0, table.length - width));
  return shifted === 0 ? table.subarray(0, width) : table;
}

/** Undoes `squeeze`. */
export function stretch(table: Uint8Array, width: number, count: number): Uint8Array {
  if (table.length === 0 || table.length === count * width) return table;
  return new Uint8Array(Buffer.alloc(count * width, table).buffer);
}

export interface Indexes {
  readonly low: number;
  readonly high: number;
  /** The first index alone when they are consecutive. */
  readonly table: Uint8Array;
}

export function squeezeIndexes(table: Uint8Array): Indexes {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const first = table.length === 0 ? 0 : view.getUint32(0, true);
  let low = first;
  let high = first;
  let consecutive = true;
  for (let at = 4; at < table.length; at += 4) {
    const index = view.getUint32(at, true);
    if (index !== first + at / 4) consecutive = false;
    if (index < low) low = index;
    else if (index > high) high = index;
  }
  return { low, high, table: consecutive ? table.subarray(0, 4) : table };
}

/** Undoes `squeezeIndexes`. */
export function stretchIndexes(table: Uint8Array, count: number): Uint8Array {
  if (table.length === 0 || table.length === count * 4) return table;
  const first = new DataView(table.buffer, table.byteOffset, table.byteLength).getUint32(0, true);
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) all[i] = first + i;
  return new Uint8Array(all.buffer);
}
