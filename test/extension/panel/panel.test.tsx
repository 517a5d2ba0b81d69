// The sidebar's model and sections, the commands' subject, and the Running panel's list.

import { nullTranslator } from '@jupyterlab/translation';
import { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { Kernels } from '../../../extension/bridge/kernels';
import type { ViewServices } from '../../../extension/calls/services';
import { ServicesProvider } from '../../../extension/calls/services';
import { RunStore } from '../../../extension/model/run-store';
import { PanelModel } from '../../../extension/panel/model';
import { CallsSection, ContainersSection, RuntimeSection } from '../../../extension/panel/sections';
import { RunningCalls } from '../../../extension/running';
import { answerIntent } from '../gallery/answers';
import { liveCall, NOW } from '../support/calls';
import { FakeKernel } from '../support/kernel';

let kernel: FakeKernel;
let services: ViewServices;
let model: PanelModel;
let root: Root;
let host: HTMLElement;

beforeEach(() => {
  kernel = new FakeKernel();
  const store = new RunStore(() => NOW);
  const kernels = new Kernels(store, { version: '0.1.0' });
  const signal = { connect: () => true, disconnect: () => true };
  kernels.attach({ session: { kernel: kernel.asKernel }, kernelChanged: signal, disposed: signal });
  const trans = nullTranslator.load('farcall');
  const current = () => kernels.bridge(kernel.id);
  services = {
    store,
    kernels,
    trans,
    rendermime: null,
    bridgeAt: current,
    insertBelow: undefined,
    copy: () => undefined,
    readMs: 0,
    now: () => NOW,
  };
  model = new PanelModel({ store, kernels, trans, current });
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});
afterEach(() => act(async () => root.unmount()));

const drawAll = (): Promise<void> =>
  act(async () =>
    root.render(
      <ServicesProvider value={services}>
        <RuntimeSection model={model} />
        <CallsSection model={model} />
        <ContainersSection model={model} />
      </ServicesProvider>,
    ),
  );

test('a sidebar that is not shown asks nothing', async () => {
  await drawAll();
  await act(async () => kernel.emit({ event: 'progress', calls: [liveCall()] }));
  expect(kernel.sent).toEqual([]);
  expect(host.textContent).toContain('embed.map');
});

test('shown, it asks for the runtime and the calls, once', async () => {
  kernel.answer = (intent, of) =>
    intent.intent === 'hello'
      ? of.emit({ event: 'hello', version: '0.1.0', calls: [liveCall()] })
      : answerIntent(intent, of);
  await drawAll();
  await act(async () => model.show());
  await act(async () => model.refresh());
  expect(host.textContent).toContain('this machine');
  expect(host.textContent).toContain('128 GiB');
  expect(host.textContent).toContain('clean_titles');
  expect(kernel.intents().filter((intent) => intent === 'hello')).toHaveLength(1);
  model.hide();
});

test('a problem shows in place and keeps what was there', async () => {
  kernel.emit({ event: 'hello', version: '0.1.0', calls: [] });
  kernel.answer = (intent, of) => answerIntent(intent, of);
  await drawAll();
  await act(async () => model.refresh());
  kernel.answer = ({ id }, of) => queueMicrotask(() => of.emit({ event: 'error', id, message: 'the gateway is gone' }));
  await act(async () => model.refresh());
  expect(host.textContent).toContain('the gateway is gone');
  expect(host.textContent).toContain('this machine');
});

test('the Running panel lists open calls, and shutting one down cancels it', () => {
  const running = new RunningCalls(services, () => undefined);
  kernel.emit({
    event: 'hello',
    version: '0.1.0',
    calls: [liveCall(), liveCall({ call_id: 'fc-done', state: 'done' })],
  });
  const items = running.running();
  expect(items.map((item) => item.label())).toEqual(['embed.map']);
  items[0]?.shutdown?.();
  expect(kernel.sent).toMatchObject([{ intent: 'cancel', scope: 'all', call_id: liveCall().call_id }]);
});
