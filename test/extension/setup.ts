// What jsdom lacks and JupyterLab's packages or our views use. Observers report at once that all can be seen, at 800 px.

import { afterEach } from 'vitest';

class SeesAll {
  constructor(private readonly tell: (entries: object[]) => void) {}
  observe(): void {
    queueMicrotask(() => this.tell([{ isIntersecting: true, contentRect: { width: 800, height: 100 } }]));
  }
  unobserve(): void {}
  disconnect(): void {}
}

const missing: Readonly<Record<string, unknown>> = {
  DragEvent: class extends Event {},
  ResizeObserver: SeesAll,
  IntersectionObserver: SeesAll,
  matchMedia: () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }),
  IS_REACT_ACT_ENVIRONMENT: true,
};
for (const [name, value] of Object.entries(missing)) Reflect.set(globalThis, name, value);
Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
Element.prototype.scrollIntoView = () => undefined;
// A canvas without a picture: the views must do with it, and jsdom complains loudly otherwise.
HTMLCanvasElement.prototype.getContext = () => null;

afterEach(() => document.body.replaceChildren());
