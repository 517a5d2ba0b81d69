// Raw HTTP against a gateway's door, byte for byte: what the door answers, and whether it closes. For the attacks A1 to A4.

import { connect } from 'node:net';

import type { TestGateway } from '../support/gateway.js';

export const GOOD = 'client-token-of-the-tests-0123456789';
export const BEARER = `Authorization: Bearer ${GOOD}`;
export const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
/** Every method of RFC 9110, of WebDAV's the telling ones, and some that nobody knows to Node's parser or at all. */
export const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'],
  ...['PROPFIND', 'MOVE', 'LOCK', 'M-SEARCH', 'QUERY', 'BREW', 'get', 'G\u0000T'],
];

export interface Answer {
  /** 0: closed without an answer. */
  readonly status: number;
  readonly text: string;
  /** Until the connection was closed by the door. */
  readonly ms: number;
}

/** Sends the bytes as they are and waits until the door has closed. The head has no Content-Length but what is in it. */
export function raw(gateway: TestGateway, bytes: string): Promise<Answer> {
  return new Promise((resolve) => {
    const began = performance.now();
    let text = '';
    const socket = connect(gateway.url.slice('unix://'.length), () => socket.write(bytes, 'latin1'));
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
      resolve({ status, text, ms: performance.now() - began });
    });
  });
}

export function head(method: string, target: string, lines: readonly string[]): string {
  return `${[`${method} ${target} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}

/** One path for each route and each way to miss it, made from the router's own patterns. */
export function targets(gateway: TestGateway): readonly string[] {
  const known = gateway.door.routes.map(({ path }) =>
    path.source
      .replace(/^\^|\$$/g, '')
      .replaceAll('\\/', '/')
      .replace(/\([^)]*\)/g, `bl-${'0'.repeat(26)}`),
  );
  return [
    ...known,
    ...known.map((path) => `${path}?token=${GOOD}`),
    '/',
    '/nowhere',
    '*',
    '//v1/connect',
    '/v1/../livez',
  ];
}
