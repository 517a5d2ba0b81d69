// How views follow the model: no more often than a person can read, nothing while hidden.

import type { LiveCall } from '@farcall/kernel-bridge/notebook';
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

/** The live state of a call, some times a second; that it began or ended, at once. Still while `active` is false. */
export function useKnownCall(callId: string, active: boolean): KnownCall | undefined {
  const { store, readMs } = useServices();
  const subscribe = useCallback(
    (notify: () => void) => {
      if (!active) return () => undefined;
      const paced = atMostEvery(readMs, notify);
      const storeOnChange = (_: unknown, changedId: string): void => {
        if (changedId === callId) paced.ask();
      };
      const storeOnTurn = (_: unknown, call: LiveCall | undefined): void => {
        if (call === undefined || call.call_id === callId) paced.askNow();
      };
      store.changed.connect(storeOnChange);
      store.turned.connect(storeOnTurn);
      return () => {
        store.changed.disconnect(storeOnChange);
        store.turned.disconnect(storeOnTurn);
        paced.cancel();
      };
    },
    [store, readMs, callId, active],
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

/** Runs in a frame: what was asked for in between runs once, when `everyMs` are over. */
function atMostEvery(everyMs: number, run: () => void): { ask(): void; askNow(): void; cancel(): void } {
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ranAt = -Infinity;
  const cancel = (): void => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    timer = undefined;
    frame = 0;
  };
  const askNow = (): void => {
    cancel();
    frame = requestAnimationFrame(() => {
      frame = 0;
      ranAt = performance.now();
      run();
    });
  };
  const ask = (): void => {
    if (frame !== 0 || timer !== undefined) return;
    const waitMs = ranAt + everyMs - performance.now();
    if (waitMs > 0) timer = setTimeout(askNow, waitMs);
    else askNow();
  };
  return { ask, askNow, cancel };
}
