// Clients' messages about graphs of calls: level by level for programs, folded for views. A function in a container sees the
// shape of the tree that its own input belongs to, and of no other.

import type { CallId, CallSummary } from '@farcall/kernel-bridge/wire';

import type { Child, SomeInputs } from '../store/store.js';
import { checkCallId, checkRange, invalid } from './checks.js';
import type { ClientSession } from './clients.js';
import { readStates } from './graph-states.js';
import { nameOfCall } from './graphs.js';
import type { Handlers } from './handlers.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';
import { storedSummary, summaryOf } from './summaries.js';
import { bytesOf, NOTHING, u32Of } from './tables.js';

const MOST_ASKED = 1000;
const MOST_CALLS = 2000;
const MOST_INPUTS = 10_000;

export const graphMessages: Handlers<ClientSession> = {
  'graph.root': async (parts, client, { request, call_id }) => {
    await mustShareTree(parts, client, [call_id]);
    const found = await parts.store.root(call_id);
    if (found === undefined) throw new Refusal('not.found', `there is no call ${call_id} here`);
    const { call_id: root, function_id, method, inputs } = found.row;
    const accepted = Math.max(inputs, parts.core.call(root)?.inputs ?? 0);
    client.send({
      type: 'graph.calls',
      request,
      calls: [root],
      names: [nameOfCall(parts, { function_id, ...(method === undefined ? {} : { method }) })],
      functions: bytesOf(Uint32Array.of(0)),
      inputs: bytesOf(Uint32Array.of(accepted)),
      asked: NOTHING,
      indexes: NOTHING,
      after: 0,
      more: false,
    });
  },

  'graph.children': async (parts, client, message) => {
    const { request, after } = message;
    const asked = checkAsked(message);
    checkRange(after, 0);
    await mustShareTree(parts, client, message.calls);
    const children = asked.length === 0 ? [] : await parts.store.children(asked, after, MOST_CALLS);
    client.send({ type: 'graph.calls', request, ...tablesOf(parts, children), more: children.length === MOST_CALLS });
  },

  'graph.inputs': async (parts, client, message) => {
    const asked = checkAsked(message);
    const total = asked.reduce((sum, { count }) => sum + count, 0);
    if (total > MOST_INPUTS) throw invalid(`at most ${MOST_INPUTS} inputs at once, not ${total}`);
    await mustShareTree(parts, client, message.calls);
    const { states, attempts, started, ended, containers, container } = await readStates(parts, asked);
    client.send({
      type: 'graph.states',
      request: message.request,
      states,
      attempts: bytesOf(attempts),
      started: bytesOf(started),
      ended: bytesOf(ended),
      containers,
      container: bytesOf(container),
    });
  },

  'graph.fold': async (parts, client, { request, call_id }) => {
    await mustShareTree(parts, client, [call_id]);
    client.send({ type: 'graph.folded', request, ...(await parts.graphs.folded(parts, call_id)) });
  },

  'graph.list': async (parts, client, { request, call_id, node }) => {
    await mustShareTree(parts, client, [call_id]);
    const ids = await parts.graphs.listed(parts, call_id, node);
    const calls = await Promise.all(ids.map((id) => summaryOf(parts, id) ?? storedSummary(parts, id).catch(gone)));
    client.send({ type: 'call.listing', request, calls: calls.filter((call) => call !== undefined) });
  },
};

/** It expired since the graph was folded. */
function gone(): CallSummary | undefined {
  return undefined;
}

interface Asked {
  readonly calls: readonly CallId[];
  readonly firsts: Uint8Array;
  readonly counts: Uint8Array;
}

function checkAsked({ calls, firsts, counts }: Asked): readonly SomeInputs[] {
  if (calls.length > MOST_ASKED) throw invalid(`at most ${MOST_ASKED} calls at once, not ${calls.length}`);
  if (firsts.length !== 4 * calls.length || counts.length !== 4 * calls.length)
    throw invalid('firsts and counts have not 4 bytes a call');
  const [from, sizes] = [u32Of(firsts), u32Of(counts)];
  return calls.map((call, at) => {
    const [first, count] = [from[at] ?? 0, sizes[at] ?? 0];
    checkCallId(call);
    checkRange(first, count);
    return { call, first, count };
  });
}

/** A nested client: every one of these calls has the root of an input that its container runs. */
async function mustShareTree(parts: Parts, client: ClientSession, calls: readonly CallId[]): Promise<void> {
  for (const call of calls) checkCallId(call);
  // A call may wait for its commit while its input runs already: what asks for itself finds itself.
  await new Promise<void>((resolve) => parts.commits.fact('', resolve));
  if (client.inside === undefined) return;
  const held = [...(parts.containers.get(client.inside)?.leases.values() ?? [])].map(({ call }) => call);
  const own = new Set(await parts.store.roots([...new Set(held)]));
  const asked = await parts.store.roots([...new Set(calls)]);
  if (asked.every((root) => own.has(root))) return;
  throw new Refusal('not.allowed', 'not a call of the tree to which the input in this container belongs');
}

function tablesOf(parts: Parts, children: readonly Child[]): Pick<GraphTables, keyof GraphTables> {
  const names = new Map<string, { readonly at: number; readonly name: ReturnType<typeof nameOfCall> }>();
  const functions = children.map((child) => {
    const key = `${child.function_id}\n${child.method ?? ''}`;
    const known = names.get(key) ?? { at: names.size, name: nameOfCall(parts, child) };
    names.set(key, known);
    return known.at;
  });
  const inputs = children.map((child) =>
    Math.max(child.inputs, parts.calls.isOpen(child.call_id) ? live(parts, child) : 0),
  );
  return {
    calls: children.map(({ call_id }) => call_id),
    names: [...names.values()].map(({ name }) => name),
    functions: bytesOf(Uint32Array.from(functions)),
    inputs: bytesOf(Uint32Array.from(inputs)),
    asked: bytesOf(Uint32Array.from(children, ({ asked }) => asked)),
    indexes: bytesOf(Uint32Array.from(children, ({ parent }) => parent.index)),
    after: children.at(-1)?.place ?? 0,
  };
}

function live({ core }: Parts, { call_id }: Child): number {
  return core.call(call_id)?.inputs ?? 0;
}

interface GraphTables {
  readonly calls: readonly CallId[];
  readonly names: readonly ReturnType<typeof nameOfCall>[];
  readonly functions: Uint8Array;
  readonly inputs: Uint8Array;
  readonly asked: Uint8Array;
  readonly indexes: Uint8Array;
  readonly after: number;
}
