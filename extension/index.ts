// The plugins of the farcall extension; everything else is in their folders.

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { noticePlugin, panelPlugin, runningPlugin, statusPlugin } from './around';
import { corePlugin } from './plugin';
import { IFarcall } from './tokens';

export { IFarcall };

const plugins: readonly (JupyterFrontEndPlugin<IFarcall> | JupyterFrontEndPlugin<void>)[] = [
  corePlugin,
  panelPlugin,
  runningPlugin,
  statusPlugin,
  noticePlugin,
];
export default plugins;
