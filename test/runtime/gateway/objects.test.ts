// Dicts and queues through the door: answers follow commits, what is said twice is done once, limits are said, and nothing of one
// person's is another's.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { ClientId, Message, ObjectId, QueuePut } from '@farcall/kernel-bridge/wire';

import type { TestPeer } from '../../support/client.js';
import { GatedStore, sendCall, table, TestGateway } from '../../support/gateway.js';

let gateway: TestGateway;
let store: GatedStore;
beforeEach(async () => {
  store = new GatedStore();
  gateway = await TestGateway.start({
    store,
    limits: { entries: 3, partitions: 2, items: 3, value: 100, object: 250 },
  });
});
afterEach(() => gateway[Symbol.asyncDispose]());

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const bytes = (value: string): Uint8Array => Buffer.from(value);
let numbers = 0;
const number = (): number => (numbers += 1);

function newId(kind: 'di' | 'qu'): ObjectId {
  return `${kind}-${String(number()).padStart(26, '0')}` as ObjectId;
}

async function open(peer: TestPeer, kind: 'dict' | 'queue', more: object = {}): Promise<ObjectId> {
  const object_id = newId(kind === 'dict' ? 'di' : 'qu');
  const request = number();
  peer.send({ type: 'object.open', request, object_id, kind, name: '', environment: '', create: 'missing', ...more });
  return (await peer.next('object.opened')).message.object_id;
}

async function refusal(peer: TestPeer, message: Message, payload?: Uint8Array): Promise<readonly [string, string]> {
  peer.send(message, payload);
  const { code, message: why } = (await peer.next('failed')).message;
  return [code, why];
}

function putItems(object_id: ObjectId, items: readonly string[], more: Partial<QueuePut> = {}): [QueuePut, Uint8Array] {
  const op = number();
  const lengths = table(items.map(({ length }) => length));
  const message: QueuePut = {
    ...{ type: 'queue.put', request: number(), op, answered: 0, object_id, partition: '', lengths, ttl: 60 },
    wait: false,
    ...more,
  };
  return [message, bytes(items.join(''))];
}

function getItems(object_id: ObjectId, op: number, more: object = {}): Message {
  const asked = { partition: '', count: 1, wait: false };
  return { type: 'queue.get', request: number(), op, answered: 0, object_id, ...asked, ...more };
}

function putEntries(
  object_id: ObjectId,
  entries: Readonly<Record<string, string>>,
  more: object = {},
): [Message, Uint8Array] {
  const [keys, values] = [Object.keys(entries), Object.values(entries)];
  const lengths = (texts: readonly string[]): Uint8Array => table(texts.map(({ length }) => length));
  const tables = { keys: lengths(keys), lengths: lengths(values) };
  const message = { type: 'dict.put', request: number(), op: number(), answered: 0, object_id, ...tables, skip: false };
  return [{ ...message, ...more } as Message, bytes([...keys, ...values].join(''))];
}

async function itemsOf(peer: TestPeer, message: Message): Promise<string> {
  peer.send(message);
  return text((await peer.next('queue.items')).payload);
}

async function count(peer: TestPeer, message: Message, payload?: Uint8Array): Promise<number> {
  peer.send(message, payload);
  return (await peer.next('object.done')).message.count;
}

