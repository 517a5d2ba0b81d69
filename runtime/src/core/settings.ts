// Functions become known, names come to mean other versions, and the autoscaler's settings change by name.

import type { Event, Rescaling } from './events.js';
import { RemoteFunction, settingsOf, type Settings } from './function.js';
import { keyOf, type State } from './state.js';

/** A container that comes up to show a value stays at least so long. */
const LEAST_SHOWN_MS = 20_000;

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

export function functionPut(s: State, { function: id, environment, spec, image }: Of<'function.put'>): void {
  if (s.functions.has(id)) return;
  const fn = new RemoteFunction(id, environment, spec, image);
  s.functions.set(id, fn);
  fn.isDeployed = spec.of !== undefined && s.functions.get(spec.of)?.isDeployed === true;
  const key = keyOf(spec.app, spec.name);
  fn.settings = { ...settingsOf(spec), ...s.settings.get(key) };
  s.touch(fn);
}

export function functionReplaced(s: State, { app, name, function: id }: Of<'function.replaced'>): void {
  for (const fn of s.functions.values()) {
    if (fn.spec.app !== app || fn.spec.name !== name) continue;
    fn.isReplaced = fn.id !== id && !fn.isDeployed;
    if (fn.id === id) fn.isWanted = true;
    s.touch(fn);
  }
}

/** It keeps one container for its window, also when a newer version has its name. */
export function previewWanted(s: State, { function: id }: Of<'preview.wanted'>): void {
  const fn = s.functions.get(id);
  if (fn === undefined) return;
  fn.shownUntil = s.now + Math.max(LEAST_SHOWN_MS, fn.settings.scaledownWindow * 1000);
  s.touch(fn);
}

export function autoscalerUpdated(s: State, event: Of<'autoscaler.updated'>): void {
  const key = keyOf(event.app, event.name);
  const changes = given(event);
  const settings = { ...s.settings.get(key), ...changes };
  const fns = versionsOf(s, key);
  if (fns.length === 0)
    return s.out.tell({
      do: 'refuse',
      code: 'not.found',
      message: `no function ${event.name} in the app ${event.app}`,
    });
  if (Object.keys(changes).length === 0) return; // somebody looks
  const wrong = fns.map(({ spec }) => faultOf({ ...settingsOf(spec), ...settings })).find((fault) => fault !== '');
  if (wrong !== undefined) return s.out.tell({ do: 'refuse', code: 'request.invalid', message: wrong });
  for (const fn of fns) fn.isWanted = true;
  hold(s, key, settings);
}

export function autoscalerRestored(s: State, event: Of<'autoscaler.restored'>): void {
  hold(s, keyOf(event.app, event.name), given(event));
}

/** From now on, for all that has the name and all that will. */
function hold(s: State, key: string, settings: Partial<Settings>): void {
  s.settings.set(key, settings);
  for (const fn of versionsOf(s, key)) {
    fn.settings = { ...settingsOf(fn.spec), ...settings };
    s.touch(fn);
  }
}

function versionsOf(s: State, key: string): RemoteFunction[] {
  return [...s.functions.values()].filter(({ spec }) => keyOf(spec.app, spec.name) === key);
}

function given(event: Rescaling): Partial<Settings> {
  const { minContainers, maxContainers, bufferContainers, scaledownWindow } = event;
  return {
    ...(minContainers !== undefined && { minContainers }),
    ...(maxContainers !== undefined && { maxContainers }),
    ...(bufferContainers !== undefined && { bufferContainers }),
    ...(scaledownWindow !== undefined && { scaledownWindow }),
  };
}

function faultOf({ minContainers, maxContainers, bufferContainers, scaledownWindow }: Settings): string {
  if (minContainers < 0 || maxContainers < 0 || bufferContainers < 0) return 'a number of containers is not below 0';
  if (maxContainers > 0 && maxContainers < minContainers)
    return `max_containers (${maxContainers}) is below min_containers (${minContainers})`;
  return scaledownWindow >= 0 ? '' : 'scaledown_window is not below 0';
}
