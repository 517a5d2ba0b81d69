// Failures of a call in groups: one type, one line, and what their messages have in common.

import { describe, expect, test } from 'vitest';

import { commonMessage } from '../../../runtime/src/gateway/failure-groups.js';

describe('the message of a group', () => {
  test('is the one message while there is no other', () => {
    expect(commonMessage("'price'", "'price'")).toBe("'price'");
  });

  test('is the common beginning of messages that differ, without half a word', () => {
    expect(commonMessage('released in the future: 2046', 'released in the future: 2031')).toBe(
      'released in the future: …',
    );
    expect(commonMessage('no column', 'no column here')).toBe('no column…');
    expect(commonMessage("'price'", "'prices'")).toBe("'…");
    expect(commonMessage('bad 😀', 'bad 😁')).toBe('bad …');
  });

  test('only ever gets shorter', () => {
    const messages = ['row 12 is bad', 'row 13 is bad', 'row 14 is bad', 'rows are bad', 'row 15 is bad'];
    expect(messages.reduce(commonMessage)).toBe('…');
    expect(messages.slice(0, 3).reduce(commonMessage)).toBe('row …');
  });
});
