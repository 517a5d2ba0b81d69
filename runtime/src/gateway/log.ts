// The gateway's log: one JSON line an event in HOME/gateway.log. `msg` is the event's name (the table is in
// docs/operations.md), what people wrote stands under `user`, and every text is capped.

import { type Logger, pino } from 'pino';

import { LogFile } from './log-file.js';

export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export interface LogSettings {
  readonly level?: LogLevel;
  /** A file over this is set aside. */
  readonly mostBytes?: number;
}

const MOST_BYTES = 16 * 1024 * 1024;
const LONGEST_TEXT = 2000;
const LONGEST_STACK = 8000;
const DEEPEST = 4;
/** Never written, whatever they hold. */
const SECRET = /^(authorization|cookie|key|key_hash|password|secrets?|token)$/i;

export function openLog(path: string, { level = 'info', mostBytes = MOST_BYTES }: LogSettings = {}): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => capped(fields, 0) as typeof fields },
    },
    new LogFile(path, mostBytes),
  );
}

function capped(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cut(value, LONGEST_TEXT);
  if (value instanceof Error) return errorOf(value, depth);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, 100).map((item: unknown) => capped(item, depth + 1));
  const fields = Object.entries(value);
  return Object.fromEntries(fields.map(([name, of]) => [name, SECRET.test(name) ? '[hidden]' : capped(of, depth + 1)]));
}

function errorOf(error: Error, depth: number): object {
  const { name: type, message, stack, cause } = error;
  return {
    type,
    message: cut(message, LONGEST_TEXT),
    ...('code' in error ? { code: String(error.code) } : {}),
    ...(stack === undefined ? {} : { stack: cut(stack, LONGEST_STACK) }),
    ...(cause instanceof Error && depth < DEEPEST ? { cause: errorOf(cause, depth + 1) } : {}),
  };
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`;
}
