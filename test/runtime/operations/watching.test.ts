// What whoever runs a gateway can ask it: whether it is ready, and its figures. One real gateway with real containers.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { eventually, Program } from '../../support/program.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
let gateway: Program;
beforeAll(async () => {
  gateway = new Program();
  await gateway.launch(['--log-level', 'debug']);
});
afterAll(() => gateway[Symbol.asyncDispose]());

test('without a token only /livez answers', async () => {
  expect(await gateway.get('/livez', '')).toEqual({ status: 200, text: 'ok\n' });
  for (const path of ['/readyz', '/metrics']) expect((await gateway.get(path, '')).status).toBe(401);
});

test('hosts and containers are not asked to watch', async () => {
  const token = gateway.token('supervisor.token');
  for (const path of ['/readyz', '/metrics']) expect((await gateway.get(path, token)).status).toBe(403);
});

test('it is ready once its supervisor is connected', async () => {
  await eventually(async () => expect(await gateway.get('/readyz')).toEqual({ status: 200, text: 'ready\n' }));
});

type Figures = ReadonlyMap<string, number>;
async function figures(): Promise<Figures> {
  const { status, text } = await gateway.get('/metrics');
  expect(status).toBe(200);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

const RUN = `
import farcall
app = farcall.App("figures")
def half(number):
    if number % 10 == 0: raise ValueError(number)
    return number / 2
results = app.function(half, max_containers=2).map(range(COUNT), return_exceptions=True)
print(sum(isinstance(one, Exception) for one in results))
`;

describe('after a map of 200 inputs, 20 of which fail', () => {
  let before: Figures;
  let after: Figures;
  beforeAll(async () => {
    before = await figures();
    expect(await gateway.python(RUN.replace('COUNT', '200'))).toBe('20');
    after = await figures();
  });
  const grew = (name: string): number => (after.get(name) ?? NaN) - (before.get(name) ?? NaN);

  test('inputs, outcomes by state, and the call are counted once each', () => {
    expect(grew('farcall_inputs_accepted_total')).toBe(200);
    expect(grew('farcall_inputs_total{state="succeeded"}')).toBe(180);
    expect(grew('farcall_inputs_total{state="failed"}')).toBe(20);
    expect(grew('farcall_inputs_total{state="cancelled"}')).toBe(0);
    expect(grew('farcall_calls_opened_total')).toBe(1);
    expect(grew('farcall_calls_ended_total{state="failed"}') + grew('farcall_calls_ended_total{state="done"}')).toBe(1);
    expect(grew('farcall_containers_started_total')).toBeGreaterThan(0);
  });
  test('nothing is left waiting', () => {
    for (const name of ['inputs_queued', 'inputs_running', 'calls_open', 'inputs_waiting_bytes'])
      expect([name, after.get(`farcall_${name}`)]).toEqual([name, 0]);
    expect(after.get('farcall_containers{state="ready"}')).toBeGreaterThan(0);
    expect(after.get('farcall_hosts')).toBe(1);
  });
  test.each(['farcall_store_commit_seconds', 'farcall_lease_seconds'])('%s is a whole histogram', (name) => {
    expect(grew(`${name}_count`)).toBeGreaterThan(0);
    expect(grew(`${name}_sum`)).toBeGreaterThan(0);
    const buckets = [...after].filter(([key]) => key.startsWith(`${name}_bucket`)).map(([, value]) => value);
    expect(buckets.toSorted((a, b) => a - b)).toEqual(buckets);
    expect(buckets.at(-1)).toBe(after.get(`${name}_count`));
  });
  test('bytes, room and the process are told', () => {
    for (const name of [
      'farcall_payload_bytes_total{direction="in"}',
      'farcall_payload_bytes_total{direction="out"}',
      'farcall_network_bytes_total{direction="in"}',
      'farcall_network_bytes_total{direction="out"}',
    ])
      expect([name, grew(name) > 0]).toEqual([name, true]);
    for (const name of [
      'farcall_store_bytes{part="rows"}',
      'farcall_store_bytes{part="payloads"}',
      'farcall_store_free_bytes',
      'process_resident_memory_bytes',
      'process_cpu_seconds_total',
      'nodejs_eventloop_lag_p99_seconds',
    ])
      expect([name, (after.get(name) ?? 0) > 0]).toEqual([name, true]);
  });
  test('no name and no count of series depends on what was called', async () => {
    await gateway.python(RUN.replace('COUNT', '20').replaceAll('half', 'another').replace('"figures"', '"others"'));
    const later = await figures();
    const ours = (of: Figures): string[] => [...of.keys()].filter((key) => key.startsWith('farcall_')).sort();
    expect(ours(later)).toEqual(ours(after));
  });
  test('names are as Prometheus wants them', async () => {
    const { text } = await gateway.get('/metrics');
    const types = [...text.matchAll(/^# TYPE (farcall_\S+) (\S+)$/gm)].map(([, name = '', type]) => ({ name, type }));
    expect(types.length).toBeGreaterThan(20);
    for (const { name, type } of types) {
      expect(name).toMatch(/^[a-z_]+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    }
  });
});

describe('what is written about the metrics', () => {
  const known = async (): Promise<ReadonlySet<string>> => {
    const { text } = await gateway.get('/metrics');
    return new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name));
  };
  const named = (path: string): ReadonlySet<string> => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const names = [...text.matchAll(/\b(?:farcall|nodejs|process)_[a-z0-9_]*[a-z0-9]\b/g)].map(([name]) => name);
    return new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  };

  test.each(['ops/prometheus/alerts.yml', 'ops/grafana/farcall.json'])(
    '%s names only metrics that exist',
    async (path) => {
      const exist = await known();
      const used = named(path);
      expect(used.size).toBeGreaterThan(5);
      expect([...used].filter((name) => !exist.has(name))).toEqual([]);
    },
  );
  test('docs/operations.md has every one of ours, and no other', async () => {
    const ours = [...(await known())].filter((name) => name.startsWith('farcall_'));
    const documented = [...named('docs/operations.md')].filter((name) => name.startsWith('farcall_'));
    expect(documented.toSorted()).toEqual(ours.toSorted());
  });
});
