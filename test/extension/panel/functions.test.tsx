// The sidebar's section Functions: versions, containers, and the autoscaler's numbers that a person edits in place.

import type { BridgeIntent, FunctionView } from '@farcall/kernel-bridge/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { Kernels } from '../../../extension/bridge/kernels';
import type { ViewServices } from '../../../extension/calls/services';
import { ServicesProvider } from '../../../extension/calls/services';
import { changesIn, draftOf, parseFunctions } from '../../../extension/model/functions';
import { RunStore } from '../../../extension/model/run-store';
import { FunctionsSection } from '../../../extension/panel/functions';
import { PanelModel } from '../../../extension/panel/model';
import { answerIntent } from '../gallery/answers';
import { NOW } from '../support/calls';
import { FakeKernel } from '../support/kernel';
import { button } from '../support/page';

const scaling = { min_containers: 0, max_containers: 4, buffer_containers: 0, scaledown_window: 60 };
const embed: FunctionView = {
  app: 'movies',
  name: 'embed',
  version: 'fv-new0000000000000000',
  containers: [
    { version: 'fv-new0000000000000000', count: 2 },
    { version: 'fv-old0000000000000000', count: 1 },
  ],
  scaling,
};
const draft: FunctionView = { app: '', name: 'draft', version: '', containers: [] };

let kernel: FakeKernel;
let model: PanelModel;
let root: Root;
let host: HTMLElement;
let answer: (intent: BridgeIntent) => object;

beforeEach(async () => {
  kernel = new FakeKernel();
  const store = new RunStore(() => NOW);
  const kernels = new Kernels(store, { version: '0.1.0' });
  const signal = { connect: () => true, disconnect: () => true };
  kernels.attach({ session: { kernel: kernel.asKernel }, kernelChanged: signal, disposed: signal });
  const trans = nullTranslator.load('farcall');
  const current = () => kernels.bridge(kernel.id);
  const services: ViewServices = {
    ...{ store, kernels, trans, rendermime: null, bridgeAt: current, insertBelow: undefined },
    copy: () => undefined,
    readMs: 0,
    now: () => NOW,
  };
  answer = ({ id }) => ({ event: 'reply', id, result: { ...scaling, max_containers: 8 } });
  kernel.answer = (intent, of) => {
    if (intent.intent === 'functions')
      of.emit({ event: 'reply', id: intent.id, result: { functions: [draft, embed] } });
    else if (intent.intent === 'scale') of.emit(answer(intent));
    else answerIntent(intent, of);
  };
  model = new PanelModel({ store, kernels, trans, current });
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
  await act(async () =>
    root.render(
      <ServicesProvider value={services}>
        <FunctionsSection model={model} />
      </ServicesProvider>,
    ),
  );
});
afterEach(() => act(async () => root.unmount()));

async function shown(knows: readonly string[] = ['functions', 'scale']): Promise<void> {
  await act(async () => {
    kernel.emit({ event: 'hello', version: '0.1.0', calls: [], knows });
    await model.refresh();
  });
}
const input = (at: number): HTMLInputElement => {
  const found = host.querySelectorAll<HTMLInputElement>('.farcall-Scale input')[at];
  if (found === undefined) throw new Error('no such field');
  return found;
};
const type = (at: number, value: string): Promise<void> =>
  act(async () => {
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set;
    set?.call(input(at), value);
    input(at).dispatchEvent(new Event('input', { bubbles: true }));
  });
const click = (name: string): Promise<void> => act(async () => button(host, name).click());
const items = (): string[] =>
  [...host.querySelectorAll('.farcall-Item')].map((one) => (one.textContent ?? '').replaceAll('\u00a0', ' '));

test('each function has its containers, older versions among them, and its numbers', async () => {
  await shown();
  expect(items()[0]).toBe('draft0 containers · not run yet');
  expect(items()[1]).toContain('movies.embed');
  expect(items()[1]).toContain('3 containers · 1 of an older version · 0 to 4, idle for 1 m 0 s');
});

test('numbers are edited in place; only what changed is sent, and the answer stands at once', async () => {
  await shown();
  await click('Scale');
  expect(document.activeElement).toBe(input(0));
  await type(1, '8');
  await click('Apply');
  expect(kernel.sent.at(-1)).toMatchObject({ intent: 'scale', app: 'movies', name: 'embed', max_containers: 8 });
  expect(kernel.sent.at(-1)).not.toHaveProperty('min_containers');
  expect(items()[1]).toContain('0 to 8');
  expect(host.querySelector('form')).toBeNull();
  expect(document.activeElement?.textContent).toBe('Scale');
});

test('what the kernel refuses shows in the form, which stays', async () => {
  answer = ({ id }) => ({ event: 'error', id, message: 'max_containers=1 is below min_containers=3' });
  await shown();
  await click('Scale');
  await type(0, '3');
  await type(1, '1');
  await click('Apply');
  expect(host.querySelector('[role=alert]')?.textContent).toContain('is below min_containers=3');
  expect(input(0).value).toBe('3');
  expect(items()[1]).toContain('0 to 4');
});

test('Esc closes the form and gives the focus back; nothing is sent', async () => {
  await shown();
  await click('Scale');
  await type(0, '3');
  await act(async () => input(0).dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })));
  expect(host.querySelector('form')).toBeNull();
  expect(document.activeElement?.textContent).toBe('Scale');
  expect(kernel.intents()).not.toContain('scale');
});

test('an older kernel is not asked', async () => {
  await shown([]);
  expect(kernel.intents()).not.toContain('functions');
  expect(host.textContent).toContain('older farcall');
});

test('a form that says no number cannot be sent', () => {
  expect(changesIn({ ...draftOf(scaling), min_containers: '' }, scaling)).toBeUndefined();
  expect(changesIn({ ...draftOf(scaling), min_containers: 'x' }, scaling)).toBeUndefined();
  expect(changesIn(draftOf(scaling), scaling)).toEqual({});
  expect(changesIn({ ...draftOf(scaling), scaledown_window: '1.5' }, scaling)).toEqual({ scaledown_window: 1.5 });
});

test('what is not as agreed is refused', () => {
  expect(() => parseFunctions({ functions: [{ ...embed, containers: [{ version: 'v', count: -1 }] }] })).toThrow();
  expect(() => parseFunctions({ functions: [{ ...embed, scaling: { min_containers: 1 } }] })).toThrow();
});
