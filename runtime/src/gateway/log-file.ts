// The file behind the log: lines are appended at once, and a file over its cap is set aside as .1, the one before as .2 and
// so on. What a terminal would act on is escaped, and what looks like a token is taken out, whoever logged it.

import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** Files set aside; the next one is overwritten. */
const KEPT = 3;
/** Control characters above ASCII, line ends that only some programs know, and what turns the direction of text. */
const TRICKS = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g;
/** 256 bits as base64url, standing alone: every token of ours. */
const TOKEN = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g;
const BEARER = /(Bearer )[^\s"\\]+/gi;

export class LogFile {
  #descriptor: number;
  #size: number;

  constructor(
    private readonly path: string,
    private readonly mostBytes: number,
  ) {
    this.#descriptor = openSync(path, 'a', 0o600);
    this.#size = fstatSync(this.#descriptor).size;
  }

  /** One line of JSON. A log that cannot be written must not end the gateway: the line is lost. */
  write(line: string): void {
    try {
      if (this.#size > 0 && this.#size + line.length > this.mostBytes) this.#rotate();
      this.#size += writeSync(this.#descriptor, safe(line));
    } catch {
      // The disk is full or the folder is gone; /readyz and the store say so.
    }
  }

  #rotate(): void {
    closeSync(this.#descriptor);
    for (let age = KEPT - 1; age >= 0; age -= 1) setAside(this.#aged(age), this.#aged(age + 1));
    this.#descriptor = openSync(this.path, 'a', 0o600);
    this.#size = 0;
  }

  #aged(age: number): string {
    return age === 0 ? this.path : `${this.path}.${age}`;
  }
}

export function safe(line: string): string {
  return line
    .replace(TOKEN, '[token]')
    .replace(BEARER, '$1[token]')
    .replace(TRICKS, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function setAside(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // There is none of that age yet.
  }
}
