// A process of its own for crash.test.ts: appends to the store in argv until it is killed. After each commit it says on
// stdout how far a call is durable. Small and large payloads, several groups on their way at once.

import { writeSync } from 'node:fs';

import { openSqliteStore } from '../../../runtime/src/store/sqlite.js';
import { callId, putCall, putChunk, putOutcomes } from './builders.js';

const [folder = '', thread = ''] = process.argv.slice(2);
await using store = await openSqliteStore({ folder, durability: 'process', threadUrl: new URL(thread) });

/** Chunk and outcome of one input in one group, so a torn group shows. */
async function put(call: number, index: number): Promise<void> {
  await store.append([putChunk(call, index, 1, index % 3 === 0 ? 6000 : 20), putOutcomes(call, index, [index])]);
  writeSync(1, `${call} ${index}\n`);
}

async function fill(call: number): Promise<void> {
  await store.append([putCall(call)]);
  const begun = (await store.call(callId(call)))?.row.seq ?? 0;
  for (let index = begun; ; index += 4) await Promise.all([0, 1, 2, 3].map((next) => put(call, index + next)));
}

await Promise.all([1, 2].map(fill));
