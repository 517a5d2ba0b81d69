// Text and spans of one stream, in every order in which they can come.

import { beforeEach, expect, test } from 'vitest';

import type { CallId } from '@farcall/kernel-bridge/wire';

import { Attribution, type Owner } from '../../../runtime/src/gateway/attribution.js';

const A: Owner = { call: 'fc-a' as CallId, index: 0 };
const B: Owner = { call: 'fc-b' as CallId, index: 7 };
let said: string[];
let stream: Attribution;
beforeEach(() => {
  said = [];
  stream = made();
});

function made(arrived = 0): Attribution {
  const nameOf = (owner: Owner): string => `${owner.call.slice(3)}${owner.index}`;
  return new Attribution(
    {
      onText: (owner, bytes) => said.push(`${nameOf(owner)} ${Buffer.from(bytes).toString()}`),
      onAwaited: (owner) => said.push(`${nameOf(owner)} …`),
      onComplete: (owner) => said.push(`${nameOf(owner)} .`),
      onUnclaimed: (bytes) => said.push(`? ${Buffer.from(bytes).toString()}`),
    },
    arrived,
  );
}

const text = (offset: number, value: string | Uint8Array, owner?: Owner): void =>
  stream.text(offset, Buffer.from(value as string), owner);

test('text that nobody owns waits for the span that claims it', () => {
  text(0, 'oneTWO');
  expect(said).toEqual([]);
  stream.span(A, 0, 3);
  stream.span(B, 3, 6);
  expect(said).toEqual(['a0 one', 'b7 TWO']);
});

test('a span waits for its text, piece by piece', () => {
  stream.span(A, 0, 3);
  stream.span(B, 3, 6);
  text(0, 'on');
  text(2, 'eTWO');
  expect(said).toEqual(['a0 …', 'b7 …', 'a0 on', 'a0 e', 'b7 TWO', 'a0 .', 'b7 .']);
});

test('text of a running input is out at once, and its span adds only what is missing', () => {
  text(0, 'live', A);
  text(4, ' end');
  stream.span(A, 0, 8);
  expect(said).toEqual(['a0 live', 'a0  end']);
});

test('what no span covers is nobody’s', () => {
  text(0, 'loading one');
  stream.span(A, 8, 11);
  expect(said).toEqual(['? loading ', 'a0 one']);
});

test('text and spans that come again say nothing', () => {
  text(0, 'one');
  stream.span(A, 0, 3);
  text(0, 'one');
  stream.span(A, 0, 3);
  expect(said).toEqual(['a0 one']);
});

test('lost text does not keep its span waiting', () => {
  stream.span(A, 0, 6);
  text(3, 'TWO');
  expect(said).toEqual(['a0 …', 'a0 TWO', 'a0 .']);
});

test('what came before a restart is not waited for', () => {
  stream = made(3);
  stream.span(A, 0, 3);
  expect(said).toEqual([]);
});

test('a character that was cut in two comes whole', () => {
  const euro = Buffer.from('a€');
  text(0, euro.subarray(0, 2), A);
  text(2, euro.subarray(2), A);
  expect(said).toEqual(['a0 a', 'a0 €']);
});

test('when the container is gone nothing is waited for any more', () => {
  text(0, 'bye');
  stream.span(A, 3, 9);
  said.length = 0;
  stream.close();
  expect(said).toEqual(['a0 .']);
});
