// What names mean: functions of deployed apps, and of apps whose process is here. A deployed name means what was deployed,
// whoever runs the same app beside it. Who asked for a name is told when it comes to mean something else.

import type { AppSummary, BlobId, ClientId, NamedFunction } from '@farcall/kernel-bridge/wire';

import type { AppRow, NameRow } from '../store/apps.js';
import type { ClientSession } from './clients.js';
import { nextDue, scheduleText } from './due.js';

/** One name. `client`: whose process it lives with; empty: it is deployed. */
export interface Entry {
  readonly app: string;
  readonly client: ClientId | '';
  readonly function: NamedFunction;
  readonly shared: NameRow['shared'];
  readonly since: number;
  /** The last due time of its schedule that was obeyed, or passed over. */
  due: number;
}
interface Named {
  readonly since: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly entries: Map<string, Entry>;
}
export interface Missing {
  readonly app_known: boolean;
  readonly names: readonly string[];
}

/** A client that is gone may come back for so long, as for the calls it owns. */
const CLIENT_LOST_MS = 60_000;
const NAMES_TOLD = 1000;

export class Apps {
  readonly #deployed = new Map<string, Named>();
  /** The newest last. */
  readonly #running = new Map<ClientId, Map<string, Named>>();
  readonly #lost = new Map<ClientId, number>();
  readonly #askers = new Map<string, Set<ClientSession>>();

  /** A deployment, new or of before a restart. It replaces the one before. */
  deploy(row: AppRow): void {
    const before = this.#deployed.get(row.app);
    const entries = new Map(
      row.names.map((name) => [name.function.name, { ...name, app: row.app, client: '' as const }]),
    );
    this.#deployed.set(row.app, { since: row.since, tags: row.tags, entries });
    for (const name of new Set([...(before?.entries.keys() ?? []), ...entries.keys()])) this.#moved(row.app, name);
  }

  /** Names that live as long as the client. */
  run(client: ClientId, row: AppRow): void {
    const apps = this.#running.get(client) ?? new Map<string, Named>();
    this.#running.delete(client);
    this.#running.set(client, apps);
    const { app, tags } = row;
    const entries = apps.get(app)?.entries ?? new Map<string, Entry>();
    for (const name of row.names) entries.set(name.function.name, { ...name, app, client });
    apps.set(app, { since: apps.get(app)?.since ?? row.since, tags, entries });
    for (const { function: named } of row.names) this.#moved(app, named.name);
  }

  leave(client: ClientId, app: string): void {
    const named = this.#running.get(client)?.get(app);
    this.#running.get(client)?.delete(app);
    if (this.#running.get(client)?.size === 0) this.#running.delete(client);
    for (const name of named?.entries.keys() ?? []) this.#moved(app, name);
  }

  /** Whether there was such an app. */
  stop(app: string): boolean {
    const running = [...this.#running].filter(([, apps]) => apps.has(app));
    const deployed = this.#deployed.get(app);
    this.#deployed.delete(app);
    for (const name of deployed?.entries.keys() ?? []) this.#moved(app, name);
    for (const [client] of running) this.leave(client, app);
    return deployed !== undefined || running.length > 0;
  }

  deployment(app: string): { readonly entries: ReadonlyMap<string, Entry> } | undefined {
    return this.#deployed.get(app);
  }

  /** What the name means now; `asker` is told when that changes. */
  find(app: string, name: string, asker: ClientSession): Entry | Missing {
    const found = this.#deployed.get(app)?.entries.get(name) ?? this.#newest(app, name);
    if (found === undefined) return this.#missing(app);
    const key = keyOf(app, name);
    const askers = this.#askers.get(key) ?? new Set();
    this.#askers.set(key, askers.add(asker));
    return found;
  }

  /** Every name with a schedule, while it is active. */
  *scheduled(): Iterable<Entry> {
    for (const { entries } of this.#all())
      for (const entry of entries.values()) if (entry.function.schedule) yield entry;
  }

  get deployedEntries(): Iterable<Entry> {
    return [...this.#deployed.values()].flatMap(({ entries }) => [...entries.values()]);
  }

  /** What functions captured that are not deployed: no row of the store names these. */
  get runningBlobs(): readonly BlobId[] {
    const entries = [...this.#running.values()].flatMap((apps) =>
      [...apps.values()].flatMap((named) => [...named.entries.values()]),
    );
    return entries.flatMap(({ shared }) => ('blob' in shared ? [shared.blob] : []));
  }

  list(now: number): AppSummary[] {
    const deployed = [...this.#deployed].map(([app, named]) => summaryOf(app, 'deployed', named, now));
    const running = [...this.#running.values()].flatMap((apps) =>
      [...apps].map(([app, named]) => summaryOf(app, 'running', named, now)),
    );
    return [...deployed, ...running.filter(({ app }) => app !== '')];
  }

  connected(client: ClientId): void {
    this.#lost.delete(client);
  }

  /** It came with another session, or will not come again. */
  forget(session: ClientSession): void {
    for (const [key, askers] of this.#askers) if (askers.delete(session) && askers.size === 0) this.#askers.delete(key);
  }

  lost(client: ClientId, nowMs: number): void {
    if (this.#running.has(client)) this.#lost.set(client, nowMs);
  }

  /** Names of clients that did not come back go. */
  sweep(nowMs: number): void {
    for (const [client, since] of this.#lost) {
      if (nowMs - since < CLIENT_LOST_MS) continue;
      this.#lost.delete(client);
      for (const app of [...(this.#running.get(client)?.keys() ?? [])]) this.leave(client, app);
    }
  }

  *#all(): Iterable<Named> {
    yield* this.#deployed.values();
    for (const apps of this.#running.values()) yield* apps.values();
  }

  #newest(app: string, name: string): Entry | undefined {
    let found: Entry | undefined;
    for (const apps of this.#running.values()) found = apps.get(app)?.entries.get(name) ?? found;
    return found;
  }

  #missing(app: string): Missing {
    const names = new Set(this.#deployed.get(app)?.entries.keys());
    for (const apps of this.#running.values()) for (const name of apps.get(app)?.entries.keys() ?? []) names.add(name);
    if (names.size > 0) return { app_known: true, names: [...names].slice(0, NAMES_TOLD) };
    const apps = new Set([
      ...this.#deployed.keys(),
      ...[...this.#running.values()].flatMap((each) => [...each.keys()]),
    ]);
    apps.delete('');
    return { app_known: false, names: [...apps].slice(0, NAMES_TOLD) };
  }

  #moved(app: string, name: string): void {
    const key = keyOf(app, name);
    for (const asker of this.#askers.get(key) ?? []) asker.send({ type: 'function.moved', app, name });
    this.#askers.delete(key);
  }
}

function keyOf(app: string, name: string): string {
  return `${app}\n${name}`;
}

function summaryOf(app: string, state: AppSummary['state'], { since, tags, entries }: Named, now: number): AppSummary {
  const functions = [...entries.values()].map(({ function: named, since: began, due }) => {
    const { name, function_id, schedule } = named;
    const next = schedule === undefined ? Infinity : nextDue(schedule, began, Math.max(now, due));
    return { name, function_id, schedule: scheduleText(schedule), next_at: Number.isFinite(next) ? next : 0 };
  });
  return { app, state, since, tags, functions };
}
