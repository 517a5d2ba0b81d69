// One WebSocket binary message = one frame: `u32 header length (LE) · header (MessagePack map) · payload`.
// The header is a message of messages/; the payload stays a slice of the frame. Malformed bytes throw ProtocolError,
// whatever they are; field types are checked against the table in shapes/, once, here at the edge.

import { Packr, Unpackr } from 'msgpackr';

import { isShallow } from './depth.js';
import type { Message } from './messages/index.js';
import { misfit } from './shapes/index.js';

/** Lowest and highest protocol version this package speaks. */
export const PROTOCOL = [1, 1] as const;
/** A frame above this is refused; larger payloads travel as blobs. */
export const MAX_FRAME = 1024 * 1024;
/** A header above this is refused. */
export const MAX_HEADER = 512 * 1024;

/** Below this a header cannot nest deep enough to hurt. */
const SCANNED_ABOVE = 4 * 1024;

// skipValues is missing from the library's types: an optional field that is undefined must not travel as nil.
const OPTIONS = { useRecords: false, variableMapSize: true, skipValues: [undefined] };
const packer = new Packr(OPTIONS);
const unpacker = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

/** The bytes are no frame, or the frame holds no message. `unknown` = well formed, but a type of another protocol version. */
export class ProtocolError extends Error {
  constructor(
    message: string,
    readonly unknown = false,
    /** The `request` of an unknown message, so that its asker can be answered. */
    readonly request?: number,
  ) {
    super(message);
    this.name = 'ProtocolError';
  }
}
export interface Frame {
  readonly message: Message;
  readonly payload: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The frame of one message. Copies the payload once. */
export function encode(message: Message, payload: Uint8Array = NOTHING): Uint8Array {
  const header = packer.pack(message);
  const frame = Buffer.allocUnsafe(4 + header.length + payload.length);
  frame.writeUInt32LE(header.length, 0);
  frame.set(header, 4);
  frame.set(payload, 4 + header.length);
  return frame;
}

/** The message and its payload (a view into `frame`). */
export function decode(frame: Uint8Array): Frame {
  if (frame.length < 4) throw new ProtocolError(`a frame of ${frame.length} bytes holds no header`);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const size = view.getUint32(0, true);
  if (size > frame.length - 4 || size > MAX_HEADER)
    throw new ProtocolError(`a frame of ${frame.length} bytes cannot hold a header of ${size}`);
  const header = unpack(frame.subarray(4, 4 + size));
  const why = misfit(header);
  if (why !== '') throw new ProtocolError(why, why.startsWith('unknown type'), requestOf(header));
  return { message: header as Message, payload: frame.subarray(4 + size) };
}

function requestOf(header: unknown): number | undefined {
  const request = (header as { readonly request?: unknown } | null)?.request;
  return Number.isSafeInteger(request) ? (request as number) : undefined;
}

/** A map as MessagePack, without a frame: how failures travel as payloads. */
export function packMap(map: Readonly<Record<string, unknown>>): Uint8Array {
  return Uint8Array.from(packer.pack(map));
}

/** Reads what `packMap`, or its Python twin, wrote. Throws ProtocolError. */
export function unpackMap(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value = unpack(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProtocolError('the payload is not a map');
  return value as Readonly<Record<string, unknown>>;
}

function unpack(bytes: Uint8Array): unknown {
  if (bytes.length > SCANNED_ABOVE && !isShallow(bytes)) throw new ProtocolError('it nests too deep');
  try {
    return unpacker.unpack(bytes) as unknown;
  } catch (error) {
    throw new ProtocolError(error instanceof Error ? error.message : String(error));
  }
}
