// Messages about environments: what supervisors say of images they build and clear, and which packages containers find.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { HostId, ImagesExpired, Message } from '@farcall/kernel-bridge/wire';

import type { ClientSession } from './clients.js';
import type { Handlers } from './handlers.js';
import { imageFailed, recipeOf } from './images.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';
import type { SupervisorSession } from './supervisor-messages.js';

/** A host that does not answer in this time is not waited for. */
const CLEAR_MS = 120_000;
const ASK_MS = 30_000;
const MOST_MODULES = 1000;
const MODULE = /^\w{1,200}$/u;
/** Which of the modules in argv an interpreter finds → `distribution version`. */
const FIND = `
import importlib.metadata as m, importlib.util as u, json, sys
of = getattr(m, "packages_distributions", dict)()
found = {}
for top in sys.argv[1:]:
    try:
        if u.find_spec(top) is None: continue
        names = of.get(top)
        found[top] = f"{names[0]} {m.version(names[0])}" if names else ""
    except Exception:
        found[top] = ""
print(json.dumps(found))`;

export const imageReports: Handlers<SupervisorSession> = {
  'image.progress': (parts, { host }, { image_id: image, says }) => {
    parts.apply({ type: 'image.progress', host, image, says });
  },
  'image.built': (parts, { host }, message) => {
    parts.log.info({ image: message.image_id, host }, 'image.built');
    parts.images.note(message);
    parts.apply({ type: 'image.built', host, image: message.image_id });
  },
  'image.failed': (parts, { host }, message) => {
    const { image_id: image, stage, detail } = message;
    parts.log.warn({ image, host, stage, user: { detail: detail.slice(0, 2000) } }, 'image.failed');
    imageFailed(parts, host, message);
  },
  'images.expired': (_parts, { host }, message) => waiting.get(`${host} ${message.request}`)?.(message),
};

export const packageMessages: Handlers<ClientSession> = {
  'packages.ask': async (parts, client, { request, environment_id, modules }) => {
    if (modules.length > MOST_MODULES || !modules.every((name) => MODULE.test(name)))
      throw new Refusal('request.invalid', 'modules is not a list of top-level names');
    const environment = parts.functions.environment(environment_id);
    if (environment === undefined) throw new Refusal('not.found', `environment ${environment_id} was not put`);
    const isOurs = parts.identity.remote && environment.image === undefined;
    const isBare = isOurs && recipeOf(parts.identity, environment) !== undefined;
    const packages = isOurs && !isBare ? await modulesOf(parts.identity.executable, modules) : {};
    const known = isBare || (isOurs && packages !== undefined);
    client.send({ type: 'packages.state', request, known, packages: packages ?? {} });
  },
};

export function buildImage(parts: Parts, host: HostId, image: string): void {
  const recipe = parts.images.recipe(image);
  if (recipe !== undefined) return parts.supervisors.send(host, { type: 'image.build', recipe });
  imageFailed(parts, host, { type: 'image.failed', image_id: image, stage: 'refused', detail: 'it is not known here' });
}

const waiting = new Map<string, (message: ImagesExpired) => void>();
let requests = 0;

export interface Clearing {
  readonly seconds: number;
  readonly bytes: number;
  readonly pretend: boolean;
}

/** Has every host clear what is not used. The core forgets first, so that what is wanted meanwhile is asked for again. */
export async function clearImages(parts: Parts, { seconds, bytes, pretend }: Clearing): Promise<ImagesExpired> {
  const keep = parts.core.imagesInUse();
  if (!pretend) {
    parts.apply({ type: 'images.cleared', keep });
    parts.images.sweepFiles();
  }
  const asked = [...parts.supervisors.all()].map(([host]) => {
    const request = (requests += 1);
    return answerOf(parts, host, { type: 'images.expire', request, seconds, bytes, keep, pretend });
  });
  const answers = await Promise.all(asked);
  return {
    type: 'images.expired',
    request: 0,
    images: answers.flatMap(({ images }) => images),
    bytes: answers.reduce((sum, answer) => sum + answer.bytes, 0),
  };
}

function answerOf(
  parts: Parts,
  host: HostId,
  message: Extract<Message, { type: 'images.expire' }>,
): Promise<Pick<ImagesExpired, 'images' | 'bytes'>> {
  const key = `${host} ${message.request}`;
  return new Promise((resolve) => {
    const late = setTimeout(() => done({ images: [], bytes: 0 }), CLEAR_MS).unref();
    const done = (answer: Pick<ImagesExpired, 'images' | 'bytes'>): void => {
      clearTimeout(late);
      waiting.delete(key);
      resolve(answer);
    };
    waiting.set(key, done);
    parts.supervisors.send(host, message);
  });
}

async function modulesOf(
  python: string,
  modules: readonly string[],
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', FIND, ...modules], { timeout: ASK_MS });
    return JSON.parse(stdout) as Record<string, string>;
  } catch {
    return undefined;
  }
}
