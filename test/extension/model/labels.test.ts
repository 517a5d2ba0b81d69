// Labels of inputs: asked a block at a time, once, and only of the kernel that knows them.

import { expect, test } from 'vitest';

import { Labels } from '../../../extension/model/labels';
import { parseLabels } from '../../../extension/model/bridge-event';

/** Answers `label n`, and keeps what it was asked. */
function book(label = (index: number) => `label ${index}`) {
  const asked: (readonly number[])[] = [];
  let now = 0;
  const labels = new Labels(
    (_, indexes) => {
      asked.push(indexes);
      return Promise.resolve(indexes.map(label));
    },
    () => now,
  );
  return { labels, asked, pass: (seconds: number) => (now += seconds) };
}
const answered = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test('a block around what is shown is asked for once', async () => {
  const { labels, asked } = book();
  const changed: string[] = [];
  labels.changed.connect((_, callId) => changed.push(callId));
  labels.want('a', [3, 5, 100]);
  labels.want('a', [6]);
  await answered();
  labels.want('a', [7]);
  expect(asked.map((indexes) => [indexes[0], indexes.length])).toEqual([[0, 128]]);
  expect([labels.get('a', 6), labels.get('b', 6), labels.get('a', 500)]).toEqual(['label 6', '', '']);
  expect(changed).toEqual(['a']);
});

test('inputs far apart are in several messages', async () => {
  const { labels, asked } = book();
  labels.want('a', [0, 130, 100_000]);
  await answered();
  expect(asked.map(([first]) => first)).toEqual([0, 128, 99_968]);
});

test('what has no label is asked for again, but not soon', async () => {
  let known = 3;
  const { labels, asked, pass } = book((index) => (index < known ? 'one' : ''));
  labels.want('a', [5]);
  await answered();
  labels.want('a', [5]);
  expect(asked).toHaveLength(1);
  known = 10;
  pass(31);
  labels.want('a', [5]);
  await answered();
  expect(labels.get('a', 5)).toBe('one');
});

test('another kernel knows nothing of what the last one said', async () => {
  const { labels, asked } = book();
  labels.want('a', [1]);
  await answered();
  labels.forget();
  expect(labels.get('a', 1)).toBe('');
  labels.want('a', [1]);
  expect(asked).toHaveLength(2);
});

test('a kernel that cannot tell leaves numbers', async () => {
  const labels = new Labels(() => Promise.reject(new Error('older')));
  labels.want('a', [1]);
  await answered();
  expect(labels.get('a', 1)).toBe('');
});

test('labels of so many inputs are kept; the call asked for longest ago goes first', async () => {
  const { labels } = book();
  for (let call = 0; call < 3; call += 1) {
    labels.want(
      `call ${call}`,
      Array.from({ length: 160 }, (_, block) => block * 128),
    );
    await answered();
  }
  expect([labels.get('call 0', 0), labels.get('call 2', 0)]).toEqual(['', 'label 0']);
});

test('labels are texts without disguise, cut to a length', () => {
  const [plain, disguised, long] = parseLabels({ labels: ['Alien', 'a\u202eb\u001b[31mc', 'x'.repeat(500)] });
  expect([plain, disguised, long?.length]).toEqual(['Alien', 'abc', 101]);
  expect(() => parseLabels({ labels: [{ toString: 'x' }] })).toThrow('a text was expected');
});
