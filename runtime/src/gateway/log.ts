// The gateway's log: one JSON line an event in HOME/gateway.log. A log over its cap is set aside when the gateway starts.

import { renameSync, statSync } from 'node:fs';

import { destination, type Logger, pino } from 'pino';

export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;

const LARGEST_LOG = 16 * 1024 * 1024;

export function openLog(path: string): Logger {
  try {
    if (statSync(path).size > LARGEST_LOG) renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
  return pino(
    { base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ dest: path, mode: 0o600, sync: true }),
  );
}