describe('what is said', () => {
  test('follows its commit', async () => {
    const peer = await gateway.client();
    const queue = await open(peer, 'queue');
    store.shut();
    peer.send(...putItems(queue, ['a']));
    const getter = await gateway.client();
    getter.send(getItems(queue, 1));
    await getter.settled();
    await peer.settled();
    expect(peer.arrived.some(({ type }) => type === 'object.done')).toBe(false);
    expect(getter.arrived.some(({ type }) => type === 'queue.items')).toBe(false);
    store.release();
    expect((await peer.next('object.done')).message.count).toBe(1);
    expect(text((await getter.next('queue.items')).payload)).toBe('a');
  });
  test('twice is done once, also after a restart', async () => {
    const id = `cl-${'5'.repeat(26)}` as ClientId;
    const peer = await gateway.client(id);
    const dict = await open(peer, 'dict', { name: 'd' });
    const queue = await open(peer, 'queue', { name: 'q' });
    const put = putItems(queue, ['a', 'b']);
    const claim = putEntries(dict, { k: 'v' }, { skip: true });
    const pop: Message = { type: 'dict.pop', request: number(), op: number(), answered: 0, object_id: dict };
    expect([await count(peer, ...put), await count(peer, ...put)]).toEqual([2, 2]);
    expect([await count(peer, ...claim), await count(peer, ...claim)]).toEqual([1, 1]);
    peer.send(pop, bytes('k'));
    expect(text((await peer.next('dict.value')).payload)).toBe('v');
    await gateway.crash();
    await using second = await TestGateway.start({ store });
    const back = await second.client(id);
    expect([await count(back, ...put), await count(back, ...claim)]).toEqual([2, 1]);
    back.send(pop, bytes('k'));
    const { message, payload } = await back.next('dict.value');
    expect([message.found, text(payload)]).toEqual([true, 'v']);
    expect(await itemsOf(back, getItems(queue, 900, { count: 9 }))).toBe('ab');
    // The answers are here, says a later change: nobody asks for them again.
    await count(back, ...putItems(queue, ['c'], { op: 1000, answered: 1000 }));
    expect((await store.objects.load()).answers.map(({ op }) => op)).toEqual([1000]);
  });
  test('an answer whose value was too old for the memory comes from the store', async () => {
    const peer = await gateway.client();
    const dict = await open(peer, 'dict', { name: 'old' });
    await count(peer, ...putEntries(dict, { k: 'value' }));
    await gateway.crash();
    await using second = await TestGateway.start({ store });
    const back = await second.client();
    back.send({ type: 'dict.get', request: 1, object_id: dict, what: 'value' }, bytes('k'));
    expect(text((await back.next('dict.value')).payload)).toBe('value');
    back.send({ type: 'dict.pop', request: 2, op: 1, answered: 0, object_id: dict }, bytes('k'));
    expect(text((await back.next('dict.value')).payload)).toBe('value');
    back.send({ type: 'dict.get', request: 3, object_id: dict, what: 'presence' }, bytes('k'));
    expect((await back.next('dict.value')).message.found).toBe(false);
  });
});

describe('an item that was taken', () => {
  test('is its taker’s, who is told of it as often as it asks, until it has it', async () => {
    const peer = await gateway.client();
    const queue = await open(peer, 'queue');
    await count(peer, ...putItems(queue, ['a', 'b']));
    expect(await itemsOf(peer, getItems(queue, 1))).toBe('a');
    expect(await itemsOf(peer, getItems(queue, 1))).toBe('a');
    expect(await count(peer, { type: 'queue.taken', request: number(), object_id: queue, op: 1 })).toBe(1);
    expect(await itemsOf(peer, getItems(queue, 1))).toBe('');
    expect(await itemsOf(peer, getItems(queue, 2))).toBe('b');
  });
  test('is still held after a restart, and given back at once when it is let go', async () => {
    const id = `cl-${'6'.repeat(26)}` as ClientId;
    const peer = await gateway.client(id);
    const queue = await open(peer, 'queue', { name: 'held' });
    await count(peer, ...putItems(queue, ['a', 'b', 'c']));
    await itemsOf(peer, getItems(queue, 1, { count: 2 }));
    await gateway.crash();
    await using second = await TestGateway.start({ store });
    const [back, other] = [await second.client(id), await second.client()];
    expect(await itemsOf(other, getItems(queue, 1))).toBe('c');
    await count(other, { type: 'queue.leave', request: number(), object_id: queue, op: 1, release: true });
    expect(await itemsOf(back, getItems(queue, 1, { count: 2 }))).toBe('ab');
    await count(back, { type: 'queue.leave', request: number(), object_id: queue, op: 1, release: true });
    expect(await itemsOf(other, getItems(queue, 2, { count: 9 }))).toBe('abc');
  });
  test('goes to whoever waited first, and to nobody whose connection is gone', async () => {
    const [putter, gone, first, second] = await Promise.all([1, 2, 3, 4].map(() => gateway.client()));
    if (putter === undefined || gone === undefined || first === undefined || second === undefined) throw new Error();
    const queue = await open(putter, 'queue');
    for (const each of [gone, first, second]) {
      each.send(getItems(queue, 1, { wait: true }));
      await each.settled();
    }
    await gone[Symbol.asyncDispose]();
    await putter.settled();
    await count(putter, ...putItems(queue, ['a']));
    expect(text((await first.next('queue.items')).payload)).toBe('a');
    second.send({ type: 'queue.leave', request: number(), object_id: queue, op: 1, release: false });
    expect((await second.next('queue.items')).message.lengths).toHaveLength(0);
    await count(putter, ...putItems(queue, ['b']));
    expect(await itemsOf(putter, getItems(queue, 99))).toBe('b');
  });
});

