// The gallery: every card in every state on one page, with the theme's variables and a kernel that answers. Built and
// photographed by shoot.mjs; one scene a page, chosen by the hash.

import { RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { createRoot } from 'react-dom/client';

import { Kernels } from '../../../extension/bridge/kernels';
import { Card } from '../../../extension/calls/card';
import type { ViewServices } from '../../../extension/calls/services';
import { ServicesProvider } from '../../../extension/calls/services';
import { RunStore } from '../../../extension/model/run-store';
import { NOW } from '../support/calls';
import { FakeKernel } from '../support/kernel';
import { answerIntent } from './answers';
import { SCENES } from './scenes';

async function show(name: string): Promise<void> {
  const host = document.getElementById('scene');
  if (host === null) return;
  const kernel = new FakeKernel();
  kernel.answer = answerIntent;
  const store = new RunStore(() => NOW);
  const kernels = new Kernels(store, { version: '0.1.0' });
  const signal = { connect: () => true, disconnect: () => true };
  kernels.attach({ session: { kernel: kernel.asKernel }, kernelChanged: signal, disposed: signal });
  const services: ViewServices = {
    store,
    kernels,
    trans: nullTranslator.load('farcall'),
    rendermime: new RenderMimeRegistry({ initialFactories: standardRendererFactories }),
    bridgeAt: () => kernels.bridge(kernel.id),
    insertBelow: () => undefined,
    copy: () => undefined,
    readMs: 0,
    now: () => NOW,
  };
  const scene = SCENES[name];
  if (scene === undefined) return;
  if (scene.live.length > 0) kernel.emit({ event: 'hello', version: '0.1.0', calls: scene.live });
  createRoot(host).render(
    <ServicesProvider value={services}>
      <Card data={scene.data} isTrusted />
    </ServicesProvider>,
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (const selector of scene.clicks ?? []) {
    document.querySelector<HTMLElement>(selector)?.click();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

void show(location.hash.slice(1)).then(() => document.body.setAttribute('data-ready', 'true'));
