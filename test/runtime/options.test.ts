// The command line: what it takes, and the sentence for what it does not.

import { expect, test } from 'vitest';

import { LaunchError, parseOptions } from '../../runtime/src/options.js';

test('without options it is the embedded gateway of the home', () => {
  expect(parseOptions([], { HOME: '/h', XDG_STATE_HOME: '/state' })).toMatchObject({
    home: '/state/farcall/v1',
    python: 'python3',
    address: undefined,
    durability: 'process',
    idleExit: 300,
    gpus: undefined,
    labels: {},
    reconnectWindow: 60,
    allowedHosts: [],
  });
  expect(parseOptions([], { FARCALL_HOME: '/own' }).home).toBe('/own');
});

test('a port makes it a server: durable against a loss of power, and it stays', () => {
  expect(
    parseOptions(['--home', '/h', '--port', '0', '--gpus', 'A100:2,T4:1', '--region', 'eu', '--cloud', 'onprem']),
  ).toMatchObject({
    address: { host: '127.0.0.1', port: 0 },
    durability: 'power',
    idleExit: 0,
    reconnectWindow: 600,
    gpus: 'A100:2,T4:1',
    labels: { region: 'eu', cloud: 'onprem' },
  });
});

test('beyond loopback TLS is needed, or --insecure spelled out', () => {
  expect(() => parseOptions(['--host', '0.0.0.0', '--port', '1'])).toThrow(/--tls-cert.*--insecure/);
  expect(parseOptions(['--host', '0.0.0.0', '--port', '1', '--insecure']).address).toEqual({
    host: '0.0.0.0',
    port: 1,
  });
  expect(parseOptions(['--host', 'h', '--port', '1', '--tls-cert', 'c', '--tls-key', 'k']).address).toMatchObject({
    tls: { cert: 'c', key: 'k' },
  });
});

test.each([
  [['--port', 'x'], /--port takes a number/],
  [['--port', '70000'], /--port takes a number/],
  [['--host', 'h'], /--port takes a number/],
  [['--socket', '/s', '--port', '1'], /two ways to listen/],
  [['--port', '1', '--tls-cert', 'c'], /belong together/],
  [['--durability', 'maybe'], /"process" or "power"/],
  [['--idle-exit=-1'], /--idle-exit takes seconds/],
  [['--gpus', ';rm'], /"A100:2,T4:1"/],
  [['--region', ''], /--region takes .* such as "eu"/],
  [['--cloud', 'a/b'], /--cloud takes/],
  [['--what'], /--what/],
  [['loose'], /loose/],
])('%j is refused with a sentence', (argv, sentence) => {
  expect(() => parseOptions(argv, {})).toThrow(LaunchError);
  expect(() => parseOptions(argv, {})).toThrow(sentence);
});
