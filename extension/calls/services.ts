// What views are given: the model, the bridges and the few things of JupyterLab that they use. Handed down by React
// context, so a view can be drawn in a test or a gallery with none of Lab around it.

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { createContext, useContext } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import type { Kernels } from '../bridge/kernels';
import type { RunStore } from '../model/run-store';

export interface ViewServices {
  readonly store: RunStore;
  readonly kernels: Kernels;
  readonly trans: TranslationBundle;
  /** Draws results; absent where there is none (a plain text is shown then). */
  readonly rendermime: IRenderMimeRegistry | null;
  /** The bridge of the notebook or console that shows this node. */
  bridgeAt(node: Node): KernelBridge | undefined;
  /** Inserts a code cell below the one that shows this node, and selects it; undefined where there are no cells. */
  readonly insertBelow: ((node: Node, source: string) => void) | undefined;
  copy(text: string): void;
  /** What moves is drawn this often at most, in milliseconds. */
  readonly readMs: number;
  /** Unix seconds of this browser. */
  now(): number;
}

const Services = createContext<ViewServices | undefined>(undefined);

export const ServicesProvider = Services.Provider;

export function useServices(): ViewServices {
  const services = useContext(Services);
  if (services === undefined) throw new Error('A farcall view was drawn outside its ServicesProvider.');
  return services;
}