describe('limits', () => {
  test('a full partition takes nothing, or lets wait in line', async () => {
    const peer = await gateway.client();
    const queue = await open(peer, 'queue');
    expect(await count(peer, ...putItems(queue, ['a', 'b', 'c']))).toBe(3);
    expect(await count(peer, ...putItems(queue, ['d']))).toBe(0);
    peer.send(...putItems(queue, ['e', 'f'], { wait: true }));
    expect(await itemsOf(peer, getItems(queue, 1))).toBe('a');
    expect(await count(peer, ...putItems(queue, ['g']))).toBe(0);
    expect(await itemsOf(peer, getItems(queue, 2))).toBe('b');
    expect((await peer.next('object.done')).message.count).toBe(2);
    expect(await itemsOf(peer, getItems(queue, 3, { count: 9 }))).toBe('cef');
  });
  test.each<[string, (peer: TestPeer) => Promise<readonly [Message, Uint8Array]>, string]>([
    [
      'more items at once than a partition takes',
      async (peer) => putItems(await open(peer, 'queue'), ['a', 'b', 'c', 'd']),
      'a partition takes 3 items, 4 were put at once',
    ],
    [
      'a partition too many',
      async (peer) => {
        const queue = await open(peer, 'queue');
        for (const partition of ['p', 'q']) await count(peer, ...putItems(queue, ['a'], { partition }));
        return putItems(queue, ['a'], { partition: 'r' });
      },
      'a queue takes 2 partitions, and this one has as many',
    ],
    [
      'a value too large',
      async (peer) => putEntries(await open(peer, 'dict'), { k: 'v'.repeat(101) }),
      'a value takes 100 bytes, one has 101',
    ],
    [
      'an entry too many',
      async (peer) => putEntries(await open(peer, 'dict'), { a: '1', b: '2', c: '3', d: '4' }),
      'a dict takes 3 entries, this one has 0',
    ],
    [
      'too many bytes',
      async (peer) =>
        putEntries(await open(peer, 'dict'), Object.fromEntries(['a', 'b', 'c'].map((k) => [k, 'v'.repeat(90)]))),
      'a dict takes 250 bytes, this one has 0',
    ],
  ])('%s: refused, with the limit', async (_, make, says) => {
    const peer = await gateway.client();
    expect(await refusal(peer, ...(await make(peer)))).toEqual(['resource.exhausted', says]);
  });
});

test('what breaks the protocol is refused and harms nothing', async () => {
  const peer = await gateway.client();
  const [dict, queue] = [await open(peer, 'dict'), await open(peer, 'queue')];
  const get = {
    type: 'queue.get',
    request: 1,
    op: 1,
    answered: 0,
    object_id: queue,
    partition: '',
    count: 1,
    wait: false,
  } as const;
  const blobs = [`bl-${'0'.repeat(26)}`];
  const bad: readonly (readonly [Message, Uint8Array?])[] = [
    [{ ...get, object_id: dict }],
    [{ ...get, object_id: 'fc-1' as ObjectId }],
    [{ ...get, count: 0 }],
    [{ ...get, partition: 'x'.repeat(65) }],
    [{ ...get, answered: 2 }],
    [{ ...putItems(queue, ['a'])[0], ttl: 0 }, bytes('a')],
    [{ ...putItems(queue, ['a'])[0], lengths: table([2]) }, bytes('a')],
    [{ ...putEntries(dict, { k: 'v' })[0], keys: table([9]) } as Message, bytes('kv')],
    [{ type: 'object.open', request: 1, object_id: dict, kind: 'queue', name: '', environment: '', create: 'missing' }],
    [
      {
        type: 'object.open',
        request: 1,
        object_id: newId('di'),
        kind: 'dict',
        name: '../x',
        environment: '',
        create: 'must',
      },
    ],
  ];
  for (const [message, payload] of bad) expect((await refusal(peer, message, payload))[0]).toBe('request.invalid');
  const missing = { ...putItems(queue, ['a'])[0], lengths: table([0xffffffff]), blobs };
  expect(await refusal(peer, missing)).toEqual(['not.found', `blob ${String(blobs[0])} was not written`]);
  expect(await itemsOf(peer, getItems(queue, 77))).toBe('');
});

