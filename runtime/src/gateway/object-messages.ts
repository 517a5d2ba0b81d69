// Clients' messages about dicts and queues. What they say is checked here; dicts.ts and queues.ts do it.

import {
  type BlobId,
  type DictPut,
  IN_BLOB,
  isObjectId,
  type Message,
  type ObjectId,
  type ObjectKind,
  type QueuePut,
} from '@farcall/kernel-bridge/wire';

import type { ObjectRow } from '../store/objects.js';
import { checkLengths, checkOneOf, checkParent, invalid } from './checks.js';
import type { ClientSession } from './clients.js';
import { type Pair, tellValue } from './dicts.js';
import type { Handlers } from './handlers.js';
import { mustAdminister } from './nested.js';
import type { Answer } from './object-answers.js';
import { type Asker, summaryOf, tellDone } from './objects.js';
import type { Parts } from './parts.js';
import { personOf, reaches } from './people.js';
import { type Item, tellNothing } from './queues.js';
import { Refusal } from './refusal.js';
import { u32Of } from './tables.js';

const LONGEST_NAME = 64;
const LONGEST_PARTITION = 64;
const LARGEST_KEY = 16 * 1024;
const LONGEST_TTL_S = 7 * 86_400;
const MOST_AT_ONCE = 65_536;

type Change = Extract<Message, { readonly op: number; readonly answered: number; readonly object_id: ObjectId }>;

