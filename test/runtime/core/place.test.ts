// Requests, limits and places: what is claimed of a host, and which host will do.

import { describe, expect, test } from 'vitest';

import { Bench, bench, CALL, HOST, of } from './support.js';

const at = (labels: Record<string, string>) => {
  const b = new Bench();
  b.apply({ type: 'host.connected', host: HOST, cpus: 2, memory: 8_192, gpus: [], containers: [], labels });
  return b;
};

describe('memory', () => {
  test('the request is claimed, where there is one; else the limit', () => {
    const starts = [{ memory: 4_096 }, { memory: 4_096, memory_request: 1_024 }].map((asked) => {
      const b = bench({ ...asked, max_containers: 100 });
      b.opened(100);
      b.up();
      b.pass(100);
      return b.all('start').length;
    });
    expect(starts).toEqual([2, 8]);
  });
  test('what is short is said with who has it', () => {
    const b = bench({ memory: 3_000, max_containers: 100 });
    b.opened(100);
    b.up();
    b.pass(100);
    expect(b.core.explain('fv-f' as never)).toContain(
      'it cannot have more now: 2192 of 8192 MiB of memory are free; held by app.f (2)',
    );
  });
});

describe('a region and a cloud', () => {
  test('are those of a host, whatever their case', () => {
    const b = at({ region: 'EU', cloud: 'onprem' });
    b.put({ region: ['us', 'eu'], cloud: 'OnPrem' });
    expect(of(b.opened(1), 'start')).toHaveLength(1);
  });
  test.each([
    [{ region: ['us'] }, { region: 'eu', cloud: 'onprem' }, 'the region us; there is: eu in onprem'],
    [{ region: ['us', 'asia'] }, { region: 'eu' }, 'the region us or asia; there is: eu'],
    [{ cloud: 'aws' }, { region: 'eu' }, 'the cloud aws; there is: eu'],
    [{ region: ['eu'], cloud: 'aws' }, { region: 'eu' }, 'the region eu in the cloud aws; there is: eu'],
    [{ region: ['us'] }, {}, 'the region us; no host here has such a label'],
  ] as const)('that no host has fail at once, and list what there is: %j of %j', (asked, labels, says) => {
    const b = at(labels);
    b.put(asked as never);
    const said = b.open();
    expect(said).toMatchObject([{ do: 'refuse', code: 'resource.impossible' }]);
    expect(of(said, 'refuse')[0]?.message).toContain(`app.f asks for ${says}`);
    expect(b.core.call(CALL)).toBeUndefined();
  });
  test('that are not asked for do not matter', () => {
    const b = at({ region: 'eu' });
    b.put();
    expect(of(b.opened(1), 'start')).toHaveLength(1);
  });
  test('that only another host has: the container starts there', () => {
    const b = at({ region: 'us' });
    const there = 'ho-there' as typeof HOST;
    const labels = { region: 'eu' };
    b.apply({ type: 'host.connected', host: there, cpus: 2, memory: 8_192, gpus: [], containers: [], labels });
    b.put({ region: ['eu'] });
    b.opened(1);
    b.up();
    b.apply({ type: 'host.lost', host: HOST });
    expect(b.core.containers()).toHaveLength(1);
    b.apply({ type: 'host.lost', host: there });
    expect(b.core.containers()).toHaveLength(0);
  });
});
