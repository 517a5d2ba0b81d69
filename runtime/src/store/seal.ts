// Secrets at rest: maps of texts, such as a function's secrets and the variables of its environment, as AES-256-GCM under
// the home's key. The store seals and opens them; nobody else sees the key. Rows of before there was one are plain, and are
// told apart by their shape.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { StoreKey } from './errors.js';

export type Texts = Readonly<Record<string, string>>;
/** How a sealed map stands in a row. No map of texts looks so: a value of it would be no text. */
export interface Sealed {
  readonly sealed: readonly [iv: string, tag: string, bytes: string];
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const CIPHER = 'aes-256-gcm';

export class Seal {
  private constructor(
    readonly key: Buffer,
    /** Where the key is from, for the sentence that says it does not fit. */
    private readonly from: string,
  ) {}

  /** The key in `given` ($FARCALL_KEY), else that of the folder, which is made with its first gateway. */
  static of(folder: string, given = process.env['FARCALL_KEY']): Seal {
    if (given !== undefined && given !== '') return new Seal(keyIn(given, 'FARCALL_KEY'), 'FARCALL_KEY');
    const path = join(folder, 'key');
    if (!existsSync(path))
      writeFileSync(path, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(path, 0o600);
    return new Seal(keyIn(readFileSync(path, 'utf8').trim(), path), path);
  }

  /** `label` binds it to its place: a map sealed for one function does not open as another's. */
  close(map: Texts, label: string): Sealed {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, iv).setAAD(Buffer.from(label));
    const bytes = Buffer.concat([cipher.update(JSON.stringify(map), 'utf8'), cipher.final()]);
    return { sealed: [base64(iv), base64(cipher.getAuthTag()), base64(bytes)] };
  }

  /** Throws StoreKey when it was sealed with another key, or changed. */
  open(map: Texts | Sealed, label: string): Texts {
    if (!isSealed(map)) return map;
    const [iv, tag, bytes] = map.sealed.map((part) => Buffer.from(part, 'base64'));
    try {
      const decipher = createDecipheriv(CIPHER, this.key, iv ?? '', { authTagLength: 16 });
      decipher.setAAD(Buffer.from(label)).setAuthTag(tag ?? Buffer.alloc(0));
      return JSON.parse(decipher.update(bytes ?? Buffer.alloc(0), undefined, 'utf8') + decipher.final('utf8')) as Texts;
    } catch (error) {
      throw new StoreKey(this.from, { cause: error });
    }
  }
}

export function isSealed(map: Texts | Sealed): map is Sealed {
  return Array.isArray(map['sealed']);
}

function keyIn(text: string, from: string): Buffer {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new StoreKey(from);
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}