export const objectMessages: Handlers<ClientSession> = {
  'object.open': (parts, client, message) => {
    const { request, object_id, kind, name, environment } = message;
    checkOneOf(kind, ['dict', 'queue'], 'kind');
    checkOneOf(message.create, ['never', 'missing', 'must'], 'create');
    checkObjectId(object_id);
    checkParent(message.parent);
    if (!object_id.startsWith(kind === 'dict' ? 'di-' : 'qu-')) throw invalid(`object_id is not that of a ${kind}`);
    if (name !== '') checkName(name, 'name');
    if (environment !== '') checkName(environment, 'environment');
    const row = parts.objects.open(message, client, personOf(parts, client, message.parent));
    const { created_at } = row;
    const opened = (): void => client.send({ type: 'object.opened', request, object_id: row.object_id, created_at });
    parts.objects.say(row.object_id, opened);
  },

  'object.list': async (parts, client, { request, kind, environment, everyone }) => {
    checkOneOf(kind, ['dict', 'queue'], 'kind');
    if (everyone) mustAdminister(client);
    const all = parts.objects.named(kind, environment);
    const objects = await parts.objects.summaries(
      all.filter(({ person }) => everyone || reaches(parts, client, person)),
    );
    client.send({ type: 'object.listing', request, objects });
  },

  'object.ask': (parts, client, { request, object_id, partition }) => {
    const row = known(parts, client, object_id);
    return parts.objects.using(row, row.kind, (held) => {
      if (held.kind === 'queue') parts.objects.expire(held, partition);
      const total = held.kind === 'dict' ? held.count : held.count();
      const count = held.kind === 'dict' || partition === undefined ? total : held.count(partition);
      const partitions = held.kind === 'dict' ? 0 : held.partitions;
      const object = summaryOf(row, { count: total, bytes: held.bytes });
      parts.objects.say(object_id, () => client.send({ type: 'object.info', request, object, count, partitions }));
    });
  },

  'object.delete': async (parts, client, { request, object_id }) => {
    checkObjectId(object_id);
    const row = parts.objects.get(object_id);
    if (row !== undefined) {
      if (client.connection.peer.principal.kind !== 'admin') known(parts, client, object_id);
      await parts.objects.delete(row);
    }
    parts.objects.say(object_id, () => client.send({ type: 'object.done', request, count: row === undefined ? 0 : 1 }));
  },

  'object.clear': (parts, client, message) => {
    const { object_id, partition } = message;
    if (partition !== undefined) checkPartition(partition);
    const row = known(parts, client, object_id);
    return change(parts, client, message, {
      tell: tellDone,
      work: (asker) =>
        parts.objects.using(row, row.kind, (held) => {
          if (held.kind === 'dict') parts.dicts.clear(held, asker);
          else parts.queues.clear(held, asker, partition);
        }),
    });
  },

  'dict.put': (parts, client, message, payload) => {
    const { object_id, skip, blobs = [] } = message;
    parts.objects.mustHaveRoom();
    const row = known(parts, client, object_id);
    const cut = cutPairs(parts, message, payload);
    const put = (asker: Asker, pairs: readonly Pair[]): void | Promise<void> =>
      parts.objects.using(row, 'dict', (dict) => parts.dicts.put(dict, asker, pairs, skip));
    return change(parts, client, message, {
      tell: tellDone,
      work: (asker) => {
        if (blobs.length === 0) return put(asker, cut);
        return sized(parts, cut).then((pairs) => put(asker, pairs));
      },
    });
  },

  'dict.get': (parts, client, { request, object_id, what }, payload) => {
    checkOneOf(what, ['value', 'presence'], 'what');
    checkKey(payload.length);
    const row = known(parts, client, object_id);
    return parts.objects.using(row, 'dict', (dict) => parts.dicts.get(dict, { client, request }, payload, what));
  },

  'dict.pop': (parts, client, message, payload) => {
    checkKey(payload.length);
    const row = known(parts, client, message.object_id);
    return change(parts, client, message, {
      tell: tellValue,
      work: (asker) => parts.objects.using(row, 'dict', (dict) => parts.dicts.pop(dict, asker, payload)),
    });
  },

  'dict.read': (parts, client, { request, object_id, after, what }) => {
    checkOneOf(what, ['keys', 'values', 'items'], 'what');
    const row = known(parts, client, object_id);
    return parts.objects.using(row, 'dict', (dict) => parts.dicts.read(dict, { client, request }, after, what));
  },

  'queue.put': (parts, client, message, payload) => {
    const { object_id, partition, ttl, wait } = message;
    parts.objects.mustHaveRoom();
    checkPartition(partition);
    if (!(ttl > 0 && ttl <= LONGEST_TTL_S)) throw invalid(`ttl is from above 0 to ${LONGEST_TTL_S} seconds`);
    const row = known(parts, client, object_id);
    const cut = cutItems(parts, message, payload);
    const put = (asker: Asker, items: readonly Item[]): void | Promise<void> =>
      parts.objects.using(row, 'queue', (queue) => parts.queues.put(queue, asker, { partition, items, ttl, wait }));
    return change(parts, client, message, {
      tell: tellDone,
      work: (asker) => {
        if (message.blobs === undefined) return put(asker, cut);
        return sized(parts, cut).then((items) => put(asker, items));
      },
    });
  },

  'queue.get': (parts, client, message) => {
    const { object_id, partition, count, wait } = message;
    checkPartition(partition);
    if (count < 1 || count > MOST_AT_ONCE) throw invalid(`count is from 1 to ${MOST_AT_ONCE}`);
    const row = known(parts, client, object_id);
    return change(parts, client, message, {
      tell: tellNothing,
      work: (asker) =>
        parts.objects.using(row, 'queue', (queue) => parts.queues.get(queue, asker, { partition, count, wait })),
    });
  },

  'queue.taken': (parts, client, { request, object_id, op }) => {
    const row = there(parts, client, request, object_id);
    if (row === undefined) return undefined;
    return parts.objects.using(row, 'queue', (queue) => parts.queues.taken(queue, { client, request, op }));
  },

  'queue.leave': (parts, client, { request, object_id, op, release }) => {
    const row = there(parts, client, request, object_id);
    if (row === undefined) return undefined;
    return parts.objects.using(row, 'queue', (queue) => parts.queues.leave(queue, { client, request, op }, release));
  },

  'queue.read': (parts, client, { request, op, object_id, partition, after, wait }) => {
    checkPartition(partition);
    const row = known(parts, client, object_id);
    return parts.objects.using(row, 'queue', (queue) =>
      parts.queues.read(queue, { client, request, op }, { partition, after, wait }),
    );
  },
};

/** The object, if it is this client's to use. To others it is not there. */
function known(parts: Parts, client: ClientSession, id: string): ObjectRow {
  checkObjectId(id);
  const row = parts.objects.get(id);
  if (row !== undefined && reaches(parts, client, row.person)) return row;
  const kind: ObjectKind = id.startsWith('di-') ? 'dict' : 'queue';
  throw new Refusal(
    'not.found',
    `there is no ${kind} ${id} here: it was deleted, or ended with the process that made it`,
  );
}

