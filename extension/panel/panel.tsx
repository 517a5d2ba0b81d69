// The sidebar "farcall": four sections in JupyterLab's own side panel. Asks the kernel only while it is shown.

import { PanelWithToolbar, ReactWidget, refreshIcon, SidePanel, ToolbarButton } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';

import type { ViewServices } from '../calls/services';
import { ServicesProvider } from '../calls/services';
import { farcallIcon } from '../icon';
import { FunctionsSection } from './functions';
import type { PanelModel } from './model';
import { CallsSection, ContainersSection, RuntimeSection } from './sections';

export class FarcallPanel extends SidePanel {
  constructor(
    private readonly services: ViewServices,
    private readonly model: PanelModel,
  ) {
    super();
    const { trans } = services;
    this.id = 'farcall-panel';
    this.addClass('farcall-SidePanel');
    this.title.icon = farcallIcon;
    this.title.caption = trans.__('farcall: calls, containers and the runtime');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('farcall'));
    this.addWidget(this.#section(trans.__('Calls'), <CallsSection model={model} />));
    this.addWidget(this.#section(trans.__('Functions'), <FunctionsSection model={model} />));
    this.addWidget(this.#section(trans.__('Containers'), <ContainersSection model={model} />));
    this.addWidget(this.#section(trans.__('Runtime'), <RuntimeSection model={model} />));
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.model.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.show();
  }

  protected override onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this.model.hide();
  }

  #section(label: string, content: JSX.Element): PanelWithToolbar {
    const section = new PanelWithToolbar();
    section.title.label = label;
    const tooltip = this.services.trans.__('Refresh');
    section.toolbar.addItem(
      'refresh',
      new ToolbarButton({ icon: refreshIcon, tooltip, onClick: () => void this.model.refresh() }),
    );
    section.addWidget(ReactWidget.create(<ServicesProvider value={this.services}>{content}</ServicesProvider>));
    return section;
  }
}
