// Apps: which versions their names mean for everybody once they are deployed, and what ends when an app is stopped.
// Names, schedules and what is written down of them are the gateway's.

import type { Event } from './events.js';
import { settingsOf, type RemoteFunction } from './function.js';
import { leave } from './life.js';
import { keyOf, type State } from './state.js';
import { cancelCall } from './verdict.js';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

/**
 * These versions and what was made of them, and no others of the app: they are kept warm as they ask, under the settings of
 * their options. An instance of a class, or a variant by name, is so from its first use on.
 */
export function appDeployed(s: State, { app, functions }: Of<'app.deployed'>): void {
  const deployed = new Set(functions);
  for (const fn of ofApp(s, app)) {
    fn.isDeployed = deployed.has(fn.id) || (fn.spec.of !== undefined && deployed.has(fn.spec.of));
    fn.isReplaced = !fn.isDeployed;
    s.settings.delete(keyOf(app, fn.spec.name));
    fn.settings = settingsOf(fn.spec);
    if (deployed.has(fn.id)) fn.isWanted = true;
    s.touch(fn);
  }
}

/** What waits and what runs is cancelled, and its containers leave. Who has its functions may still call them. */
export function appStopped(s: State, { app }: Of<'app.stopped'>): void {
  const fns = new Set(ofApp(s, app));
  for (const call of [...s.calls.values()]) if (fns.has(call.fn)) cancelCall(s, call, 'all', 'its app was stopped');
  for (const fn of fns) {
    fn.isDeployed = false;
    fn.isWanted = false;
    s.settings.delete(keyOf(app, fn.spec.name));
    fn.settings = settingsOf(fn.spec);
    for (const container of fn.containers) if (container.leavingAt === 0) leave(s, container, 'drain');
    s.touch(fn);
  }
}

function ofApp(s: State, app: string): RemoteFunction[] {
  return [...s.functions.values()].filter(({ spec }) => spec.app === app);
}