/**
 * The queue of which a client says what it does with its own get or put: undefined, and answered, once it was deleted. A
 * container whose input was cancelled has nobody's reach any more, and must still be able to give back what it took.
 */
function there(parts: Parts, client: ClientSession, request: number, id: string): ObjectRow | undefined {
  checkObjectId(id);
  const row = parts.objects.get(id);
  if (row === undefined) client.send({ type: 'object.done', request, count: 0 });
  else if (client.inside === undefined) return known(parts, client, id);
  return row;
}

/** How a change is done, and how its answer is told. */
interface Doing {
  readonly tell: (asker: Asker, answer: Answer) => void;
  readonly work: (asker: Asker) => void | Promise<void>;
}

/** A change that was answered is not done again, whatever became of what it brings. */
function change(parts: Parts, client: ClientSession, message: Change, { tell, work }: Doing): void | Promise<void> {
  const { request, op, answered, object_id } = message;
  if (op < answered) throw invalid('op is below answered');
  parts.objects.had(object_id, client.id, answered);
  const asker = { client, request, op };
  return parts.objects.once(object_id, asker, tell, () => work(asker));
}

function cutPairs(parts: Parts, message: DictPut, payload: Uint8Array): readonly Pair[] {
  const keys = u32Of(message.keys);
  const keyBytes = keys.reduce((sum, length) => sum + length, 0);
  if (message.keys.length !== 4 * keys.length || keys.length > MOST_AT_ONCE || keyBytes > payload.length)
    throw invalid('keys is no table of lengths, or is longer than the payload');
  const items = cutItems(parts, message, payload.subarray(keyBytes), keys.length);
  let at = 0;
  return items.map((item, index) => {
    const length = keys[index] ?? 0;
    checkKey(length);
    at += length;
    return { key: payload.subarray(at - length, at), ...item };
  });
}

/** Values by their table of lengths; the size of one in a blob is not known yet. */
function cutItems(
  { objects }: Parts,
  { lengths, blobs }: Pick<QueuePut, 'lengths' | 'blobs'>,
  payload: Uint8Array,
  count = lengths.length >>> 2,
): readonly Item[] {
  if (count > MOST_AT_ONCE) throw invalid(`at most ${MOST_AT_ONCE} values travel at once`);
  const table = checkLengths(lengths, count, blobs as readonly BlobId[] | undefined, payload);
  const named = [...((blobs ?? []) as readonly BlobId[])];
  let at = 0;
  return Array.from(table, (length): Item => {
    if (length === IN_BLOB) return { size: 0, value: undefined, blob: named.shift() };
    if (length > objects.limits.value) throw tooLarge(length, objects.limits.value);
    at += length;
    return { size: length, value: payload.subarray(at - length, at), blob: undefined };
  });
}

/** With the sizes of what is in blobs. */
async function sized<Sized extends Item>({ objects }: Parts, items: readonly Sized[]): Promise<readonly Sized[]> {
  const sizes = [...(await objects.sizesOf(items.flatMap(({ blob }) => blob ?? [])))];
  return items.map((item) => {
    if (item.blob === undefined) return item;
    const size = sizes.shift() ?? 0;
    if (size > objects.limits.value) throw tooLarge(size, objects.limits.value);
    return { ...item, size };
  });
}

function tooLarge(size: number, limit: number): Refusal {
  return new Refusal('resource.exhausted', `a value takes ${limit} bytes, one has ${size}`);
}

function checkObjectId(id: string): asserts id is ObjectId {
  if (!isObjectId(id)) throw invalid('object_id is not the id of a dict or a queue');
}

function checkName(name: string, field: string): void {
  if (!/^[A-Za-z0-9._-]+$/.test(name) || name.length > LONGEST_NAME)
    throw invalid(`${field} takes 1 to ${LONGEST_NAME} letters, digits, dots, dashes and underscores`);
}

/** Empty: the one without a name. */
function checkPartition(partition: string): void {
  if (Buffer.byteLength(partition) > LONGEST_PARTITION)
    throw invalid(`partition takes up to ${LONGEST_PARTITION} bytes`);
}

function checkKey(length: number): void {
  if (length === 0 || length > LARGEST_KEY)
    throw new Refusal('resource.exhausted', `a key takes 1 to ${LARGEST_KEY} bytes, one has ${length}`);
}
