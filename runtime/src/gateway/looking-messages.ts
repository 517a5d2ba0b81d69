// Clients' messages that look at what goes on: progress, tables of inputs, previews, output, the runtime itself.

import type { InputRow } from '@farcall/kernel-bridge/wire';

import { checkCallId, checkRange, invalid } from './checks.js';
import type { ClientSession } from './clients.js';
import type { Handlers } from './handlers.js';
import { listRows } from './input-rows.js';
import { mustAdminister, mustReach } from './nested.js';
import { storedSummary, summaryOf } from './summaries.js';
import { readTiming } from './timing.js';

const MOST_ROWS = 1000;

export const lookingMessages: Handlers<ClientSession> = {
  watch: (parts, client, { call_id }) => {
    checkCallId(call_id);
    mustReach(parts, client, call_id);
    return parts.watches.watch(client, call_id);
  },

  unwatch: ({ watches }, client, { call_id }) => watches.unwatch(client, call_id),

  'inputs.list': async (parts, client, message) => {
    const { call_id, states, first, request } = message;
    checkCallId(call_id);
    checkRange(first, 0);
    if (!states.every((state) => Number.isInteger(state) && state >= 0 && state <= 5))
      throw invalid('states are numbers from 0 to 5');
    mustReach(parts, client, call_id);
    const limit = Math.max(1, Math.min(message.limit, MOST_ROWS));
    const page: { rows: readonly InputRow[]; next: number } = await listRows(parts, {
      call: call_id,
      states,
      first,
      limit,
    });
    client.send({ type: 'inputs.rows', request, ...page });
  },

  'timing.ask': async (parts, client, { request, call_id }) => {
    checkCallId(call_id);
    mustReach(parts, client, call_id);
    await parts.calls.find(call_id);
    const { created_at, started_at, ended_at } = summaryOf(parts, call_id) ?? (await storedSummary(parts, call_id));
    const span = { from: started_at || created_at, to: ended_at || Date.now() / 1000 };
    client.send({ type: 'timing.state', request, ...(await readTiming(parts.store, call_id, span)) });
  },

  'preview.ask': (parts, client, message) => {
    checkCallId(message.call_id);
    checkRange(message.index, 1);
    mustReach(parts, client, message.call_id);
    return parts.previews.ask(client, message);
  },

  'output.read': async (parts, client, message) => {
    checkCallId(message.call_id);
    checkRange(message.offset, 0);
    mustReach(parts, client, message.call_id);
    await parts.calls.find(message.call_id);
    const page = await parts.outputs.read(message, !parts.calls.isOpen(message.call_id));
    client.send({ type: 'output.page', request: message.request, next: page.next }, page.text);
  },

  'runtime.ask': (parts, client, { request }) => {
    const { identity, core, clients, calls } = parts;
    const hosts = core.hosts();
    client.send({
      type: 'runtime.state',
      request,
      pid: process.pid,
      version: identity.version,
      python: identity.python || parts.supervisors.python || client.python,
      started_at: identity.startedAt,
      cpus: sum(hosts.map(({ cpus }) => cpus)),
      memory: sum(hosts.map(({ memory }) => memory)),
      gpus: hosts.flatMap(({ gpus }) => gpus),
      containers: core
        .containers()
        .map(({ container, function: function_id, name, state, pid, hardware, startedAt, inputs }) => ({
          container_id: container,
          function_id,
          function: name,
          state,
          pid,
          hardware,
          started_at: startedAt,
          inputs,
        })),
      clients: clients.count,
      calls_open: calls.openCount,
      isolation: identity.isolation,
      warning: identity.warning,
    });
  },

  'runtime.stop': ({ leave }, client, { keep }) => {
    mustAdminister(client);
    leave(keep);
  },
};

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
