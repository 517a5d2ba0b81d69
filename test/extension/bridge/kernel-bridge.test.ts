// One kernel's bridge: hello, replies, gaps, epochs, loss.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { KernelBridge } from '../../../extension/bridge/kernel-bridge';
import { RENEW_MS } from '../../../extension/bridge/lease';
import { RunStore } from '../../../extension/model/run-store';
import { liveCall } from '../support/calls';
import { FakeKernel } from '../support/kernel';

const ID = liveCall().call_id;
let kernel: FakeKernel;
let store: RunStore;
let bridge: KernelBridge;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new FakeKernel();
  store = new RunStore();
  bridge = new KernelBridge(kernel.asKernel, store, { version: '0.1.0' });
});
afterEach(() => {
  bridge.dispose();
  vi.useRealTimers();
});

const answering = (): void => {
  kernel.answer = ({ intent, id }) =>
    intent === 'hello'
      ? kernel.emit({ event: 'hello', version: '0.1.0', calls: [liveCall()] })
      : kernel.emit({ event: 'reply', id, result: null });
};

test('attaching sends nothing', () => {
  expect(kernel.sent).toEqual([]);
  expect(bridge.status).toBe('silent');
});

test('a hello brings the calls, over the control channel', async () => {
  answering();
  expect(await bridge.hello()).toBe(true);
  expect(kernel.sent).toMatchObject([{ intent: 'hello', v: 1, channel: 'control' }]);
  expect(store.get(ID)).toMatchObject({ connected: true, kernelId: kernel.id });
});

test('a kernel without farcall is found absent, and not asked again by views', async () => {
  const heard = bridge.knock();
  await vi.advanceTimersByTimeAsync(3000);
  expect(await heard).toBe(false);
  expect(bridge.status).toBe('absent');
  expect(await bridge.knock()).toBe(false);
  expect(kernel.intents()).toEqual(['hello']);
});

test('an idle kernel that does not serve the control channel is asked on the shell', async () => {
  kernel.status = 'idle';
  kernel.sendShellMessage = () => kernel.emit({ event: 'hello', version: '0.1.0', calls: [] });
  const heard = bridge.hello();
  await vi.advanceTimersByTimeAsync(1500);
  expect(await heard).toBe(true);
});

test('replies find their question by id, errors carry their sentence', async () => {
  const asked = bridge.ask({ intent: 'runtime' });
  const refused = bridge.ask({ intent: 'calls', limit: 5 });
  const [first, second] = kernel.sent;
  kernel.emit({ event: 'error', id: second?.id, message: 'no such call' });
  kernel.emit({ event: 'reply', id: 12345, result: 'of another tab' });
  kernel.emit({ event: 'reply', id: first?.id, result: { cpus: 2 } });
  await expect(asked).resolves.toEqual({ cpus: 2 });
  await expect(refused).rejects.toThrow('no such call');
});

test('a question that nobody answers ends by itself', async () => {
  const asked = bridge.ask({ intent: 'runtime' });
  const ended = expect(asked).rejects.toThrow('did not answer');
  await vi.advanceTimersByTimeAsync(15_000);
  await ended;
});

test('a gap in the events asks for everything again, a repetition is dropped', () => {
  kernel.emit({ event: 'progress', calls: [liveCall({ inputs: 1 })] });
  kernel.emitRaw({ v: 1, epoch: kernel.epoch, seq: 1, event: 'progress', calls: [liveCall({ inputs: 2 })] });
  expect(store.get(ID)?.call.inputs).toBe(1);
  expect(kernel.sent).toEqual([]);
  kernel.emit({ event: 'progress', calls: [liveCall({ inputs: 3 })] }, { skip: 2 });
  expect(store.get(ID)?.call.inputs).toBe(3);
  expect(kernel.intents()).toEqual(['hello']);
});

test('a new epoch is heard from its first event, and leases are taken again', async () => {
  answering();
  await bridge.hello();
  const lease = bridge.lease.want(ID);
  await vi.advanceTimersByTimeAsync(0);
  kernel.restartEpoch('epoch-2');
  kernel.emit({ event: 'progress', calls: [liveCall({ inputs: 7 })] });
  await vi.advanceTimersByTimeAsync(0);
  expect(store.get(ID)?.connected).toBe(true);
  expect(kernel.intents()).toEqual(['hello', 'lease', 'hello', 'lease']);
  lease.dispose();
});

test('cards that appear together share one lease, renewed before it ends and not after', async () => {
  answering();
  await bridge.hello();
  const leases = ['fc-a', 'fc-b', 'fc-a'].map((id) => bridge.lease.want(id));
  await vi.advanceTimersByTimeAsync(0);
  expect(kernel.sent.slice(1)).toMatchObject([{ intent: 'lease', call_ids: ['fc-a', 'fc-b'] }]);
  await vi.advanceTimersByTimeAsync(RENEW_MS);
  expect(kernel.intents()).toEqual(['hello', 'lease', 'lease']);
  for (const lease of leases) lease.dispose();
  await vi.advanceTimersByTimeAsync(10 * RENEW_MS);
  expect(kernel.intents()).toHaveLength(3);
});

test('an ended call whose squares are known needs no lease', async () => {
  kernel.emit({ event: 'hello', version: '0.1.0', calls: [liveCall({ state: 'done' })] });
  bridge.lease.want(ID);
  await vi.advanceTimersByTimeAsync(0);
  expect(kernel.sent).toEqual([]);
});

test('a restart ends what waits and marks the calls', async () => {
  kernel.emit({ event: 'hello', version: '0.1.0', calls: [liveCall()] });
  const asked = expect(bridge.ask({ intent: 'runtime' })).rejects.toThrow('restarted');
  kernel.turn('restarting');
  await asked;
  expect(bridge.status).toBe('silent');
  expect(store.get(ID)?.connected).toBe(false);
});

test('after a lost connection the page says hello again', async () => {
  answering();
  await bridge.hello();
  kernel.connection('disconnected');
  expect(bridge.status).toBe('lost');
  kernel.connection('connected');
  await vi.advanceTimersByTimeAsync(0);
  expect(bridge.status).toBe('live');
  expect(kernel.intents()).toEqual(['hello', 'hello']);
});

test('events that make no sense harm nobody', () => {
  for (const data of [null, 7, { v: 1 }, { v: 1, epoch: 'e', seq: 1, event: 'progress', calls: [{}] }])
    kernel.emitRaw(data);
  kernel.emitRaw({ v: 1, epoch: 'e', seq: 1, event: 'progress', calls: [] }, 'someone.else');
  expect(store.all()).toEqual([]);
  expect(bridge.problem).toMatch(/expected/);
});

test('a kernel with another version of the bridge is named so', () => {
  kernel.emitRaw({ v: 9, epoch: 'e', seq: 1, event: 'hello', version: '9', calls: [] });
  expect(bridge.status).toBe('foreign');
});
