// What each field of each message must be, for the check at the edge. The compiler holds this table against messages/
// (a field too many or too few does not compile); lists and maps are checked by their readers, which know what is inside.

import type { Message, MessageType } from './messages/index.js';

type Kind = 'int' | 'number' | 'text' | 'flag' | 'bytes' | 'list' | 'map';
type Fields<M> = { readonly [F in Exclude<keyof M, 'type'>]-?: Kind | `${Kind}?` };

export const SHAPES: { readonly [T in MessageType]: Fields<Extract<Message, { type: T }>> } = {
  hello: { role: 'text', id: 'text', protocol: 'list', version: 'text', python: 'text', held: 'list?' },
  welcome: { protocol: 'int', version: 'text', store: 'text', epoch: 'text', key: 'text?', blobs: 'text?' },
  failed: { request: 'int?', call_id: 'text?', code: 'text', message: 'text' },
  goaway: { after_ms: 'int' },
  ping: {},
  pong: {},
  'environment.put': {
    environment_id: 'text',
    executable: 'text',
    python: 'text',
    cwd: 'text',
    path: 'list',
    variables: 'map',
  },
  'function.put': { request: 'int', function_id: 'text', environment_id: 'text', spec: 'map', blob: 'text?' },
  'function.accepted': { request: 'int', function_id: 'text' },
  'function.replace': { app: 'text', name: 'text', function_id: 'text' },
  'autoscaler.update': {
    request: 'int',
    app: 'text',
    name: 'text',
    min_containers: 'int?',
    max_containers: 'int?',
    buffer_containers: 'int?',
    scaledown_window: 'number?',
  },
  'autoscaler.state': {
    request: 'int',
    min_containers: 'int',
    max_containers: 'int',
    buffer_containers: 'int',
    scaledown_window: 'number',
  },
  'call.open': {
    request: 'int',
    call_id: 'text',
    function_id: 'text',
    kind: 'text',
    on_failure: 'text',
    attached: 'flag',
    on_owner_lost: 'text',
    parent: 'map?',
    bindings: 'map',
    sources: 'map',
    origin: 'text',
    blob: 'text?',
    traceparent: 'text?',
  },
  'call.accepted': { request: 'int', call_id: 'text' },
  'inputs.put': { call_id: 'text', first: 'int', count: 'int', lengths: 'bytes', blobs: 'list?' },
  'inputs.accepted': { call_id: 'text', through: 'int' },
  'call.seal': { call_id: 'text', count: 'int' },
  'call.sealed': { call_id: 'text', count: 'int' },
  'call.cancel': { request: 'int', call_id: 'text', scope: 'text', terminate: 'flag' },
  'call.cancelled': { request: 'int', call_id: 'text' },
  'call.detach': { call_id: 'text' },
  'call.derive': {
    request: 'int',
    call_id: 'text',
    base: 'text',
    indexes: 'bytes',
    function_id: 'text',
    on_failure: 'text',
    attached: 'flag',
    bindings: 'map',
    sources: 'map',
    origin: 'text',
    blob: 'text?',
    traceparent: 'text?',
  },
  'call.ask': { request: 'int', call_id: 'text' },
  'call.list': { request: 'int', limit: 'int' },
  'call.info': { request: 'int', call: 'map' },
  'call.listing': { request: 'int', calls: 'list' },
  'call.attach': { call_id: 'text', after: 'int', output: 'flag' },
  'call.release': { call_id: 'text' },
  outcomes: {
    call_id: 'text',
    epoch: 'text',
    seq: 'int',
    count: 'int',
    indexes: 'bytes',
    statuses: 'bytes',
    attempts: 'bytes',
    seconds: 'bytes',
    lengths: 'bytes',
  },
  'outcomes.taken': { call_id: 'text', through: 'int' },
  'call.ended': { call_id: 'text', state: 'text', count: 'int', seq: 'int' },
  'outcomes.read': { request: 'int', call_id: 'text', first: 'int', count: 'int' },
  'outcomes.page': {
    request: 'int',
    call_id: 'text',
    indexes: 'bytes',
    statuses: 'bytes',
    attempts: 'bytes',
    seconds: 'bytes',
    lengths: 'bytes',
    blobs: 'list?',
  },
  'inputs.read': { request: 'int', call_id: 'text', first: 'int', count: 'int' },
  'inputs.page': { request: 'int', call_id: 'text', first: 'int', count: 'int', lengths: 'bytes', blobs: 'list?' },
  items: { call_id: 'text', index: 'int', attempt: 'int', first: 'int', lengths: 'bytes', blobs: 'list?' },
  'items.taken': { call_id: 'text', index: 'int', through: 'int' },
  watch: { call_id: 'text' },
  unwatch: { call_id: 'text' },
  progress: {
    call: 'map',
    rate: 'number',
    containers: 'int',
    hardware: 'text',
    waiting: 'text',
    cells: 'text',
    cell: 'int',
    failures: 'list',
  },
  'inputs.list': { request: 'int', call_id: 'text', states: 'list', first: 'int', limit: 'int' },
  'inputs.rows': { request: 'int', rows: 'list', next: 'int' },
  'timing.ask': { request: 'int', call_id: 'text' },
  'timing.state': {
    request: 'int',
    durations: 'bytes',
    first: 'int',
    slowest: 'list',
    began: 'number',
    width: 'number',
    lanes: 'list',
    more: 'int',
  },
  'preview.ask': { request: 'int', call_id: 'text', index: 'int', what: 'text' },
  'preview.make': { request: 'int', what: 'text', call_id: 'text', blob: 'text?' },
  'preview.made': { request: 'int', bundle: 'map' },
  'output.read': { request: 'int', call_id: 'text', index: 'int', offset: 'int' },
  'output.page': { request: 'int', next: 'int' },
  output: { call_id: 'text', index: 'int', stream: 'text' },
  'runtime.ask': { request: 'int' },
  'runtime.state': {
    request: 'int',
    pid: 'int',
    version: 'text',
    python: 'text',
    started_at: 'number',
    cpus: 'int',
    memory: 'int',
    gpus: 'list',
    containers: 'list',
    clients: 'int',
    calls_open: 'int',
    isolation: 'text?',
    warning: 'text?',
  },
  'runtime.stop': { keep: 'flag' },
  'token.make': { request: 'int', name: 'text', scope: 'text', seconds: 'number' },
  'token.made': { request: 'int', token: 'text', summary: 'map' },
  'token.list': { request: 'int' },
  'token.listing': { request: 'int', tokens: 'list' },
  'token.revoke': { request: 'int', token_id: 'text' },
  'token.revoked': { request: 'int', token_id: 'text' },
  'store.expire': { request: 'int', seconds: 'number', pretend: 'flag' },
  'store.expired': { request: 'int', count: 'int', calls: 'list', bytes: 'number' },
  'store.copy': { request: 'int', folder: 'text' },
  'store.copied': { request: 'int', folder: 'text', files: 'int', bytes: 'number' },
  'function.load': { function_id: 'text', spec: 'map', blob: 'text?' },
  'container.ready': { container_id: 'text' },
  'container.broken': { container_id: 'text' },
  'call.load': { call_id: 'text', bindings: 'map', sources: 'map', blob: 'text?', traceparent: 'text?' },
  'call.forget': { call_id: 'text' },
  'inputs.run': {
    lease: 'int',
    call_id: 'text',
    first: 'int',
    count: 'int',
    attempt: 'int',
    lengths: 'bytes',
    blobs: 'list?',
  },
  'outcomes.put': {
    seq: 'int',
    lease: 'int',
    call_id: 'text',
    indexes: 'bytes',
    statuses: 'bytes',
    attempt: 'int',
    seconds: 'bytes',
    lengths: 'bytes',
    blobs: 'list?',
    failures: 'list?',
    spans: 'list?',
    ended: 'flag',
  },
  'outcomes.acknowledged': { through: 'int' },
  'container.waiting': { waiting: 'flag' },
  'leases.revoked': { through: 'int' },
  drain: {},
  'host.state': { cpus: 'int', memory: 'int', gpus: 'list', containers: 'list' },
  heartbeat: { stopped: 'list' },
  'container.start': {
    container_id: 'text',
    function_id: 'text',
    token: 'text',
    executable: 'text',
    cwd: 'text',
    path: 'list',
    variables: 'map',
    imports: 'list',
    environment_id: 'text',
    memory: 'int',
    gpus: 'list',
    startup_timeout: 'number',
    hidden: 'list?',
  },
  'container.started': { container_id: 'text', pid: 'int', starter: 'text' },
  'container.exited': { container_id: 'text', reason: 'text', code: 'int', lease: 'int', index: 'int', detail: 'text' },
  'container.stop': { container_id: 'text', how: 'text' },
  'lease.revoke': { container_id: 'text', lease: 'int', first: 'int' },
  'lease.revoked': { container_id: 'text', lease: 'int', first: 'int' },
  'lease.cancel': { container_id: 'text', lease: 'int', first: 'int', grace_ms: 'int' },
  'output.put': { container_id: 'text', stream: 'int', offset: 'int', lease: 'int', index: 'int' },
};

