// Clients' messages about apps: names given, asked for, and taken away. What a name means is apps.ts's business, when a
// function starts by itself schedules.ts's.

import { type FunctionSpec, IN_BLOB, type NamedFunction, type Schedule } from '@farcall/kernel-bridge/wire';

import type { AppRow, NameRow } from '../store/apps.js';
import { checkFunctionId, checkLengths, checkSpec, checkTexts, invalid } from './checks.js';
import type { ClientSession } from './clients.js';
import { subjectOfApp } from './commits.js';
import { scheduleFault } from './due.js';
import type { Handlers } from './handlers.js';
import { imageOf } from './images.js';
import { mustBeOutside } from './nested.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';
import { kept } from './tables.js';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const MOST_FUNCTIONS = 1000;
/** Fields of a spec that say what the code is, or whose: another version of it has the same. */
const FIXED = new Set(['app', 'name', 'is_generator', 'is_async', 'imports', 'secrets', 'hidden', 'is_base', 'of']);

type Put = Parameters<NonNullable<Handlers<ClientSession>['app.put']>>[2];

export const appMessages: Handlers<ClientSession> = {
  'app.put': (parts, client, message, payload) => {
    mustBeOutside(client);
    const row = rowOf(parts, message, payload);
    const accepted = (): void => client.send({ type: 'app.accepted', request: message.request, app: row.app });
    if (message.deploys) deploy(parts, row);
    else parts.apps.run(client.id, row);
    parts.commits.fact(subjectOfApp(row.app), accepted);
    parts.schedules.look();
  },

  'app.leave': (parts, client, { app }) => {
    parts.apps.leave(client.id, app);
    parts.schedules.look();
  },

  'app.stop': (parts, client, { request, app }) => {
    mustBeOutside(client);
    if (app === '') throw invalid('the default app has no name to stop it by');
    const before = openCallsOf(parts, app);
    const known = parts.apps.stop(app);
    if (!parts.apply({ type: 'app.stopped', app }, { client, request })) return;
    parts.commits.persist({ put: 'app.gone', app });
    parts.commits.fact(subjectOfApp(app), () => client.send({ type: 'app.stopped', request, known, calls: before }));
    parts.log.info({ app, calls: before }, 'app.stopped');
    parts.schedules.look();
  },

  'app.list': (parts, client, { request }) => {
    client.send({ type: 'app.listing', request, apps: parts.apps.list(Date.now() / 1000) });
  },

  'function.find': (parts, client, { request, app, name }) => {
    const found = parts.apps.find(app, name, client);
    if (!('function' in found)) return client.send({ type: 'function.found', request, ...found });
    const { function: named, shared } = found;
    if ('blob' in shared) client.send({ type: 'function.found', request, function: named, blob: shared.blob });
    else client.send({ type: 'function.found', request, function: named }, shared.bytes);
  },

  'function.vary': async (parts, client, message) => {
    checkFunctionId(message.of);
    checkFunctionId(message.function_id);
    const { functions, commits } = parts;
    const { request, function_id } = message;
    const accepted = (): void => client.send({ type: 'function.accepted', request, function_id });
    const base = functions.get(message.of);
    const code = base && (await functions.code(message.of));
    if (base === undefined || code === undefined) throw new Refusal('not.found', `function ${message.of} was not put`);
    if (functions.get(function_id) !== undefined) return commits.fact(function_id, accepted);
    if (commits.isFull) throw new Refusal('resource.exhausted', 'the disk of the gateway is nearly full');
    const spec = varied(base.spec, message);
    const environment = base.environment.environment_id;
    const happening = {
      type: 'function.put',
      function: function_id,
      environment,
      spec,
      ...imageOf(parts.identity, base.environment),
    } as const;
    if (!parts.apply(happening, { client, request })) return undefined;
    const put = { type: 'function.put', request, function_id, environment_id: environment, spec } as const;
    commits.persist({ put: 'function', row: functions.put(put, base.environment, code), code });
    return commits.fact(function_id, accepted);
  },
};

function deploy(parts: Parts, row: AppRow): void {
  if (row.app === '') throw invalid('the default app has no name to deploy it under');
  if (parts.commits.isFull) throw new Refusal('resource.exhausted', 'the disk of the gateway is nearly full');
  const before = parts.apps.deployment(row.app)?.entries;
  const names = row.names.map((name) => {
    const earlier = before?.get(name.function.name);
    // The same schedule goes on: to deploy often must not put off what is due seldom.
    const goesOn = earlier !== undefined && isSame(earlier.function.schedule, name.function.schedule);
    return goesOn ? { ...name, since: earlier.since, due: earlier.due } : name;
  });
  const deployed = { ...row, names };
  const functions = names.map(({ function: { function_id } }) => function_id);
  if (!parts.apply({ type: 'app.deployed', app: row.app, functions }))
    throw new Refusal('gateway.closing', 'it drains');
  parts.apps.deploy(deployed);
  parts.commits.persist({ put: 'app', app: row.app, row: deployed });
  parts.log.info({ app: row.app, functions: names.length }, 'app.deployed');
}

