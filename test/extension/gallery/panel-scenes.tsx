// The sidebar's sections and the status item, for the gallery.

import type { ViewServices } from '../../../extension/calls/services';
import type { FakeKernel } from '../support/kernel';

export type PanelScene = (host: HTMLElement, services: ViewServices, kernel: FakeKernel) => void;

export const PANEL_SCENES: Readonly<Record<string, PanelScene>> = {};
