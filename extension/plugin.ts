// The plugin that everything else builds on: the model, the bridges to kernels, and the renderer of cards.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import type { KernelBridge } from './bridge/kernel-bridge';
import type { KernelOwner } from './bridge/kernels';
import { Kernels } from './bridge/kernels';
import { insertBelow } from './calls/cells';
import { cardFactory } from './calls/renderer';
import { RunStore } from './model/run-store';
import { IFarcall } from './tokens';
import { VERSION } from './version';

/** A person reads no faster, and each drawing costs the page a layout. */
const READ_MS = 200;

type OptionalTokens = [INotebookTracker | null, ITranslator | null, ISettingRegistry | null];

export const corePlugin: JupyterFrontEndPlugin<IFarcall> = {
  id: 'farcall:plugin',
  description: 'Shows the calls of farcall in notebooks, live.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, ITranslator, ISettingRegistry],
  provides: IFarcall,
  activate: (app: JupyterFrontEnd, rendermime: IRenderMimeRegistry, ...optional: OptionalTokens): IFarcall => {
    const [tracker, translator, settings] = optional;
    const store = new RunStore();
    const kernels = new Kernels(store, { version: VERSION });
    listen(app, kernels, tracker);
    const services: IFarcall = {
      store,
      kernels,
      rendermime,
      trans: (translator ?? nullTranslator).load('farcall'),
      bridgeAt: (node) => bridgeAt(app, kernels, node),
      insertBelow: tracker === null ? undefined : (node, source) => insertBelow(tracker, node, source),
      copy: (text) => Clipboard.copyToSystem(text),
      readMs: READ_MS,
      now: () => Date.now() / 1000,
    };
    rendermime.addFactory(cardFactory(services), 0);
    void settings?.load(corePlugin.id).then((loaded) => followSettings(loaded, kernels));
    return services;
  },
};

function followSettings(settings: ISettingRegistry.ISettings, kernels: Kernels): void {
  const settingsOnChange = (): void => kernels.setLive(settings.get('live').composite !== false);
  settings.changed.connect(settingsOnChange);
  settingsOnChange();
}

/** Notebooks, and whatever else with a session comes into view (consoles). Listening sends nothing. */
function listen(app: JupyterFrontEnd, kernels: Kernels, tracker: INotebookTracker | null): void {
  tracker?.forEach((panel) => kernels.attach(panel.sessionContext));
  tracker?.widgetAdded.connect((_, panel) => kernels.attach(panel.sessionContext));
  const shellOnChange = (): void => {
    const owner = ownerOf(app.shell.currentWidget);
    if (owner !== undefined) kernels.attach(owner);
  };
  app.shell.currentChanged?.connect(shellOnChange);
}

function bridgeAt(app: JupyterFrontEnd, kernels: Kernels, node: Node): KernelBridge | undefined {
  for (const widget of app.shell.widgets('main')) {
    if (widget.node.contains(node)) return kernels.bridge(ownerOf(widget)?.session?.kernel?.id);
  }
  return undefined;
}

/** Told by its shape: packages of Lab may be loaded more than once, so `instanceof` says nothing. */
export function ownerOf(widget: Widget | null): KernelOwner | undefined {
  const context = (widget as { sessionContext?: Partial<KernelOwner> } | null)?.sessionContext;
  return context?.kernelChanged !== undefined && context.disposed !== undefined ? (context as KernelOwner) : undefined;
}
