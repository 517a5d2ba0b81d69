// Both languages read and write the same bytes: test/vectors/ holds them, one file a message.

import { readdirSync, readFileSync } from 'node:fs';

import { decode, encode, type Message, SHAPES } from '@farcall/kernel-bridge/wire';
import { describe, expect, test } from 'vitest';

const folder = new URL('../vectors/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

interface Vector {
  readonly message: Message;
  readonly payload: string;
  readonly frame: string;
}

function read(file: string): Vector {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8'), bytesFrom) as Vector;
}
function bytesFrom(_key: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && Object.keys(value).join() === 'hex';
  return isBytes ? new Uint8Array(Buffer.from((value as { hex: string }).hex, 'hex')) : value;
}
/** Bytes as arrays of numbers, whatever kind of array held them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Array.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

describe('vectors', () => {
  test.each(files)('%s round-trips', (file) => {
    const vector = read(file);
    const frame = Buffer.from(vector.frame, 'hex');
    const decoded = decode(frame);
    expect(plain(decoded.message)).toEqual(plain(vector.message));
    expect(Buffer.from(decoded.payload).toString('hex')).toBe(vector.payload);
    expect(Buffer.from(encode(vector.message, Buffer.from(vector.payload, 'hex'))).toString('hex')).toBe(vector.frame);
  });

  test('every message has a vector', () => {
    expect(files.map((name) => name.replace('.json', '')).sort()).toEqual(Object.keys(SHAPES).sort());
  });
});
