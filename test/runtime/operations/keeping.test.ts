// What a gateway keeps between its lives, and for how long: retention by days and by bytes, and stores that it cannot use.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { eventually, type Line, Program } from '../../support/program.js';

let gateway: Program;
beforeEach(() => {
  gateway = new Program();
});
afterEach(() => gateway[Symbol.asyncDispose]());

/** One ended call with inputs and results that lie in files, and one that never ends. */
const TWO_CALLS = `
import farcall
app = farcall.App("keeping")
@app.function()
def double(data): return data + data
ended = double.spawn(b"x" * 20_000)
assert len(ended.get()) == 40_000
@app.function()
def sleepy(data):
    import time
    time.sleep(600)
running = sleepy.spawn(b"y" * 20_000)
print(ended.object_id, running.object_id)
`;
const READ = `
import sys, farcall
def said(call):
    try: return str(len(farcall.FunctionCall.from_id(call).get(timeout=0)))
    except Exception as error: return type(error).__name__
print(" ".join(said(call) for call in CALLS.split()))
`;
const read = (calls: string): Promise<string> => gateway.python(READ.replace('CALLS', JSON.stringify(calls)));

async function expired(): Promise<Line> {
  return eventually(() => {
    const line = gateway.log('expired').at(-1);
    expect(line).toBeDefined();
    return line as Line;
  });
}
const payloadFiles = (call: string): string[] =>
  readdirSync(join(gateway.home, 'payloads')).filter((name) => name.startsWith(call));

describe('a gateway that comes back', () => {
  async function comeBack(...options: string[]): Promise<readonly [ended: string, running: string]> {
    await gateway.launch();
    const calls = await gateway.python(TWO_CALLS);
    await gateway.stop();
    const before = gateway.log('expired').length;
    await gateway.launch(options);
    await eventually(() => expect(gateway.log('expired').length).toBeGreaterThan(before));
    const [ended = '', running = ''] = calls.split(' ');
    return [ended, running];
  }

  test('keeps what it had, unless told otherwise', async () => {
    const [ended, running] = await comeBack();
    expect(await expired()).toMatchObject({ deleted: 0, emptied: 0 });
    expect(await read(`${ended} ${running}`)).toBe('40000 TimeoutError');
  });
  test('told to keep calls for no time, deletes the ended one and its files, never the running one', async () => {
    const [ended, running] = await comeBack('--keep-days', '0');
    expect(await expired()).toMatchObject({ deleted: 1, emptied: 0 });
    expect(payloadFiles(ended)).toEqual([]);
    expect(payloadFiles(running)).not.toEqual([]);
    expect(await read(`${ended} ${running}`)).toBe('NotFoundError TimeoutError');
  });
  test('told to keep no bytes, empties the ended one, and still knows it', async () => {
    const [ended, running] = await comeBack('--keep-bytes', '0');
    expect(await expired()).toMatchObject({ deleted: 0, emptied: 1 });
    expect(payloadFiles(ended)).toEqual([]);
    expect(payloadFiles(running)).not.toEqual([]);
    expect(await read(`${ended} ${running}`)).toBe('OutputExpiredError TimeoutError');
  });
});

test('a budget that is used up quickly is kept without waiting for the hour', async () => {
  await gateway.launch(['--keep-bytes', '1MiB']);
  const first = await expired();
  await gateway.python(`
import farcall
@farcall.App("keeping").function()
def echo(data): return data
for _ in range(8): assert len(echo.remote(b"z" * 200_000)) == 200_000
`);
  const line = await eventually(() => {
    const last = gateway.log('expired').at(-1) as Line;
    expect(last['time']).not.toBe(first['time']);
    return last;
  });
  expect(line['emptied']).toBeGreaterThan(0);
  expect(line['bytes']).toBeLessThanOrEqual(1024 * 1024);
});

test('a store of a later farcall ends the start with a sentence, and is left as it is', async () => {
  await gateway.launch();
  await gateway.stop();
  const file = join(gateway.home, 'store.db');
  const db = new DatabaseSync(file);
  db.exec(`UPDATE meta SET value = '99' WHERE key = 'schema'`);
  db.close();
  const { code, said } = await gateway.failure();
  expect([code, said.trim().split('\n').length]).toEqual([1, 1]);
  expect(said).toMatch(/the store has schema 99, .* upgrade farcall, or use another home/);
  expect(readdirSync(gateway.home)).toContain('store.db');
});

test('a damaged store ends the start with a sentence that says where it is now; the next start makes a new one', async () => {
  await gateway.launch();
  await gateway.stop();
  const file = join(gateway.home, 'store.db');
  const damaged = Buffer.from('this was a store once '.repeat(400));
  writeFileSync(file, damaged);
  const { code, said } = await gateway.failure();
  expect([code, said.trim().split('\n').length]).toEqual([1, 1]);
  const aside = /moved to (\S+)/.exec(said)?.[1] ?? '';
  expect(said).toContain('the store is damaged');
  expect(readFileSync(aside).equals(damaged)).toBe(true);
  await gateway.launch();
  expect(await gateway.python('import farcall; print(farcall.App("a").function(lambda: 5).remote())')).toBe('5');
});
