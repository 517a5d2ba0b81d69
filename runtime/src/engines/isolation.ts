// How containers are kept apart from the gateway's folder and from each other, decided once, at the start: host/isolation.py
// is asked what this machine can do. The lobby is the folder outside the home that isolated containers may enter: the socket
// of a door of their own, and their folders. It knows nothing of containers.

import { spawn } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';

export const ISOLATIONS = ['auto', 'uid', 'bwrap', 'none'] as const;
export type IsolationWish = (typeof ISOLATIONS)[number];

export interface Isolation {
  readonly kind: 'none' | 'uid' | 'bwrap';
  /** A sentence for whoever looks at the gateway: isolation was asked for and there is none. Else empty. */
  readonly warning: string;
  readonly lobby: string;
  /** Users for containers: the first, and how many. The first is the group of all of them. */
  readonly uids: readonly [first: number, count: number];
}
export interface IsolationQuestion {
  readonly asked: IsolationWish;
  readonly python: string;
  readonly home: string;
  readonly lobby: string;
  readonly uids: readonly [first: number, count: number];
}

/** The best way that works here. Rejects when one was asked for by name and does not. */
export async function findIsolation({ asked, python, home, lobby, uids }: IsolationQuestion): Promise<Isolation> {
  if (asked === 'none') return { kind: 'none', warning: '', lobby, uids };
  const { kind, why } = await probe(python, { asked, home, lobby, first: uids[0] });
  if (kind !== 'none') return { kind, warning: '', lobby, uids };
  if (asked !== 'auto') throw new Error(`--isolation ${asked} is not possible here: ${why}`);
  const warning = `containers are not isolated: they run as the gateway's user and can read its folder, tokens and secrets included (${why})`;
  return { kind, warning, lobby, uids };
}

/** Lets containers, and nobody else, reach the socket of their door. */
export function openLobby({ kind, lobby, uids }: Isolation, socket: string): void {
  if (kind !== 'uid') return;
  for (const folder of [lobby, dirname(socket)]) chmodSync(folder, 0o711);
  chownSync(socket, process.getuid?.() ?? 0, uids[0]);
  chmodSync(socket, 0o660);
}

async function probe(
  python: string,
  question: object,
): Promise<{ readonly kind: Isolation['kind']; readonly why: string }> {
  const child = spawn(python, ['-m', 'farcall.host.isolation'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${JSON.stringify(question)}\n`);
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  const [said, errors] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  try {
    return JSON.parse(said) as { kind: Isolation['kind']; why: string };
  } catch {
    return { kind: 'none', why: errors.trim().split('\n').at(-1) ?? 'the probe said nothing' };
  }
}
