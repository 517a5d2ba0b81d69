// How deep a MessagePack value nests, told without building it: a header of 512 KiB can nest half a million levels, and
// unpacking that ends in an overflow of the stack, late. Only for headers large enough to matter; it reads no value.

/** More than any message has. */
const DEEPEST = 64;

/** Bytes after the first one, by kind; the lengths that follow a size are read. Mirrors the format's table. */
const FIXED: Readonly<Record<number, number>> = {
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
  0xd4: 2,
  0xd5: 3,
  0xd6: 5,
  0xd7: 9,
  0xd8: 17,
};
/** [width of the size, bytes beside it]: bin, ext, str of 8, 16 and 32 bits. */
const SIZED: Readonly<Record<number, readonly [width: 1 | 2 | 4, more: number]>> = {
  0xc4: [1, 0],
  0xc5: [2, 0],
  0xc6: [4, 0],
  0xc7: [1, 1],
  0xc8: [2, 1],
  0xc9: [4, 1],
  0xd9: [1, 0],
  0xda: [2, 0],
  0xdb: [4, 0],
};

/** Whether its nesting is bounded. Bytes that end early or mean nothing are the unpacker's to refuse. */
export function isShallow(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values still to come, of each container that is open. */
  const left: number[] = [1];
  let at = 0;
  while (left.length > 0 && at < bytes.length) {
    const top = left.length - 1;
    if (left[top] === 0) {
      left.pop();
      continue;
    }
    left[top] = (left[top] ?? 0) - 1;
    const first = view.getUint8(at);
    const inside = entriesOf(view, at, first);
    if (inside !== undefined) {
      if (left.push(inside.entries) > DEEPEST) return false;
      at += inside.head;
    } else at += scalarOf(view, at, first);
  }
  return true;
}

/** An array or a map: how many values it holds, and where they begin. */
function entriesOf(view: DataView, at: number, first: number): { entries: number; head: number } | undefined {
  if (first >= 0x80 && first <= 0x8f) return { entries: 2 * (first & 0x0f), head: 1 };
  if (first >= 0x90 && first <= 0x9f) return { entries: first & 0x0f, head: 1 };
  if (first < 0xdc || first > 0xdf) return undefined;
  const width = first % 2 === 0 ? 2 : 4;
  return { entries: sizeAt(view, at + 1, width) * (first >= 0xde ? 2 : 1), head: 1 + width };
}

/** Anything else: how many bytes it takes. */
function scalarOf(view: DataView, at: number, first: number): number {
  if (first >= 0xa0 && first <= 0xbf) return 1 + (first & 0x1f);
  const sized = SIZED[first];
  if (sized === undefined) return 1 + (FIXED[first] ?? 0);
  const [width, more] = sized;
  return 1 + width + more + sizeAt(view, at + 1, width);
}

function sizeAt(view: DataView, at: number, width: 1 | 2 | 4): number {
  if (at + width > view.byteLength) return 0;
  if (width === 1) return view.getUint8(at);
  return width === 2 ? view.getUint16(at) : view.getUint32(at);
}
