// Clients' messages about functions: environments, versions, names and autoscaler settings.

import { checkBlob, checkFunctionId, checkSpec, checkTexts, invalid } from './checks.js';
import type { ClientSession } from './clients.js';
import { subjectOfApp } from './commits.js';
import type { Handlers } from './handlers.js';
import { imageOf } from './images.js';
import { mustBeOutside, mustHaveBrought } from './nested.js';
import { personOf } from './people.js';
import { Refusal } from './refusal.js';
import { asRescaling, scalingIn } from './scaling.js';
import { kept } from './tables.js';

export const functionMessages: Handlers<ClientSession> = {
  'environment.put': ({ functions, images }, _client, message) => {
    checkTexts(message.variables, 'variables');
    if (!message.path.every((entry) => typeof entry === 'string')) throw invalid('path is not a list of texts');
    images.keepFiles(message);
    functions.putEnvironment(message);
  },

  'function.put': (parts, client, message, payload) => {
    const { functions, commits, identity } = parts;
    checkFunctionId(message.function_id);
    checkSpec(message.spec);
    checkBlob(message.blob);
    parts.putters.note(message.function_id, personOf(parts, client));
    const environment = functions.environment(message.environment_id);
    if (environment === undefined) throw new Refusal('not.found', `environment ${message.environment_id} was not put`);
    const accepted = (): void =>
      client.send({ type: 'function.accepted', request: message.request, function_id: message.function_id });
    if (functions.get(message.function_id) !== undefined) return commits.fact(message.function_id, accepted);
    if (commits.isFull) throw new Refusal('resource.exhausted', 'the disk of the gateway is nearly full');
    const happening = {
      type: 'function.put',
      function: message.function_id,
      environment: message.environment_id,
      spec: message.spec,
      ...imageOf(identity, environment),
    } as const;
    if (!parts.apply(happening, { client, request: message.request })) return undefined;
    const code = message.blob === undefined ? { bytes: kept(payload) } : { blob: message.blob };
    commits.persist({ put: 'function', row: functions.put(message, environment, code), code }, payload.length);
    commits.fact(message.function_id, accepted);
    return undefined;
  },

  'function.replace': (parts, client, message) => {
    checkFunctionId(message.function_id);
    parts.apply(
      { type: 'function.replaced', app: message.app, name: message.name, function: message.function_id },
      { client },
    );
  },

  // Containers may ask as well: whoever knows a version's id may call it.
  'function.ask': ({ core }, client, { request, function_id }) => {
    checkFunctionId(function_id);
    const now = core.function(function_id);
    if (now === undefined) throw new Refusal('not.found', `function ${function_id} was not put`);
    const { backlog, running, present: containers, headroom } = now;
    const because = core.explain(function_id);
    client.send({ type: 'function.state', request, backlog, running, containers, headroom, because });
  },

  'function.fetch': async (parts, client, { request, function_id }) => {
    checkFunctionId(function_id);
    mustHaveBrought(parts, client, function_id);
    const code = await parts.functions.code(function_id);
    if (code === undefined) throw new Refusal('not.found', `function ${function_id} was not put`);
    if ('bytes' in code) client.send({ type: 'function.code', request }, code.bytes);
    else client.send({ type: 'function.code', request, blob: code.blob });
  },

  'autoscaler.update': (parts, client, message) => {
    mustBeOutside(client);
    const { app, name, request } = message;
    const scaling = scalingIn(message);
    const rescaling = asRescaling({ app, name, scaling });
    if (!parts.apply({ type: 'autoscaler.updated', ...rescaling }, { client, request })) return;
    const settings = parts.core.settings(app, name);
    if (settings === undefined) throw new Refusal('not.found', `no function ${app}/${name} here`);
    const state = {
      type: 'autoscaler.state',
      request,
      min_containers: settings.minContainers,
      max_containers: settings.maxContainers,
      buffer_containers: settings.bufferContainers,
      scaledown_window: settings.scaledownWindow,
    } as const;
    // Somebody looks; or the function is of the default app, which is never deployed: it holds while this process runs.
    if (Object.keys(scaling).length === 0 || app === '') return client.send(state);
    parts.commits.persist({ put: 'app.scaled', app, name, scaling });
    return parts.commits.fact(subjectOfApp(app), () => client.send(state));
  },
};
