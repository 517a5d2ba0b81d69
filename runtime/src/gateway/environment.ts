// With what a container is started. On the client's own host: its interpreter, folder and variables. For a gateway reached
// over the network: the gateway's interpreter, a folder of its own, and only the variables that a function names.

import { dirname, join } from 'node:path';

import type { ContainerId, EnvironmentPut, ImageBuilt, ImageRecipe } from '@farcall/kernel-bridge/wire';

import type { KnownFunction } from './functions.js';
import type { ContainerSpec } from './hosts.js';
import type { Identity } from './parts.js';

/** What remote containers take over from the gateway. */
const PASSED_ON = /^(PATH|HOME|LANG|LC_[A-Z]+|TMPDIR|VIRTUAL_ENV|CUDA\w*)$/;

/** Of the client's variables, those that tell about its own interpreter. */
const ANOTHER_PYTHON = /^(PYTHON\w*|VIRTUAL_ENV\w*|CONDA_\w*|__PYVENV\w*|PYENV_VERSION)$/;

export interface BuiltImage {
  readonly recipe: ImageRecipe;
  readonly built: ImageBuilt;
}
export interface Given {
  readonly container: ContainerId;
  readonly gpus: readonly string[];
  readonly token: string;
}

export function containerSpec(
  identity: Identity,
  { id, spec, environment }: KnownFunction,
  given: Given,
  image?: BuiltImage,
): ContainerSpec {
  const place = image === undefined ? placeOf(identity, environment) : placeIn(identity, environment, image);
  return {
    ...place,
    container_id: given.container,
    function_id: id,
    token: given.token,
    environment_id: environment.environment_id,
    variables: { ...place.variables, ...spec.secrets },
    imports: spec.imports,
    memory: spec.memory,
    gpus: given.gpus,
    startup_timeout: spec.startup_timeout,
    ...(spec.hidden === undefined ? {} : { hidden: spec.hidden }),
    ...(spec.cpu_limit === undefined ? {} : { cpu_limit: spec.cpu_limit }),
  };
}

type Place = Pick<ContainerSpec, 'executable' | 'cwd' | 'path' | 'variables'>;

function placeOf(identity: Identity, environment: EnvironmentPut): Place {
  const { executable, cwd, path, variables } = environment;
  if (!identity.remote) return { executable, cwd, path, variables };
  return {
    executable: identity.executable,
    cwd: workFolder(identity.home),
    path: [],
    variables: passedOn(process.env),
  };
}

/** In an image: its interpreter, packages, folder and variables, and of the client's own variables what fits to that. */
function placeIn(identity: Identity, environment: EnvironmentPut, { recipe, built }: BuiltImage): Place {
  const { executable, cwd, path, bin } = built;
  const inherited = identity.remote ? passedOn(process.env) : environment.variables;
  const fitting = Object.entries(inherited).filter(([name]) => !ANOTHER_PYTHON.test(name));
  const variables: Record<string, string> = {
    ...Object.fromEntries(fitting),
    VIRTUAL_ENV: dirname(bin),
    FARCALL_IMAGE_ID: recipe.image_id,
    ...recipe.variables,
  };
  variables['PATH'] = [bin, variables['PATH']].filter((folder) => folder !== undefined && folder !== '').join(':');
  return { executable, cwd, path, variables };
}

export function workFolder(home: string): string {
  return join(home, 'work');
}

function passedOn(variables: NodeJS.ProcessEnv): Record<string, string> {
  const found = Object.entries(variables).filter(([name, value]) => PASSED_ON.test(name) && value !== undefined);
  return Object.fromEntries(found.map(([name, value]) => [name, value ?? '']));
}
