// The lines that buttons insert into a notebook as new cells, where no kernel writes them with the notebook's own names
// (farcall/notebook/cell_code.py). Inserted, never run: the person reads them first.

import type { CallView } from '@farcall/kernel-bridge/notebook';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Runs one input of a map here, in the notebook's own process. */
export function openInputHere(call: CallView, index: number): string {
  return `import farcall\n\nrow = ${resultsOf(call)}.input(${index})\n${functionName(call)}.local(*row)`;
}

/** The results as a frame of their own: which frame they belong to, only the kernel knows. */
export function joinToFrame(call: CallView): string {
  return `import farcall\n\n${resultsOf(call)}.to_frame()`;
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
