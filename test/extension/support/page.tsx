// Draws a card in jsdom with a fake kernel beside it, and finds things in it as a person would.

import { nullTranslator } from '@jupyterlab/translation';
import { act } from 'react';
import { createRoot } from 'react-dom/client';

import { Kernels } from '../../../extension/bridge/kernels';
import { Card } from '../../../extension/calls/card';
import type { ViewServices } from '../../../extension/calls/services';
import { ServicesProvider } from '../../../extension/calls/services';
import { RunStore } from '../../../extension/model/run-store';
import { NOW } from './calls';
import { FakeKernel } from './kernel';

export interface Page {
  readonly host: HTMLElement;
  readonly kernel: FakeKernel;
  readonly store: RunStore;
  readonly copied: string[];
  readonly inserted: string[];
  draw(data: unknown): Promise<void>;
  /** Puts an event in and lets the page draw it. */
  hear(event: object): Promise<void>;
  click(name: string): Promise<void>;
  clickOn(selector: string, at?: number): Promise<void>;
  press(key: string, on?: Element | null): Promise<void>;
  close(): Promise<void>;
}

export async function openPage(
  data: unknown,
  options: { readonly isTrusted?: boolean; readonly hasKernel?: boolean; readonly readMs?: number } = {},
): Promise<Page> {
  const { isTrusted = true, hasKernel = true, readMs = 0 } = options;
  const host = document.body.appendChild(document.createElement('div'));
  const kernel = new FakeKernel();
  const [copied, inserted]: [string[], string[]] = [[], []];
  const store = new RunStore(() => NOW);
  const services = { ...servicesFor(store, hasKernel ? kernel : undefined, { copied, inserted }), readMs };
  const root = createRoot(host);
  const settle = (step: () => void): Promise<void> =>
    act(async () => {
      step();
      await nextFrame();
    });
  const draw = (next: unknown): Promise<void> =>
    settle(() =>
      root.render(
        <ServicesProvider value={services}>
          <Card data={next} isTrusted={isTrusted} />
        </ServicesProvider>,
      ),
    );
  await draw(data);
  return {
    host,
    kernel,
    store,
    copied,
    inserted,
    draw,
    hear: (event) => settle(() => kernel.emit(event)),
    click: (name) => settle(() => button(host, name).click()),
    clickOn: (selector, at = 0) => settle(() => host.querySelectorAll<HTMLElement>(selector)[at]?.click()),
    press: (key, on = document.activeElement) =>
      settle(() => void on?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))),
    close: () => settle(() => root.unmount()),
  };
}

/** A button or tab by its accessible name. */
export function button(host: HTMLElement, name: string): HTMLElement {
  const found = [...host.querySelectorAll<HTMLElement>('button')].find(
    (one) => (one.getAttribute('aria-label') ?? one.textContent) === name,
  );
  if (found === undefined) throw new Error(`no button ${name} in: ${host.textContent}`);
  return found;
}

function servicesFor(
  store: RunStore,
  kernel: FakeKernel | undefined,
  kept: { copied: string[]; inserted: string[] },
): ViewServices {
  const kernels = new Kernels(store, { version: '0.1.0' });
  const signal = { connect: () => true, disconnect: () => true };
  if (kernel !== undefined)
    kernels.attach({ session: { kernel: kernel.asKernel }, kernelChanged: signal, disposed: signal });
  return {
    store,
    kernels,
    rendermime: null,
    trans: nullTranslator.load('farcall'),
    bridgeAt: () => kernels.bridge(kernel?.id),
    insertBelow: (_, source) => void kept.inserted.push(source),
    copy: (text) => void kept.copied.push(text),
    readMs: 0,
    now: () => NOW,
  };
}

/** Two frames: one in which the store's change is coalesced, one in which it is drawn. */
async function nextFrame(): Promise<void> {
  for (let frame = 0; frame < 2; frame += 1) await new Promise<unknown>((resolve) => requestAnimationFrame(resolve));
}
