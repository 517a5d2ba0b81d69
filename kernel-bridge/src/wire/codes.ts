// Every code that travels: states, outcome statuses, failure codes, close codes. One table each, mirrored in
// farcall/wire/codes.py and PROTOCOL.md; a test compares the three.

/** queued: no container holds it. running: one does, under an attempt number. The rest are final. Wire value = position. */
export const INPUT_STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'timed_out'] as const;
export type InputState = (typeof INPUT_STATES)[number];
export const QUEUED = 0;
export const RUNNING = 1;
export const SUCCEEDED = 2;
export const FAILED = 3;
export const CANCELLED = 4;
export const TIMED_OUT = 5;
/** Added to an outcome's status by the container: the function's policy forbids a retry (`retry_on` does not list it). */
export const NO_RETRY = 0x80;

/** open: inputs may come. sealed: their count is known. The rest are final. */
export const CALL_STATES = ['open', 'sealed', 'done', 'failed', 'cancelled', 'incomplete'] as const;
export type CallState = (typeof CALL_STATES)[number];

export const CONTAINER_STATES = ['requested', 'starting', 'ready', 'draining', 'gone', 'lost'] as const;
export type ContainerState = (typeof CONTAINER_STATES)[number];

/** In a table of lengths: this entry's bytes are a blob, named next in the message's `blobs`. */
export const IN_BLOB = 0xffffffff;

/** Whose fault an input's failure is, and what the policy may do about it. */
export const FAILURES = {
  'user.raised': { retry: true, says: 'the function raised' },
  'user.timeout': { retry: true, says: 'one attempt ran longer than its timeout' },
  'user.cancelled': { retry: false, says: 'the call was cancelled' },
  'user.exited': { retry: true, says: 'the function raised SystemExit' },
  'payload.unreadable': { retry: false, says: 'the container could not unpickle the function or an argument' },
  'payload.unpicklable': { retry: false, says: 'the result or the exception cannot be pickled' },
  'payload.large': { retry: false, says: 'an argument or result is over the size limit' },
  'container.lost': { retry: true, says: 'the container stopped before it answered' },
  'container.poison': { retry: false, says: 'the input ended its container three times' },
  'container.memory': { retry: true, says: 'the container went over its memory limit' },
  'container.start': { retry: false, says: 'no container of this function came up' },
  'resource.impossible': { retry: false, says: 'no host here can ever satisfy what the function asks for' },
  'image.build': { retry: false, says: "the function's image could not be built" },
  'version.python': { retry: false, says: 'the host has no Python of the minor version that the function is from' },
  'call.incomplete': { retry: false, says: 'its client went away before the input was durable' },
} as const;
export type FailureCode = keyof typeof FAILURES;

/** Why a request was refused; the reply is `failed`, and the connection goes on. */
export const REFUSALS = {
  'request.invalid': 'the message breaks the protocol or an option is out of range',
  'request.unsupported': 'this gateway does not know the message',
  'not.found': 'no such call, function, input or container here',
  'not.allowed': 'this token may not do that',
  'call.foreign': 'the call belongs to another gateway',
  'call.closed': 'the call takes no more inputs',
  'resource.exhausted': 'a limit is reached; what runs goes on',
  'resource.impossible': 'no host here can ever satisfy the request',
  'output.expired': 'the result was kept as long as promised and is gone',
  'version.python': 'the Python minor versions differ',
  'gateway.closing': 'the gateway is draining',
} as const;
export type RefusalCode = keyof typeof REFUSALS;

/** WebSocket close codes of our own; 4400–4499 are final, the client must not come back by itself. */
export const CLOSES = {
  4400: 'protocol error: the frame or message is malformed',
  4401: 'the token is wrong, expired or revoked',
  4406: 'no protocol version in common',
  4409: 'replaced: the same id connected again',
  4410: 'gone: the gateway does not know this container',
  4503: 'goaway: the gateway is draining; come back',
} as const;
export type CloseCode = keyof typeof CLOSES;
