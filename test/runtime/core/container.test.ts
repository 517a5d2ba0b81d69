// The life of containers, and what becomes of what they hold.

import { describe, expect, test } from 'vitest';

import type { ContainerId } from '@farcall/kernel-bridge/wire';

import { bench, CALL, kinds, of } from './support.js';

describe('starting', () => {
  test('after a failed start the next one waits, longer each time', () => {
    const b = bench();
    b.opened(1);
    const starts: number[] = [];
    for (let time = 0; time < 100; time += 1) {
      const [asked] = of(b.pass(100), 'start').length > 0 || time === 0 ? b.all('start').slice(-1) : [];
      if (asked === undefined) continue;
      starts.push(b.now);
      b.exit(asked.container, { reason: 'start', detail: 'no such interpreter' });
    }
    const gaps = starts.slice(1).map((at, position) => at - (starts[position] ?? 0));
    expect(gaps).toEqual([1_000, 2_000, 4_000]);
    expect(b.core.call(CALL)?.waiting).toMatch(/^starting again in \d s: no such interpreter$/);
  });
  test('five failed starts fail what is queued, with the last reason', () => {
    const b = bench();
    b.opened(3);
    for (let start = 0; start < 5; start += 1) {
      b.exit(b.last('start').container, { reason: 'start', detail: `no ${start}` });
      b.pass(20_000);
    }
    expect(b.counts()).toEqual({ failed: 3 });
    expect(b.last('persist.settled')).toMatchObject({ code: 'container.start', message: 'no 4', ranges: [[0, 3]] });
    expect(b.state()).toBe('done');
  });
  test('code that cannot be unpickled fails after two containers', () => {
    const b = bench();
    b.opened(1);
    for (let start = 0; start < 2; start += 1) {
      const { container } = b.last('start');
      b.apply({ type: 'container.connected', container, held: [] });
      const failure = {
        index: 0,
        code: 'payload.unreadable',
        kind: 'ModuleNotFoundError',
        message: 'no module named x',
        where: '',
      } as const;
      b.apply({ type: 'container.broken', container, failure });
      b.exit(container, { reason: 'exited' });
      b.pass(2_000);
    }
    expect(b.last('persist.settled')).toMatchObject({
      code: 'payload.unreadable',
      message: 'ModuleNotFoundError: no module named x',
    });
    expect(b.all('start')).toHaveLength(2);
  });
  test('an @enter that raises is tried three times', () => {
    const b = bench();
    b.opened(2);
    for (let start = 0; start < 3; start += 1) {
      const { container } = b.last('start');
      b.apply({ type: 'container.connected', container, held: [] });
      const failure = { index: 0, code: 'container.start', kind: 'OSError', message: 'no weights', where: '' } as const;
      b.apply({ type: 'container.broken', container, failure });
      b.exit(container, { reason: 'exited' });
      b.pass(4_000);
    }
    expect(b.all('start')).toHaveLength(3);
    expect(b.last('persist.settled')).toMatchObject({ code: 'container.start', message: 'OSError: no weights' });
    expect(b.counts()).toEqual({ failed: 2 });
  });
  test('one that does not come up in time is killed and counts as failed', () => {
    const b = bench({ startup_timeout: 5 });
    b.opened(1);
    expect(of(b.pass(11_100), 'stop')).toEqual([{ do: 'stop', container: b.all('start')[0]?.container, how: 'kill' }]);
    expect(b.all('start')).toHaveLength(2);
  });
  test('who waits for a host hears why none comes up, after five failures in a row', () => {
    const b = bench();
    b.apply({ type: 'host.lost', host: 'ho-host' as never });
    b.opened(1);
    b.apply({ type: 'hosts.pending', why: 'the supervisor ended (exit code 1)', failures: 5 });
    expect(b.last('persist.settled')).toMatchObject({
      code: 'container.start',
      message: 'no host came up: the supervisor ended (exit code 1)',
    });
  });
  test('a call that was accepted before the host was known fails if it asks for what is not there', () => {
    const b = bench();
    b.apply({ type: 'host.lost', host: 'ho-host' as never });
    b.put({ gpu: ['H100'] }, 'fv-g' as never);
    b.opened(1, { function: 'fv-g' as never });
    expect(b.core.call(CALL)?.waiting).toBe('no host is connected yet');
    b.apply({ type: 'hosts.pending', why: 'the supervisor ended (exit code 1)', failures: 4 });
    expect(b.core.call(CALL)?.waiting).toBe('no host is connected: the supervisor ended (exit code 1)');
    b.host();
    expect(b.last('persist.settled')).toMatchObject({
      code: 'resource.impossible',
      message: 'app.f asks for the GPU H100; there is: none',
    });
  });
  test('so do inputs that such a call is sent later', () => {
    const b = bench();
    b.apply({ type: 'host.lost', host: 'ho-host' as never });
    b.put({ gpu: ['H100'] }, 'fv-g' as never);
    b.open({ function: 'fv-g' as never });
    b.host();
    expect(of(b.inputs(0, 3), 'persist.settled')).toMatchObject([{ code: 'resource.impossible', ranges: [[0, 3]] }]);
    expect(of(b.seal(3), 'end')).toMatchObject([{ count: 3, seq: 3 }]);
  });
});