const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  int: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  text: (value) => typeof value === 'string',
  flag: (value) => typeof value === 'boolean',
  bytes: (value) => value instanceof Uint8Array,
  list: (value) => Array.isArray(value),
  map: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array),
};

type Checks = ReadonlyArray<
  readonly [field: string, optional: boolean, fits: (value: unknown) => boolean, kind: string]
>;
const CHECKS = new Map<string, Checks>(
  Object.entries(SHAPES).map(([type, fields]) => [type, Object.entries(fields as Record<string, string>).map(checkOf)]),
);

function checkOf([field, kind]: [string, string]): Checks[number] {
  const plain = kind.replace('?', '');
  return [field, kind.endsWith('?'), FITS[plain] ?? (() => false), plain];
}

/** Why `value` is not a message: `unknown type …`, or which field is wrong. Empty when it is one. */
export function misfit(value: unknown): string {
  if (FITS['map']?.(value) !== true) return 'the header is not a map';
  const record = value as Record<string, unknown>;
  const { type } = record;
  if (typeof type !== 'string') return `the header's type is no text`;
  const checks = CHECKS.get(type);
  if (checks === undefined) return `unknown type ${type.slice(0, 60)}`;
  for (const [field, optional, fits, kind] of checks) {
    const given = record[field];
    if (given === undefined ? !optional : !fits(given)) return `${type}.${field} is not ${kind}`;
  }
  return '';
}
