// Inserting a cell about a call below its card. The kernel writes it with the notebook's own names; without a kernel, or
// with one that cannot, the call is found by its id.

import type { CallView } from '@farcall/kernel-bridge/notebook';

import type { KernelBridge } from '../bridge/kernel-bridge';
import { parseSource } from '../model/bridge-event';
import { joinToFrame, openInputHere } from '../model/cell-code';
import { useServices } from './services';

export interface Wanted {
  /** `row`: runs one input in the notebook. `join`: the results beside their frame. */
  readonly what: 'row' | 'join';
  readonly index: number;
}

export type Insert = (below: Node, wanted: Wanted) => void;

/** Undefined where there are no cells to insert one between. */
export function useInsert(call: CallView, bridge: KernelBridge | undefined): Insert | undefined {
  const { insertBelow } = useServices();
  if (insertBelow === undefined) return undefined;
  return (below, wanted) => void sourceOf(call, bridge, wanted).then((source) => insertBelow(below, source));
}

async function sourceOf(call: CallView, bridge: KernelBridge | undefined, { what, index }: Wanted): Promise<string> {
  const plain = what === 'row' ? openInputHere(call, index) : joinToFrame(call);
  if (bridge === undefined) return plain;
  try {
    return parseSource(await bridge.ask({ intent: 'code', call_id: call.call_id, what, index }));
  } catch {
    // An older kernel does not know the question; the plain cell works all the same.
    return plain;
  }
}