describe('a lost connection', () => {
  const running = () => {
    const b = bench();
    b.opened(1);
    const container = b.up();
    b.apply({ type: 'container.disconnected', container });
    return { b, container, lease: b.last('assign') };
  };
  test('of ten seconds changes nothing', () => {
    const { b, container, lease } = running();
    b.pass(10_000);
    expect(of(b.apply({ type: 'container.connected', container, held: [[lease.lease, 0]] }), 'assign')).toEqual([]);
    b.answer(lease);
    expect(b.counts()).toEqual({ succeeded: 1 });
    expect(b.all('assign')).toHaveLength(1);
  });
  test('of a minute gives its inputs to others, and cancels what it still holds when it is back', () => {
    const { b, container, lease } = running();
    b.pass(60_000);
    expect(b.core.container(container)?.revoked).toBe(b.last('assign').lease);
    expect(b.counts()).toEqual({ retrying: 1 });
    const said = b.apply({ type: 'container.connected', container, held: [[lease.lease, 0]] });
    expect(of(said, 'lease.cancel')).toMatchObject([{ container, lease: lease.lease, first: 0 }]);
  });
  test('that swallowed a lease: it is sent again under its number', () => {
    const { b, container, lease } = running();
    expect(of(b.apply({ type: 'container.connected', container, held: [] }), 'assign')).toEqual([lease]);
  });
  test('of the supervisor: cancels that may have been swallowed are sent again', () => {
    const { b, container } = running();
    b.apply({ type: 'call.cancelled', call: CALL, scope: 'all', terminate: false });
    expect(of(b.host(2, [], [container]), 'lease.cancel')).toHaveLength(1);
  });
  test('a container that nobody knows is dismissed', () => {
    const container = 'co-stranger' as ContainerId;
    expect(bench().apply({ type: 'container.connected', container, held: [] })).toEqual([{ do: 'dismiss', container }]);
  });
});

describe('processes', () => {
  test('one that is stopped for 20 s is killed and its input runs elsewhere', () => {
    const b = bench();
    b.opened(1);
    const container = b.up();
    for (let beat = 0; beat < 5; beat += 1) {
      b.apply({ type: 'containers.stopped', containers: [container] });
      b.pass(5_000);
    }
    expect(b.all('stop')).toContainEqual({ do: 'stop', container, how: 'kill' });
    b.exit(container, { reason: 'stopped' });
    b.up();
    expect(b.last('assign')).toMatchObject({ attempt: 2 });
  });
  test('one that goes on in time keeps its input', () => {
    const b = bench();
    b.opened(1);
    const container = b.up();
    b.apply({ type: 'containers.stopped', containers: [container] });
    b.pass(30_000);
    expect(b.all('stop')).toEqual([]);
    expect(b.counts()).toEqual({ running: 1 });
  });
  test('with their host all its containers are lost', () => {
    const b = bench();
    b.opened(1);
    b.up();
    b.apply({ type: 'host.lost', host: 'ho-host' as never });
    expect(b.counts()).toEqual({ retrying: 1 });
    expect(b.core.containers()).toEqual([]);
  });
  test('what a supervisor owns and nobody asked for is killed', () => {
    const b = bench();
    expect(of(b.host(2, [], ['co-orphan' as ContainerId]), 'stop')).toEqual([
      { do: 'stop', container: 'co-orphan', how: 'kill' },
    ]);
  });
  test('a start that the lost connection swallowed is asked for again', () => {
    const b = bench();
    b.opened(1);
    expect(of(b.host(), 'start')).toEqual(b.all('start').slice(0, 1));
  });
  test('one that was told to leave has 45 s once it holds nothing, for what runs at its end', () => {
    const b = bench({ scaledown_window: 1 });
    b.opened(1);
    b.up();
    const { container } = b.last('assign');
    b.answer(b.last('assign'));
    expect(of(b.pass(2_000), 'stop')).toEqual([{ do: 'stop', container, how: 'drain' }]);
    expect(of(b.pass(44_000), 'stop')).toEqual([]);
    expect(of(b.pass(3_000), 'stop')).toEqual([{ do: 'stop', container, how: 'kill' }]);
  });
  test('a container leaves after max_inputs', () => {
    const b = bench({ max_inputs: 1 });
    b.opened(2);
    const container = b.up();
    const said = b.answer(b.last('assign'), { seconds: 0.001 });
    expect(of(said, 'stop')).toEqual([{ do: 'stop', container, how: 'drain' }]);
    expect(of(said, 'start')).toHaveLength(1);
  });
});

