// What a kernel's farcall can do beyond the first ones: it says so in its hello, and older ones say nothing.

import { afterEach, beforeEach, expect, test } from 'vitest';

import { KernelBridge } from '../../../extension/bridge/kernel-bridge';
import { RunStore } from '../../../extension/model/run-store';
import { liveCall } from '../support/calls';
import { FakeKernel } from '../support/kernel';

let kernel: FakeKernel;
let bridge: KernelBridge;

beforeEach(() => {
  kernel = new FakeKernel();
  bridge = new KernelBridge(kernel.asKernel, new RunStore(), { version: '0.2.0' });
});
afterEach(() => bridge.dispose());

const hello = (knows?: readonly string[]) =>
  kernel.emit({ event: 'hello', version: '0.2.0', calls: [], ...(knows === undefined ? {} : { knows }) });

test('nothing is known of a kernel before its hello', () => {
  expect([bridge.knows('times'), bridge.lacks('times')]).toEqual([false, false]);
});

test('an older kernel lacks what it does not name', () => {
  hello();
  expect([bridge.knows('times'), bridge.lacks('times')]).toEqual([false, true]);
});

test('a newer kernel may know more than this page', () => {
  hello(['times', 'unheard-of']);
  expect([bridge.knows('times'), bridge.lacks('times'), bridge.lacks('retry')]).toEqual([true, false, true]);
});

test('a kernel that was restarted is asked anew', () => {
  hello(['times']);
  kernel.turn('restarting');
  expect([bridge.knows('times'), bridge.lacks('times')]).toEqual([false, false]);
});

test('another process under the same kernel is asked anew, and its labels too', async () => {
  hello(['times']);
  kernel.answer = ({ intent, id }) =>
    intent === 'labels' && kernel.emit({ event: 'reply', id, result: { labels: ['Alien'] } });
  bridge.labels.want('fc-1', [0]);
  await expect.poll(() => bridge.labels.get('fc-1', 0)).toBe('Alien');
  kernel.restartEpoch('epoch-2');
  kernel.emit({ event: 'progress', calls: [] });
  expect([bridge.knows('times'), bridge.lacks('times')]).toEqual([false, false]);
  expect(bridge.labels.get('fc-1', 0)).toBe('');
});

test('a page that heard another one’s progress first says hello before it asks for its own', async () => {
  kernel.emit({ event: 'progress', calls: [liveCall()] });
  expect(bridge.status).toBe('live');
  kernel.answer = ({ intent }) => intent === 'hello' && hello(['times']);
  expect(await bridge.knock()).toBe(true);
  expect(await bridge.knock()).toBe(true);
  expect(kernel.intents()).toEqual(['hello']);
  expect(bridge.knows('times')).toBe(true);
});
