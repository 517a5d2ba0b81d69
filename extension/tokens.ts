// What farcall's plugins share with one another, and other extensions may ask for.

import { Token } from '@lumino/coreutils';

import type { ViewServices } from './calls/services';

/** The model, the bridges and what views need of JupyterLab. */
export type IFarcall = ViewServices;

export const IFarcall = new Token<IFarcall>(
  'farcall:IFarcall',
  'The calls that this page knows, and the kernels they run from.',
);
