// GET /readyz and /metrics, for whoever runs this gateway. Like every route but /livez they need a token: a client's.

import type { ServerResponse } from 'node:http';

import type { Questions } from '../core/core.js';
import type { Principal } from '../gateway/authenticate.js';
import type { Parts } from '../gateway/parts.js';
import { answer, type Doorway, type Route } from '../gateway/server.js';
import type { SqliteStore } from '../store/sqlite.js';
import type { Meter } from './meter.js';
import { Metrics, type Traffic } from './metrics.js';
import { Readiness } from './readiness.js';

export interface Watched {
  readonly core: Pick<Questions, 'functions' | 'containers' | 'hosts'>;
  readonly store: Pick<SqliteStore, 'probe' | 'sizes'>;
  readonly runtime: { readonly parts: Parts; readonly isDraining: boolean };
  readonly meter: Meter;
  readonly doors: () => readonly Doorway[];
}

export function watchRoutes(watched: Watched): readonly Route[] {
  const readiness = readinessOf(watched);
  const metrics = metricsOf(watched);
  return [
    route(/^\/readyz$/, (response) => ready(response, readiness)),
    route(/^\/metrics$/, (response) => scraped(response, metrics)),
  ];
}

function readinessOf({ store, runtime }: Watched): Readiness {
  const { commits, supervisors } = runtime.parts;
  return new Readiness({
    probe: () => store.probe(),
    isFull: () => commits.isFull,
    hasSupervisor: () => [...supervisors.all()].some(([, connection]) => connection?.open === true),
    isDraining: () => runtime.isDraining,
  });
}

function metricsOf({ core, store, runtime, meter, doors }: Watched): Metrics {
  const { clients, calls, commits } = runtime.parts;
  return new Metrics({
    meter,
    core,
    clients: () => clients.count,
    callsOpen: () => calls.openCount,
    waitingBytes: () => commits.waitingBytes,
    traffic: () => sumOf(doors().map((door) => door.traffic())),
    sizes: () => store.sizes(),
    objects: runtime.parts.objects,
  });
}

function sumOf(traffics: readonly Traffic[]): Traffic {
  let [read, written] = [0, 0];
  for (const traffic of traffics) {
    read += traffic.read;
    written += traffic.written;
  }
  return { read, written };
}

function route(path: RegExp, handle: (response: ServerResponse) => Promise<void>): Route {
  return { methods: ['GET'], path, handle: (_request, response, _match, who) => forPeople(response, who, handle) };
}

async function forPeople(
  response: ServerResponse,
  { kind }: Principal,
  handle: (response: ServerResponse) => Promise<void>,
): Promise<void> {
  if (kind === 'client' || kind === 'admin') await handle(response);
  else answer(response, 403);
}

async function ready(response: ServerResponse, readiness: Readiness): Promise<void> {
  const reasons = await readiness.reasons();
  if (reasons.length === 0) answer(response, 200, 'ready\n');
  else answer(response, 503, `${reasons.join('\n')}\n`);
}

async function scraped(response: ServerResponse, metrics: Metrics): Promise<void> {
  const { type, text } = await metrics.page();
  response.writeHead(200, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' });
  response.end(text);
}
