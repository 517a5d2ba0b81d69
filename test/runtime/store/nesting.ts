// What every store promises about calls that inputs of other calls opened. Part of the conformance suite.

import type { CallId } from '@farcall/kernel-bridge/wire';
import { expect, test } from 'vitest';

import type { Operation, Store } from '../../../runtime/src/store/store.js';
import { callId, FUNCTION, putCall, putChunk, putOutcomes, putState, range } from './builders.js';

export function nesting(store: () => Store): void {
  /** Call 1; its inputs 0 and 2 opened 2, 3 and 4; 3's input opened 5. Call 6 is nobody's. */
  async function family(): Promise<void> {
    const beneath = (number: number, parent: number, index: number): Operation =>
      putCall(number, { parent: { call_id: callId(parent), index } });
    await store().append([putCall(1, { inputs: 3 })]);
    await store().append([beneath(2, 1, 2), beneath(3, 1, 0), beneath(4, 1, 2), beneath(5, 3, 0), putCall(6)]);
  }
  const namesOf = (calls: readonly { call_id: CallId }[]): number[] =>
    calls.map(({ call_id }) => range(1, 9).find((number) => callId(number) === call_id) ?? 0);

  test('the calls that inputs opened come by input, then in their order', async () => {
    await family();
    const children = await store().children([{ call: callId(1), first: 0, count: 3 }], 0, 10);
    expect(namesOf(children)).toEqual([3, 2, 4]);
    expect(children.map(({ parent }) => parent.index)).toEqual([0, 2, 2]);
    expect(children[0]).toMatchObject({ function_id: FUNCTION, parent: { call_id: callId(1) }, state: 'open' });
  });
  test('children are asked for by range, of many calls at once, and a page at a time', async () => {
    await family();
    const asked = [
      { call: callId(1), first: 1, count: 2 },
      { call: callId(3), first: 0, count: 1 },
      { call: callId(9), first: 0, count: 1 },
    ];
    const [first, ...rest] = await store().children(asked, 0, 10);
    expect(namesOf([first, ...rest].filter((child) => child !== undefined))).toEqual([2, 4, 5]);
    expect(rest.map(({ asked: at }) => at)).toEqual([0, 1]);
    expect(namesOf(await store().children(asked, 0, 1))).toEqual([2]);
    const after = [{ call: callId(1), first: 2, count: 1 }, ...asked.slice(1)];
    expect(namesOf(await store().children(after, first?.place ?? 0, 10))).toEqual([4, 5]);
  });
  test('the root of a call is the topmost one above it', async () => {
    await family();
    const root = async (number: number): Promise<CallId | undefined> =>
      (await store().root(callId(number)))?.row.call_id;
    expect([await root(5), await root(3), await root(1), await root(6)]).toEqual([1, 1, 1, 6].map(callId));
    expect(await root(9)).toBeUndefined();
  });
  test('calls of one tree are told from those of another', async () => {
    await family();
    expect(await store().roots([1, 2, 5].map(callId))).toHaveLength(1);
    expect(await store().roots([5, 6].map(callId))).toHaveLength(2);
    expect(await store().roots([callId(9)])).toEqual([]);
  });
  test('all calls beneath a root come in the order in which they were opened', async () => {
    await family();
    const all = await store().beneath(callId(1), 0, 10);
    expect(namesOf(all)).toEqual([2, 3, 4, 5]);
    expect(all.map(({ parent }) => parent.index)).toEqual([2, 0, 2, 0]);
    expect(namesOf(await store().beneath(callId(1), all[1]?.place ?? 0, 1))).toEqual([4]);
    expect(await store().beneath(callId(6), 0, 10)).toEqual([]);
    expect([await store().countBeneath(callId(1)), await store().countBeneath(callId(6))]).toEqual([4, 0]);
  });
  test('a call says whether its inputs opened others', async () => {
    await family();
    expect(await store().call(callId(3))).toMatchObject({ hasChildren: true });
    const listed = await store().calls(10);
    expect(listed.map(({ hasChildren }) => hasChildren)).toEqual([false, false, false, true, false, true]);
  });
  test('the outcomes of many calls come as tables', async () => {
    await family();
    await store().append([putChunk(2, 0, 1), putChunk(3, 0, 2), putOutcomes(2, 0, [0]), putOutcomes(3, 0, [1, 0])]);
    const asked = [2, 3, 4].map((number) => ({ call: callId(number), first: 0, count: 2 }));
    const rows = await store().outcomesIn(asked);
    expect(namesOf(rows.toSorted((a, b) => a.call_id.localeCompare(b.call_id)))).toEqual([2, 3]);
    expect(await store().outcomesIn([{ call: callId(3), first: 2, count: 9 }])).toEqual([]);
    expect(rows.every(({ payload }) => payload.length === 0)).toBe(true);
  });
  test('a root that is deleted leaves what is beneath it under the next ones', async () => {
    await family();
    await store().append([putState(1, { state: 'done', ended_at: 1, sealed: true })]);
    expect((await store().expire({ olderThanMs: 0, budgetBytes: Infinity })).deleted).toEqual([callId(1)]);
    expect((await store().root(callId(5)))?.row.call_id).toBe(callId(3));
    expect(namesOf(await store().beneath(callId(3), 0, 10))).toEqual([5]);
    expect(await store().children([{ call: callId(1), first: 0, count: 3 }], 0, 10)).toEqual([]);
  });
}
