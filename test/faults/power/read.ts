// Opens copies of a store (folders on stdin, one a line) and says, a line of JSON a copy, what each holds. Inputs and results
// of the test of F16 are texts that name their index at both ends, so whatever is torn or in the wrong place shows.

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

import { openSqliteStore, type SqliteStore } from '../../../runtime/src/store/sqlite.js';

type Found = Awaited<ReturnType<typeof contentOf>>;
const [thread = ''] = process.argv.slice(2);

for await (const folder of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await copyOf(folder))}\n`);

async function copyOf(folder: string): Promise<{ readonly integrity: string; readonly calls: Record<string, Found> }> {
  await using store = await openSqliteStore({ folder, durability: 'power', threadUrl: pathToFileURL(thread) });
  const calls: Record<string, Found> = {};
  for (const { row } of await store.calls(10_000)) calls[row.call_id] = await contentOf(store, row.call_id, row.inputs);
  await store[Symbol.asyncDispose]();
  using database = new DatabaseSync(join(folder, 'store.db'), { readOnly: true });
  return { integrity: String(database.prepare('PRAGMA integrity_check').get()?.['integrity_check']), calls };
}

async function contentOf(
  store: SqliteStore,
  call: Parameters<SqliteStore['chunks']>[0],
  inputs: number,
): Promise<{ readonly inputs: number[]; readonly outcomes: number[]; readonly torn: string[] }> {
  const torn: string[] = [];
  const check = (what: string, indexes: readonly number[], lengths: Uint8Array, payload: Uint8Array): void => {
    let at = 0;
    for (const [place, length] of numbers(lengths).entries()) {
      const text = Buffer.from(payload.subarray(at, at + length)).toString('latin1');
      const name = `${what}-${indexes[place] ?? -1}-`;
      if (!text.includes(`<${name}`) || !text.includes(`-${name}>`)) torn.push(`${name}: ${text.slice(0, 80)}`);
      at += length;
    }
    if (at !== payload.length) torn.push(`${what}: ${payload.length} bytes instead of ${at}`);
  };
  const chunks = await store.chunks(call, 0, inputs);
  const given = chunks.map(({ first, count }) => Array.from({ length: count }, (_, place) => first + place));
  for (const [place, { lengths, payload }] of chunks.entries()) check('input', given[place] ?? [], lengths, payload);
  const outcomes: number[] = [];
  for (let seq = 0; seq < inputs; seq = outcomes.length) {
    const page = await store.outcomes(call, seq, inputs);
    for (const batch of page) {
      if (!('indexes' in batch)) throw new Error('no input of this test is cancelled');
      const indexes = numbers(batch.indexes);
      check('result', indexes, batch.lengths, batch.payload);
      outcomes.push(...indexes);
    }
    if (page.length === 0) break;
  }
  return { inputs: given.flat(), outcomes, torn };
}

function numbers(bytes: Uint8Array): number[] {
  return [...new Uint32Array(new Uint8Array(bytes).buffer)];
}
