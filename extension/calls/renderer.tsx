// The MIME renderer: one widget an output. JupyterLab calls renderModel on the same widget for every update of the
// display, so the React root is made once and only given new data.

import { MIME } from '@farcall/kernel-bridge/notebook';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';

import { Card } from './card';
import type { ViewServices } from './services';
import { ServicesProvider } from './services';

export class CardRenderer extends Widget implements IRenderMime.IRenderer {
  readonly #root: Root;
  #model: IRenderMime.IMimeModel | undefined;

  constructor(private readonly services: ViewServices) {
    super();
    this.addClass('farcall-Output-card');
    this.#root = createRoot(this.node);
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.#model = model;
    this.#draw();
    return Promise.resolve();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    super.dispose();
    // React must not be taken down while it draws, and Lab may dispose outputs from inside an event of ours.
    queueMicrotask(() => this.#root.unmount());
  }

  #draw(): void {
    if (this.#model === undefined || this.isDisposed) return;
    this.#root.render(
      <ServicesProvider value={this.services}>
        <Card data={this.#model.data[MIME]} isTrusted={this.#model.trusted} />
      </ServicesProvider>,
    );
  }
}

/** `safe`: the renderer treats its data as hostile, so it also draws in notebooks that are not trusted. */
export function cardFactory(services: ViewServices): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [MIME],
    // Below text/html (50), which every bundle carries for front ends that do not know this type.
    defaultRank: 0,
    createRenderer: () => new CardRenderer(services),
  };
}
