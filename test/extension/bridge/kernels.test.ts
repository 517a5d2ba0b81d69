// Which kernels are listened to.

import { Signal } from '@lumino/signaling';
import { expect, test } from 'vitest';

import type { KernelOwner } from '../../../extension/bridge/kernels';
import { Kernels } from '../../../extension/bridge/kernels';
import { RunStore } from '../../../extension/model/run-store';
import { liveCall } from '../support/calls';
import { FakeKernel } from '../support/kernel';

class Owner {
  readonly kernelChanged = new Signal<unknown, unknown>(this);
  readonly disposed = new Signal<unknown, void>(this);
  session: { kernel: FakeKernel | null };
  constructor(kernel: FakeKernel | null) {
    this.session = { kernel };
  }
  get asOwner(): KernelOwner {
    return this as unknown as KernelOwner;
  }
  change(kernel: FakeKernel | null): void {
    this.session = { kernel };
    this.kernelChanged.emit(undefined);
  }
}

function kernels(): { store: RunStore; kernels: Kernels } {
  const store = new RunStore();
  return { store, kernels: new Kernels(store, { version: '0.1.0' }) };
}

test('two notebooks on one kernel are heard once', () => {
  const { store, kernels: all } = kernels();
  const [one, two] = [new FakeKernel('same'), new FakeKernel('same')];
  all.attach(new Owner(one).asOwner);
  all.attach(new Owner(two).asOwner);
  const heard: string[] = [];
  store.changed.connect((_, id) => heard.push(id));
  for (const kernel of [one, two]) kernel.emit({ event: 'progress', calls: [liveCall()] });
  expect(heard).toHaveLength(1);
  expect(all.all()).toHaveLength(1);
});

test('when the notebook that was listened to closes, the other one takes over', () => {
  const { store, kernels: all } = kernels();
  const [one, two] = [new FakeKernel('same'), new FakeKernel('same')];
  const first = new Owner(one);
  all.attach(first.asOwner);
  all.attach(new Owner(two).asOwner);
  first.disposed.emit();
  two.emit({ event: 'progress', calls: [liveCall()] });
  expect(store.get(liveCall().call_id)?.connected).toBe(true);
});

test('a notebook that changes its kernel is followed', () => {
  const { kernels: all } = kernels();
  const owner = new Owner(null);
  all.attach(owner.asOwner);
  expect(all.all()).toEqual([]);
  owner.change(new FakeKernel('a'));
  expect(all.bridge('a')).toBeDefined();
  owner.change(new FakeKernel('b'));
  expect([all.bridge('a'), all.bridge('b')?.kernel.id]).toEqual([undefined, 'b']);
});
