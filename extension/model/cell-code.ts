// The lines that buttons insert into a notebook as new cells. Inserted, never run: the person reads them first.

import type { CallView } from '@farcall/kernel-bridge/notebook';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Runs one input of a map here, in the notebook's own process. */
export function openInputHere(call: CallView, index: number): string {
  return `results = ${resultsOf(call)}\n${functionName(call)}.local(*results.input(${index}))`;
}

/** The input frame with the results as columns. */
export function joinToFrame(call: CallView): string {
  return `${resultsOf(call)}.join(df)`;
}

function resultsOf(call: CallView): string {
  return `farcall.FunctionCall.from_id("${call.call_id}").results()`;
}

/** `app.embed` → `embed`; a name that is not Python's becomes `f`, for the person to put right. */
function functionName(call: CallView): string {
  const name =
    call.name
      .replace(/\.(map|remote|spawn|spawn_map|starmap|for_each)$/, '')
      .split('.')
      .at(-1) ?? '';
  return IDENTIFIER.test(name) ? name : 'f';
}
