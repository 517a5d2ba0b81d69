// What the gallery's kernel answers: plausible rows, inputs, output, and a runtime.

import type { BridgeIntent } from '@farcall/kernel-bridge/notebook';

import { callView, counts, NOW } from '../support/calls';
import type { FakeKernel } from '../support/kernel';

const TRACEBACK = `Traceback (most recent call last):
  Cell In[4], line 7, in embed(text, price)
      6     tokens = tokenizer(text)
----> 7     weight = row['price'] / 100
      8     return model(tokens) * weight
  File "/opt/env/lib/python3.11/site-packages/pandas/core/series.py", line 1121, in __getitem__
    return self._get_value(key)
KeyError: 'price'
`;

export function answerIntent(intent: BridgeIntent, kernel: FakeKernel): void {
  queueMicrotask(() => kernel.emit({ event: 'reply', id: intent.id, result: resultOf(intent) }));
}

function resultOf(intent: BridgeIntent): unknown {
  switch (intent.intent) {
    case 'rows':
      return { rows: rowsFrom(intent.first, intent.limit, intent.states), next: intent.first + intent.limit * 37 };
    case 'input':
      return inputDetail(intent.index);
    case 'output':
      return {
        text: 'loading model sentence-t5 (1.2 GiB)\nready in 3.1 s\n' + 'batch 17: 1,024 texts\n'.repeat(12),
        next: -1,
      };
    case 'resume':
      return { call_id: 'fc-0000000000000000000000000DERIVED' };
    case 'runtime':
      return runtime();
    case 'calls':
      return {
        calls: [
          callView(),
          callView({
            call_id: 'fc-OLD',
            name: 'clean',
            state: 'done',
            counts: counts({ succeeded: 1000 }),
            ended_at: NOW,
          }),
        ],
      };
    default:
      return null;
  }
}

function rowsFrom(first: number, limit: number, states: readonly string[]): object[] {
  const isFailed = states.includes('failed');
  return Array.from({ length: limit }, (_, at) => ({
    index: first + 11 + at * 37,
    state: isFailed ? (at % 9 === 4 ? 'timed out' : 'failed') : 'succeeded',
    attempt: isFailed ? 3 : 1,
    seconds: 0.4 + at * 0.37,
    container_id: `ct-01J9ZK3V7Q8W2X4Y6A5B${at % 3}C`,
    since: 0,
    error: isFailed ? (at % 9 === 4 ? 'FunctionTimeoutError: 60 s' : "KeyError: 'price'") : '',
  }));
}

function inputDetail(index: number): object {
  const isFailed = index !== 0;
  return {
    row: {
      index,
      state: isFailed ? 'failed' : 'succeeded',
      attempt: isFailed ? 3 : 1,
      seconds: 1.24,
      container_id: 'ct-01J9ZK3V7Q8W2X4Y6A5B0C',
      since: 0,
      error: '',
    },
    arguments: { 'text/plain': "text = 'A young couple in love, and a ship'\nprice = nan" },
    result: isFailed
      ? {}
      : {
          'text/html':
            '<table><thead><tr><th>title</th><th>score</th></tr></thead><tbody><tr><td>Titanic</td><td>0.91</td></tr></tbody></table>',
          'text/plain': 'Titanic 0.91',
        },
    traceback: isFailed ? TRACEBACK : '',
    output: 'tokenizing…\n',
  };
}

function runtime(): object {
  const container = {
    function: 'embed',
    state: 'ready',
    pid: 4012,
    hardware: 'A100',
    started_at: NOW - 75,
    inputs: 137,
  };
  return {
    where: 'this machine',
    version: '0.1.0',
    latency_ms: 0.8,
    python: '3.11.2',
    cpus: 16,
    memory: 128 * 2 ** 30,
    gpus: [
      { name: 'A100', memory: 80 * 2 ** 30, busy: true },
      { name: 'A100', memory: 80 * 2 ** 30, busy: false },
    ],
    containers: [
      { ...container, container_id: 'ct-01J9ZK3V7Q8W2X4Y6A5B0C' },
      { ...container, container_id: 'ct-01J9ZK3V7Q8W2X4Y6A5B1C', state: 'starting', inputs: 0, started_at: NOW - 2 },
      {
        ...container,
        container_id: 'ct-01J9ZK3V7Q8W2X4Y6A5B2C',
        function: 'clean_titles',
        hardware: '',
        state: 'draining',
        inputs: 4210,
      },
    ],
  };
}