describe('nested calls', () => {
  test('a container that waits keeps its running input only', () => {
    const b = bench({ max_containers: 1 });
    b.opened(70);
    const container = b.up();
    const said = b.apply({ type: 'container.waiting', container, waiting: true });
    expect(of(said, 'leases.revoked')).toEqual([{ do: 'leases.revoked', container, through: 1 }]);
    // Which input runs is known on its host: outcomes of those before it may not have been sent.
    expect(of(said, 'lease.revoke')).toEqual([{ do: 'lease.revoke', container, lease: 1, first: 1 }]);
    b.apply({ type: 'lease.revoked', container, lease: 1, first: 3 });
    expect(b.counts()).toEqual({ queued: 67, running: 3 });
  });
  test('it does not count to max_containers', () => {
    const b = bench({ max_containers: 1 });
    b.opened(2);
    const container = b.up();
    expect(b.all('start')).toHaveLength(1);
    b.apply({ type: 'container.waiting', container, waiting: true });
    expect(b.all('start')).toHaveLength(2);
  });
  test('a recursion 200 deep ends on two cores', () => {
    const b = bench({ cpu: 2, memory: 4_096 });
    b.opened(1, { call: 'fc-0' as typeof CALL });
    const leases = [];
    for (let depth = 1; depth <= 200; depth += 1) {
      const container = b.up();
      leases.push(b.last('assign'));
      b.apply({ type: 'container.waiting', container, waiting: true });
      b.opened(1, {
        call: `fc-${depth}` as typeof CALL,
        parent: { call_id: `fc-${depth - 1}` as typeof CALL, index: 0 },
      });
    }
    b.up();
    leases.push(b.last('assign'));
    for (const lease of leases.reverse()) {
      b.apply({ type: 'container.waiting', container: lease.container, waiting: false });
      b.answer(lease);
    }
    expect(b.core.isIdle()).toBe(true);
    expect(b.state('fc-0' as typeof CALL)).toBe('done');
  });
  test('a call for the only GPU, from an input that holds it, is refused with a sentence', () => {
    const b = bench({ gpu: ['A100'] }, 2, [{ uuid: 'g', name: 'A100', memory: 0, container_id: '' }]);
    b.opened(1);
    b.up();
    const said = b.open({ call: 'fc-inner' as typeof CALL, parent: { call_id: CALL, index: 0 } });
    expect(said).toMatchObject([{ do: 'refuse', code: 'resource.impossible' }]);
    expect(of(said, 'refuse')[0]?.message).toContain('the input that calls it holds it');
  });
  test('cancelling a call cancels what its inputs called', () => {
    const b = bench();
    b.opened(1);
    b.up();
    const inner = 'fc-inner' as typeof CALL;
    b.opened(5, { call: inner, parent: { call_id: CALL, index: 0 } });
    b.apply({ type: 'call.cancelled', call: CALL, scope: 'all', terminate: false });
    expect(b.state(inner)).toBe('cancelled');
  });
});

describe('forgetting', () => {
  test('a container is told to drop what an ended call shared, at the next tick', () => {
    const b = bench();
    b.opened(1);
    const container = b.up();
    expect(kinds(b.answer(b.last('assign')))).not.toContain('forget');
    expect(of(b.pass(100), 'forget')).toEqual([{ do: 'forget', container, call: CALL }]);
    expect(of(b.pass(100), 'forget')).toEqual([]);
  });
});