describe('people', () => {
  async function person(name: string, id?: ClientId): Promise<TestPeer> {
    const admin = await gateway.client();
    admin.send({ type: 'token.make', request: 1, name, scope: 'client', seconds: 0 });
    const peer = await gateway.connect((await admin.next('token.made')).message.token);
    await peer.hello('client', id ?? `cl-${String(number()).padStart(26, '0')}`);
    return peer;
  }

  test('a name is another thing for another person, and an id is nothing to them', async () => {
    const [ada, again, bob] = [await person('Ada'), await person('Ada'), await person('Bob')];
    const hers = await open(ada, 'dict', { name: 'd' });
    await count(ada, ...putEntries(hers, { k: 'v' }));
    expect(await open(again, 'dict', { name: 'd' })).toBe(hers);
    expect(await open(bob, 'dict', { name: 'd' })).not.toBe(hers);
    const queue = await open(ada, 'queue');
    const asked: readonly (readonly [Message, Uint8Array?])[] = [
      [{ type: 'dict.get', request: 1, object_id: hers, what: 'value' }, bytes('k')],
      [{ type: 'dict.pop', request: 1, op: 1, answered: 0, object_id: hers }, bytes('k')],
      [{ type: 'dict.read', request: 1, object_id: hers, after: -1, what: 'items' }],
      putEntries(hers, { k: 'w' }),
      [{ type: 'object.ask', request: 1, object_id: hers }],
      [{ type: 'object.clear', request: 1, op: 1, answered: 0, object_id: hers }],
      [{ type: 'object.delete', request: 1, object_id: hers }],
      [getItems(queue, 1)],
      putItems(queue, ['a']),
      [{ type: 'queue.read', request: 1, op: 1, object_id: queue, partition: '', after: 0, wait: false }],
      [{ type: 'queue.leave', request: 1, op: 1, object_id: queue, release: true }],
    ];
    for (const [message, payload] of asked)
      expect([message.type, (await refusal(bob, message, payload))[0]]).toEqual([message.type, 'not.found']);
    bob.send({ type: 'object.list', request: 1, kind: 'dict', environment: '', everyone: false });
    expect((await bob.next('object.listing')).message.objects.map(({ person: whose }) => whose)).toEqual(['Bob']);
    const everyone: Message = { type: 'object.list', request: 1, kind: 'dict', environment: '', everyone: true };
    expect((await refusal(bob, everyone))[0]).toBe('not.allowed');
    const admin = await gateway.client();
    admin.send(everyone);
    expect(
      (await admin.next('object.listing')).message.objects.map(({ name, person: whose }) => [name, whose]),
    ).toEqual([
      ['d', 'Bob'],
      ['d', 'Ada'],
    ]);
  });

  test('a container reaches what the person reaches whose input it runs, and nothing else', async () => {
    await gateway.host();
    const [ada, bob, owner] = [await person('Ada'), await person('Bob'), await gateway.ready()];
    const hers = await open(ada, 'dict', { name: 'd' });
    const his = await open(bob, 'dict', { name: 'd' });
    const owners = await open(owner, 'dict', { name: 'd' });
    const call = gateway.callId();
    sendCall(ada, { call, inputs: ['a'] });
    const { peer, key } = await gateway.container();
    await peer.next('inputs.run');
    const nested = await gateway.connect(key);
    await nested.hello('client', `cl-${'8'.repeat(26)}`);
    expect(await open(nested, 'dict', { name: 'd', parent: { call_id: call, index: 0 } })).toBe(hers);
    nested.send({ type: 'dict.get', request: 1, object_id: hers, what: 'presence' }, bytes('k'));
    expect((await nested.next('dict.value')).message.found).toBe(false);
    for (const object_id of [his, owners])
      expect((await refusal(nested, { type: 'dict.get', request: 1, object_id, what: 'value' }, bytes('k')))[0]).toBe(
        'not.found',
      );
  });
});
