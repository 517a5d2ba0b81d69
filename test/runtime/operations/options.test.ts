// What an operator may set: how long calls are kept, and what is logged.

import { describe, expect, test } from 'vitest';

import { LaunchError, parseOptions } from '../../../runtime/src/options.js';

const DAY_MS = 24 * 3_600_000;
const GIB = 1024 ** 3;

test('calls are kept for a week and payloads within 10 GiB, unless told otherwise', () => {
  expect(parseOptions([], {})).toMatchObject({
    keep: { olderThanMs: 7 * DAY_MS, budgetBytes: 10 * GIB },
    logLevel: 'info',
    logBytes: 16 * 1024 * 1024,
  });
});

test('options go before variables, which reach the gateway that a notebook starts', () => {
  const env = { FARCALL_KEEP_DAYS: '30', FARCALL_KEEP_BYTES: '1TiB', FARCALL_LOG_LEVEL: 'debug' };
  expect(parseOptions([], env)).toMatchObject({
    keep: { olderThanMs: 30 * DAY_MS, budgetBytes: 1024 * GIB },
    logLevel: 'debug',
  });
  const argv = ['--keep-days', '0.5', '--keep-bytes', '1.5 GiB', '--log-level', 'warn', '--log-bytes', '1000'];
  expect(parseOptions(argv, env)).toMatchObject({
    keep: { olderThanMs: DAY_MS / 2, budgetBytes: 1.5 * GIB },
    logLevel: 'warn',
    logBytes: 1000,
  });
});

test('an empty variable is none', () => {
  const env = { FARCALL_KEEP_DAYS: '', FARCALL_KEEP_BYTES: '', FARCALL_LOG_LEVEL: '' };
  expect(parseOptions([], env)).toMatchObject({ keep: parseOptions([], {}).keep, logLevel: 'info' });
});

describe.each([
  ['--keep-days', ['-1', 'week', '', ' ', 'Infinity', 'NaN']],
  ['--keep-bytes', ['-1', '10GB', 'many', '', '1e9', '10 gib']],
  ['--log-bytes', ['all', '']],
  ['--log-level', ['loud', '', 'INFO', 'trace']],
] as const)('%s', (option, values) => {
  test.each(values)('%j is refused with a sentence that names it', (value) => {
    const parse = (): unknown => parseOptions([`${option}=${value}`], {});
    expect(parse).toThrow(LaunchError);
    expect(parse).toThrow(new RegExp(`^${option} .*"${value}"$`));
  });
});
