// How JupyterLab chooses and drives the renderer.

import { MIME } from '@farcall/kernel-bridge/notebook';
import { MimeModel, RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { act } from 'react';
import { expect, test } from 'vitest';

import packageJson from '../../../package.json' with { type: 'json' };
import { Kernels } from '../../../extension/bridge/kernels';
import { cardFactory } from '../../../extension/calls/renderer';
import type { ViewServices } from '../../../extension/calls/services';
import { RunStore } from '../../../extension/model/run-store';
import { VERSION } from '../../../extension/version';
import { bundle, callView, counts, NOW } from '../support/calls';

const store = new RunStore(() => NOW);
const services: ViewServices = {
  store,
  kernels: new Kernels(store, { version: VERSION }),
  rendermime: null,
  trans: nullTranslator.load('farcall'),
  bridgeAt: () => undefined,
  insertBelow: undefined,
  copy: () => undefined,
  readMs: 0,
  now: () => NOW,
};

function registry(): RenderMimeRegistry {
  const rendermime = new RenderMimeRegistry({ initialFactories: standardRendererFactories });
  rendermime.addFactory(cardFactory(services), 0);
  return rendermime;
}

test('the card wins over text/html, in untrusted notebooks as well', () => {
  const data = { [MIME]: {}, 'text/html': '<b>x</b>', 'text/plain': 'x' };
  expect(registry().preferredMimeType(data, 'any')).toBe(MIME);
  expect(registry().preferredMimeType(data, 'ensure')).toBe(MIME);
});

test('updates draw into the same widget and keep what a person opened', async () => {
  const renderer = registry().createRenderer(MIME);
  const model = (succeeded: number): MimeModel =>
    new MimeModel({
      data: { [MIME]: JSON.parse(JSON.stringify(bundle(callView({ counts: counts({ succeeded }) })))) },
      trusted: true,
    });
  await act(async () => {
    Widget.attach(renderer, document.body);
    await renderer.renderModel(model(100));
  });
  const card = renderer.node.querySelector('.farcall-Card');
  await act(async () => renderer.node.querySelectorAll<HTMLElement>('[role=tab]')[2]?.click());
  await act(async () => renderer.renderModel(model(200)));
  expect(renderer.node.querySelector('.farcall-Card')).toBe(card);
  expect(renderer.node.querySelector('[aria-selected=true]')?.textContent).toBe('Output');
  expect(renderer.node.textContent).toContain('200 / 1,000');
  await act(async () => renderer.dispose());
  expect(renderer.isDisposed).toBe(true);
});

test('the version in the hello is the package’s', () => {
  expect(VERSION).toBe(packageJson.version);
});
