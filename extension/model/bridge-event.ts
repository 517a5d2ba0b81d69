// Parses the kernel's side of the bridge: events, and the results of replies. Called by bridge/; knows no kernel.

import type {
  BridgeEvent,
  CallView,
  ContainerView,
  InputDetail,
  InputRow,
  RuntimeView,
} from '@farcall/kernel-bridge/notebook';

import { parseCallId, parseCallView, parseLiveCall } from './call-view';
import { amount, fields, flag, list, mimeBundle, oneOf, SchemaError, text, texts, whole } from './reader';

const EVENTS = ['hello', 'progress', 'reply', 'error'] as const;
const MAX_CALLS = 1000;
const MAX_TEXT = 1_000_000;

export function parseEvent(data: unknown): BridgeEvent {
  const of = fields(data, 'event');
  if (of['v'] !== 1) throw new SchemaError('v: the kernel speaks another version of the bridge');
  const head = { v: 1, epoch: text(of, 'epoch', 100), seq: whole(of, 'seq') } as const;
  const event = oneOf(of, 'event', EVENTS);
  switch (event) {
    case 'hello':
      return {
        ...head,
        event,
        version: text(of, 'version', 40),
        calls: list(of, 'calls', { limit: MAX_CALLS, item: parseLiveCall }),
        ...(of['knows'] === undefined ? {} : { knows: texts(of, 'knows', 100, 40) }),
      };
    case 'progress':
      return { ...head, event, calls: list(of, 'calls', { limit: MAX_CALLS, item: parseLiveCall }) };
    case 'reply':
      return { ...head, event, id: whole(of, 'id'), result: of['result'] };
    case 'error':
      return { ...head, event, id: parseNext(of['id']), message: text(of, 'message', 2000) };
  }
}

export interface Rows {
  readonly rows: readonly InputRow[];
  /** The index to go on from, -1: no more. */
  readonly next: number;
}

export function parseRows(result: unknown): Rows {
  const of = fields(result, 'rows');
  return { rows: list(of, 'rows', { limit: 1000, item: parseRow }), next: parseNext(of['next']) };
}

export function parseDetail(result: unknown): InputDetail {
  const of = fields(result, 'input');
  return {
    row: parseRow(of['row']),
    arguments: mimeBundle(of, 'arguments', MAX_TEXT),
    result: mimeBundle(of, 'result', MAX_TEXT),
    traceback: text(of, 'traceback', MAX_TEXT),
    output: text(of, 'output', MAX_TEXT),
  };
}

export interface Output {
  readonly text: string;
  /** The byte offset to go on from, -1 at the end. */
  readonly next: number;
}

export function parseOutput(result: unknown): Output {
  const of = fields(result, 'output');
  return { text: text(of, 'text', MAX_TEXT), next: parseNext(of['next']) };
}

export function parseDerived(result: unknown): string {
  return parseCallId(fields(result, 'resume'));
}

/** Labels of the inputs that were asked for, in that order. */
export function parseLabels(result: unknown): readonly string[] {
  return texts(fields(result, 'labels'), 'labels', 256, 100);
}

/** Short, for it becomes a cell that a person reads. */
const MAX_SOURCE = 4000;

export function parseSource(result: unknown): string {
  return text(fields(result, 'code'), 'source', MAX_SOURCE);
}

export function parseCalls(result: unknown): readonly CallView[] {
  return list(fields(result, 'calls'), 'calls', { limit: MAX_CALLS, item: parseCallView });
}

export function parseRuntime(result: unknown): RuntimeView {
  const of = fields(result, 'runtime');
  return {
    where: text(of, 'where', 300),
    version: text(of, 'version', 40),
    latency_ms: amount(of, 'latency_ms'),
    python: text(of, 'python', 80),
    cpus: amount(of, 'cpus'),
    memory: amount(of, 'memory'),
    gpus: list(of, 'gpus', { limit: 64, item: parseGpu }),
    containers: list(of, 'containers', { limit: 500, item: parseContainer }),
  };
}

function parseRow(value: unknown): InputRow {
  const of = fields(value, 'row');
  return {
    index: whole(of, 'index'),
    state: text(of, 'state', 20),
    attempt: whole(of, 'attempt'),
    seconds: amount(of, 'seconds'),
    container_id: text(of, 'container_id', 100),
    since: amount(of, 'since'),
    error: text(of, 'error', 500),
  };
}

function parseGpu(value: unknown): RuntimeView['gpus'][number] {
  const of = fields(value, 'gpus');
  return { name: text(of, 'name', 80), memory: amount(of, 'memory'), busy: flag(of, 'busy') };
}

function parseContainer(value: unknown): ContainerView {
  const of = fields(value, 'containers');
  return {
    container_id: text(of, 'container_id', 100),
    function: text(of, 'function', 200),
    state: text(of, 'state', 20),
    pid: whole(of, 'pid'),
    hardware: text(of, 'hardware', 80),
    started_at: amount(of, 'started_at'),
    inputs: whole(of, 'inputs'),
  };
}

/** An index or offset, -1 for none; also the id of an error about an intent that had none. */
function parseNext(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < -1)
    throw new SchemaError('next: an index was expected');
  return value;
}
