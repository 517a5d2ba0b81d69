// Failures of a call in groups: one type, one line, and what their messages have in common.

import { describe, expect, test } from 'vitest';

import { commonMessage, FailureGroups } from '../../../runtime/src/gateway/failure-groups.js';

describe('the message of a group', () => {
  test('is the one message while there is no other', () => {
    expect(commonMessage("'price'", "'price'")).toBe("'price'");
  });

  test('is the common beginning and end of messages that differ, without half a word', () => {
    expect(commonMessage('released in the future: 2046', 'released in the future: 2016')).toBe(
      'released in the future: …',
    );
    const strip = "object has no attribute 'strip'";
    expect(commonMessage(`'int' ${strip}`, `'float' ${strip}`, `'list' ${strip}`)).toBe(`'…' ${strip}`);
    expect(commonMessage('no column', 'no column here')).toBe('no column…');
    expect(commonMessage("'price'", "'prices'")).toBe("'…'");
    expect(commonMessage('bad 😀', 'bad 😁')).toBe('bad …');
    expect(commonMessage('aba', 'ababa')).toBe('…');
    expect(commonMessage('a, a', 'a, a, a')).toBe('a, a…');
  });

  test('only ever gets shorter', () => {
    expect(commonMessage('row 12 is bad', 'row 13 is bad', 'row 14 is bad')).toBe('row … is bad');
    expect(commonMessage('row 12 is bad', 'row 13 is bad', 'rows are bad', 'row 12 is bad')).toBe('… bad');
    expect(commonMessage('one', 'two', 'one')).toBe('…');
  });
});

test('the examples of a group are the first of the map, in whichever order they failed', () => {
  const groups = new FailureGroups();
  const call = 'fc-A' as never;
  const failure = { code: 'user.exception', kind: 'ValueError', message: 'no', where: 'Cell In[1]:2' } as const;
  for (const index of [16, 9, 900, 15, 9, 700])
    groups.add({ call_id: call, failures: [{ index, ...failure }] } as never);
  expect(groups.of(call)).toMatchObject([{ count: 6, examples: [9, 15, 16] }]);
});
