// Tables on the wire.

/** A little-endian table (u8, u32 or f32 per entry). */
export type Bytes = Uint8Array;