function isSame(one: Schedule | undefined, other: Schedule | undefined): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

function rowOf(parts: Parts, message: Put, payload: Uint8Array): AppRow {
  const { app, deploys, since: said, tags, functions } = message;
  if (app !== '' && !NAME.test(app)) throw invalid('app is not a name');
  checkTexts(tags, 'tags');
  if (functions.length > MOST_FUNCTIONS) throw invalid(`an app has at most ${MOST_FUNCTIONS} functions`);
  const now = Date.now() / 1000;
  const since = deploys || !(said > 0 && said < now) ? now : said;
  const bytes = kept(payload);
  const lengths = checkLengths(message.lengths, functions.length, message.blobs, payload);
  const blobs = [...(message.blobs ?? [])];
  let at = 0;
  const names = functions.map((named, index): NameRow => {
    checkNamed(parts, named);
    const length = lengths[index] ?? 0;
    const blob = length === IN_BLOB ? blobs.shift() : undefined;
    const shared = blob === undefined ? { bytes: bytes.slice(at, at + length) } : { blob };
    if (blob === undefined) at += length;
    return { function: named, shared, since, due: since };
  });
  return { app, since, tags, names };
}

function checkNamed(parts: Parts, named: NamedFunction): void {
  if (typeof named !== 'object' || named === null) throw invalid('functions holds something that is none');
  const { name, function_id, is_generator, is_async, parameters, bindings, sources, schedule, schema = '' } = named;
  if (typeof name !== 'string' || !NAME.test(name)) throw invalid('a function has no name');
  checkFunctionId(function_id);
  if (parts.functions.get(function_id) === undefined)
    throw new Refusal('not.found', `function ${function_id} was not put`);
  if (typeof is_generator !== 'boolean' || typeof is_async !== 'boolean') throw invalid(`${name}: flags are missing`);
  if (!Array.isArray(parameters) || !parameters.every(isParameter)) throw invalid(`${name}: parameters are malformed`);
  checkTexts(bindings, 'bindings');
  checkTexts(sources, 'sources');
  if (typeof schema !== 'string') throw invalid(`${name}: its schema is not text`);
  if (schedule === undefined) return;
  if (typeof schedule !== 'object' || schedule === null) throw invalid(`the schedule of ${name} is no map`);
  const texts = [schedule.expression, schedule.timezone, schedule.input];
  const fault = texts.every((text) => typeof text === 'string') ? scheduleFault(schedule) : 'texts are missing';
  if (fault !== '') throw invalid(`the schedule of ${name} is wrong: ${fault}`);
}

function isParameter(entry: unknown): boolean {
  if (!Array.isArray(entry)) return false;
  const [name, kind, optional] = entry as readonly unknown[];
  return typeof name === 'string' && Number.isSafeInteger(kind) && typeof optional === 'boolean';
}

function openCallsOf({ functions, calls }: Parts, app: string): number {
  let count = 0;
  for (const { function: of } of calls.open()) if (functions.get(of)?.spec.app === app) count += 1;
  return count;
}

function varied(base: FunctionSpec, { of, changes, hidden, shown }: Vary): FunctionSpec {
  const isFixed = (field: string): boolean =>
    FIXED.has(field) && !(field === 'name' && isInstance(base.name, changes[field]));
  const fixed = Object.keys(changes).find(isFixed);
  if (fixed !== undefined) throw invalid(`${fixed} cannot be changed by name`);
  const isHidden = new Set(base.hidden ?? []);
  const were = Object.entries(base.secrets);
  const secrets = hidden ?? Object.fromEntries(were.filter(([name]) => isHidden.has(name)));
  const others = shown ?? Object.fromEntries(were.filter(([name]) => !isHidden.has(name)));
  checkTexts(secrets, 'hidden');
  checkTexts(others, 'shown');
  const names = Object.keys(secrets).filter((name) => !Object.hasOwn(others, name));
  const isBase = base.is_base === true && !Object.hasOwn(changes, 'name');
  const made = { secrets: { ...secrets, ...others }, hidden: names, is_base: isBase, of: base.of ?? of };
  const spec = { ...base, ...changes, ...made };
  checkSpec(spec);
  const { min_containers: least, max_containers: most } = spec;
  if (most > 0 && most < least) throw invalid(`max_containers (${most}) is below min_containers (${least})`);
  return spec;
}

/** The same class with other parameters. */
function isInstance(base: string, name: unknown): boolean {
  return typeof name === 'string' && /^#[0-9a-f]{1,64}$/.test(name.slice(base.length)) && name.startsWith(base);
}

type Vary = Parameters<NonNullable<Handlers<ClientSession>['function.vary']>>[2];
