// With what a container is started. On the client's own host: its interpreter, folder and variables. For a gateway reached
// over the network: the gateway's interpreter, a folder of its own, and only the variables that a function names.

import { join } from 'node:path';

import type { ContainerId } from '@farcall/kernel-bridge/wire';

import type { KnownFunction } from './functions.js';
import type { ContainerSpec } from './hosts.js';
import type { Identity } from './parts.js';

/** What remote containers take over from the gateway. */
const PASSED_ON = /^(PATH|HOME|LANG|LC_[A-Z]+|TMPDIR|VIRTUAL_ENV|CUDA\w*)$/;

export interface Given {
  readonly container: ContainerId;
  readonly gpus: readonly string[];
  readonly token: string;
}

export function containerSpec(
  identity: Identity,
  { id, spec, environment }: KnownFunction,
  given: Given,
): ContainerSpec {
  const place = identity.remote
    ? { executable: identity.executable, cwd: workFolder(identity.home), path: [], variables: passedOn(process.env) }
    : {
        executable: environment.executable,
        cwd: environment.cwd,
        path: environment.path,
        variables: environment.variables,
      };
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
  };
}

export function workFolder(home: string): string {
  return join(home, 'work');
}

function passedOn(variables: NodeJS.ProcessEnv): Record<string, string> {
  const found = Object.entries(variables).filter(([name, value]) => PASSED_ON.test(name) && value !== undefined);
  return Object.fromEntries(found.map(([name, value]) => [name, value ?? '']));
}
