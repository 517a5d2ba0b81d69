// The plugins around the cards: sidebar, Running panel, status bar, commands, notices. All tokens but farcall's own are
// optional, since Notebook 7 lacks some of them.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { IStatusBar } from '@jupyterlab/statusbar';

import { addCommands, COMMANDS } from './commands';
import { farcallIcon } from './icon';
import { noticeEnds } from './notice';
import { PanelModel } from './panel/model';
import { FarcallPanel } from './panel/panel';
import { ownerOf } from './plugin';
import { RunningCalls } from './running';
import { RunningStatus } from './status';
import { IFarcall } from './tokens';

export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'farcall:panel',
  description: 'The sidebar of farcall, and its commands.',
  autoStart: true,
  requires: [IFarcall],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    farcall: IFarcall,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
  ) => {
    const { store, kernels, trans } = farcall;
    const current = () => kernels.bridge(ownerOf(app.shell.currentWidget)?.session?.kernel?.id);
    const panel = new FarcallPanel(farcall, new PanelModel({ store, kernels, trans, current }));
    app.shell.add(panel, 'left', { rank: 450, type: 'farcall' });
    restorer?.add(panel, panel.id);
    app.commands.addCommand(COMMANDS.showPanel, {
      label: trans.__('Show farcall Sidebar'),
      caption: trans.__('Calls, containers and the runtime'),
      icon: farcallIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => app.shell.activateById(panel.id),
    });
    addCommands(app, farcall);
    for (const command of Object.values(COMMANDS)) palette?.addItem({ command, category: trans.__('farcall') });
  },
};

export const runningPlugin: JupyterFrontEndPlugin<void> = {
  id: 'farcall:running',
  description: 'Lists the calls that run in the Running panel.',
  autoStart: true,
  requires: [IFarcall, IRunningSessionManagers],
  activate: (app: JupyterFrontEnd, farcall: IFarcall, managers: IRunningSessionManagers) => {
    managers.add(new RunningCalls(farcall, () => void app.commands.execute(COMMANDS.showPanel)));
  },
};

export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'farcall:status',
  description: 'Says in the status bar how many calls run.',
  autoStart: true,
  requires: [IFarcall, IStatusBar],
  activate: (app: JupyterFrontEnd, farcall: IFarcall, statusBar: IStatusBar) => {
    const item = new RunningStatus(farcall, () => void app.commands.execute(COMMANDS.showPanel));
    const { activeStateChanged } = item;
    statusBar.registerStatusItem('farcall:status', {
      item,
      align: 'left',
      rank: 60,
      isActive: () => item.isActive(),
      activeStateChanged,
    });
  },
};

export const noticePlugin: JupyterFrontEndPlugin<void> = {
  id: 'farcall:notice',
  description: 'Tells when a long call ends in a notebook that is not in front.',
  autoStart: true,
  requires: [IFarcall, INotebookTracker],
  activate: (app: JupyterFrontEnd, farcall: IFarcall, tracker: INotebookTracker) => {
    const isSeen = (kernelId: string): boolean =>
      !document.hidden && ownerOf(app.shell.currentWidget)?.session?.kernel?.id === kernelId;
    const showCard = (callId: string): void => {
      const kernelId = farcall.store.get(callId)?.kernelId;
      const panel = tracker.find((one) => one.sessionContext.session?.kernel?.id === kernelId);
      if (panel === undefined) return;
      app.shell.activateById(panel.id);
      panel.node.querySelector(`[data-call-id="${CSS.escape(callId)}"]`)?.scrollIntoView({ block: 'nearest' });
    };
    noticeEnds(farcall, isSeen, showCard);
  },
};
