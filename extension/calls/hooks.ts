// How views follow the model: at most one drawing a frame, nothing while hidden.

import type { RefObject } from 'react';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';

import type { KnownCall } from '../model/run-store';
import { useServices } from './services';

/** True while the element is on a visible screen. Where nobody can tell, it counts as visible. */
export function useVisible(of: RefObject<Element | null>): boolean {
  const [isOnScreen, setOnScreen] = useState(false);
  const [isPageShown, setPageShown] = useState(!document.hidden);
  useEffect(() => {
    const pageOnVisibility = (): void => setPageShown(!document.hidden);
    document.addEventListener('visibilitychange', pageOnVisibility);
    return () => document.removeEventListener('visibilitychange', pageOnVisibility);
  }, []);
  useEffect(() => {
    if (of.current === null) return undefined;
    const observer = new IntersectionObserver((seen) => setOnScreen(seen.at(-1)?.isIntersecting ?? true), {
      rootMargin: '200px',
    });
    observer.observe(of.current);
    return () => observer.disconnect();
  }, [of]);
  return isOnScreen && isPageShown;
}

/** The live state of a call; still while `active` is false. */
export function useKnownCall(callId: string, active: boolean): KnownCall | undefined {
  const { store } = useServices();
  const subscribe = useCallback(
    (notify: () => void) => {
      if (!active) return () => undefined;
      const coalesced = onePerFrame(notify);
      const storeOnChange = (_: unknown, changedId: string): void => {
        if (changedId === callId) coalesced.ask();
      };
      store.changed.connect(storeOnChange);
      return () => {
        store.changed.disconnect(storeOnChange);
        coalesced.cancel();
      };
    },
    [store, callId, active],
  );
  return useSyncExternalStore(subscribe, () => store.get(callId));
}

/** The call that a card's call goes on as, after a resume. */
export function useLatestId(callId: string): string {
  const { store } = useServices();
  const subscribe = useCallback(
    (notify: () => void) => {
      const storeOnChange = (): void => notify();
      store.changed.connect(storeOnChange);
      return () => void store.changed.disconnect(storeOnChange);
    },
    [store],
  );
  return useSyncExternalStore(subscribe, () => store.latest(callId));
}

/** Draws again whenever a kernel comes, goes or begins to speak. */
export function useKernelChanges(): number {
  const { kernels } = useServices();
  const [changes, setChanges] = useState(0);
  useEffect(() => {
    const kernelsOnChange = (): void => setChanges((count) => count + 1);
    kernels.changed.connect(kernelsOnChange);
    return () => void kernels.changed.disconnect(kernelsOnChange);
  }, [kernels]);
  return changes;
}

/** Unix seconds, counting once a second while `active`. */
export function useNow(active: boolean): number {
  const { now } = useServices();
  const [, setTicks] = useState(0);
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => setTicks((ticks) => ticks + 1), 1000);
    return () => clearInterval(timer);
  }, [active]);
  return now();
}

/** The element's content width; 0 until it has one. */
export function useWidth(of: RefObject<Element | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (of.current === null) return undefined;
    const observer = new ResizeObserver((sizes) => setWidth(Math.floor(sizes.at(-1)?.contentRect.width ?? 0)));
    observer.observe(of.current);
    return () => observer.disconnect();
  }, [of]);
  return width;
}

/** Changes with the theme: canvases are painted again then. */
export function useTheme(): number {
  const [theme, setTheme] = useState(0);
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme((count) => count + 1));
    // JupyterLab names the theme on the body once its style sheet is in place.
    observer.observe(document.body, {
      attributes: true,
      attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light'],
    });
    return () => observer.disconnect();
  }, []);
  return theme;
}

function onePerFrame(run: () => void): { ask(): void; cancel(): void } {
  let frame = 0;
  return {
    ask(): void {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        run();
      });
    },
    cancel(): void {
      cancelAnimationFrame(frame);
      frame = 0;
    },
  };
}
