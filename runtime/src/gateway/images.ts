// Images at the gateway: which one a function's containers run in, what hosts said of those they have, and the files they
// are made of. What is built when is the core's business, how it is built the hosts'.

import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { EnvironmentPut, HostId, ImageBuilt, ImageFailed, ImageRecipe } from '@farcall/kernel-bridge/wire';

import { checkBlob, invalid } from './checks.js';
import type { Functions } from './functions.js';
import type { Identity, Parts } from './parts.js';

const DIGEST = /^[0-9a-f]{64}$/;
const ID = /^im-([0-9a-f]{32}|bare-3\.\d{1,2})$/;
const MINOR = /^3\.\d{1,2}$/;
/** Files that belong to no known image are not younger than this when they go: some are on their way. */
const FRESH_MS = 3_600_000;

/** Code pickled by one Python minor cannot be read by another: a notebook of another one gets a bare image of its own. */
export function recipeOf(identity: Identity, environment: EnvironmentPut): ImageRecipe | undefined {
  if (environment.image !== undefined) return environment.image;
  const minor = minorOf(environment.python);
  if (!identity.remote || minor === minorOf(identity.python)) return undefined;
  return { image_id: `im-bare-${minor}`, python: minor };
}

export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** What the core is told of a function's image. */
export function imageOf(identity: Identity, environment: EnvironmentPut): { readonly image?: string } {
  const recipe = recipeOf(identity, environment);
  return recipe === undefined ? {} : { image: recipe.image_id };
}

export class Images {
  readonly #built = new Map<string, ImageBuilt>();
  readonly #folder: string;

  constructor(
    private readonly identity: Identity,
    private readonly functions: Pick<Functions, 'environments'>,
  ) {
    this.#folder = join(identity.home, 'sent');
  }

  recipe(id: string): ImageRecipe | undefined {
    for (const environment of this.functions.environments()) {
      const recipe = recipeOf(this.identity, environment);
      if (recipe?.image_id === id) return recipe;
    }
    return undefined;
  }

  note(built: ImageBuilt): void {
    this.#built.set(built.image_id, built);
  }

  built(id: string): ImageBuilt | undefined {
    return this.#built.get(id);
  }

  /** Keeps the files that an environment's image is made of, by their digests: it may be built again, long after. */
  keepFiles({ image, files }: EnvironmentPut): void {
    if (image !== undefined) checkRecipe(image);
    for (const [digest, blob] of Object.entries(files ?? {})) {
      checkBlob(blob);
      if (!DIGEST.test(digest)) throw invalid('files names a digest that is none');
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const place = join(this.#folder, digest);
      const source = join(this.identity.blobs, blob);
      // After a reconnect the blob is gone, and the file is there.
      if (!existsSync(place) && existsSync(source)) linkSync(source, place);
    }
  }

  /** Deletes the files that belong to no image that is known here. */
  sweepFiles(): void {
    if (!existsSync(this.#folder)) return;
    const known = new Set<string>();
    for (const { image } of this.functions.environments())
      for (const { digest } of image?.steps ?? []) if (digest !== undefined) known.add(digest);
    const before = Date.now() - FRESH_MS;
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      if (!known.has(name) && statSync(path).mtimeMs < before) rmSync(path, { force: true });
    }
  }
}

/** What the core and the people who wait hear of a build that failed. */
export function imageFailed(parts: Parts, host: HostId, { image_id: image, detail }: ImageFailed): void {
  const { python } = parts.identity;
  const minor = image.startsWith('im-bare-') ? image.slice('im-bare-'.length) : '';
  const noPython = minor !== ''; // nobody asked for an image: all it had to be is that Python
  const message = noPython
    ? `this notebook runs Python ${minor}, the gateway's containers run Python ${python}, and the gateway could not get ` +
      `the other: ${detail}. Start \`farcall serve\` with the notebook's minor version, or change the kernel`
    : `the image could not be built: ${detail}`;
  parts.apply({ type: 'image.failed', host, image, code: noPython ? 'version.python' : 'image.build', message });
}

/** What the host does with a recipe is checked there; here only that it can be named and asked for. */
function checkRecipe({ image_id, python, steps, variables }: ImageRecipe): void {
  const isText = (value: unknown): boolean => typeof value === 'string';
  if (!isText(image_id) || !ID.test(image_id)) throw invalid('image.image_id is not an image id');
  if (!isText(python) || !MINOR.test(python)) throw invalid('image.python is not a minor version such as 3.12');
  if (steps !== undefined && !(Array.isArray(steps) && steps.every((step) => typeof step === 'object')))
    throw invalid('image.steps is not a list of steps');
  if (variables !== undefined && !Object.values(variables).every(isText))
    throw invalid('image.variables is not a map of texts');
}
