// One polite live region a map: says that it began, a quarter, half, three quarters, and how it ended. Only what happens
// while the card is on the page; a card that is merely opened says nothing.

import type { CallView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useRef, useState } from 'react';

import { isTotalKnown, shareDone } from '../model/progress';
import { isFinal, stateLabel, stateOf } from '../model/state';
import { progressText } from './bar';
import { useServices } from './services';

export function Announcer({ call }: { readonly call: CallView }): JSX.Element {
  const { trans } = useServices();
  const step = stepOf(call);
  const seen = useRef({ id: call.call_id, step: isFinal(call) ? END : step });
  const [said, setSaid] = useState('');
  useEffect(() => {
    const before = seen.current;
    seen.current = { id: call.call_id, step };
    if (before.id === call.call_id && step <= before.step) return;
    setSaid(sentence(call, step, trans));
  }, [call, step, trans]);
  return (
    <div className="farcall-ForReaders" role="status" aria-live="polite">
      {said}
    </div>
  );
}

const END = 5;

/** 0 before the first input settles, then one a quarter, END when the call is over. */
function stepOf(call: CallView): number {
  if (isFinal(call)) return END;
  return isTotalKnown(call) && call.inputs > 0 ? 1 + Math.min(3, Math.floor(shareDone(call) * 4)) : 0;
}

function sentence(call: CallView, step: number, trans: TranslationBundle): string {
  if (step === END)
    return trans.__('%1: %2, %3', call.name, stateLabel(stateOf(call), trans), progressText(call, trans));
  if (step <= 1) return trans.__('%1 began', call.name);
  return trans.__('%1: %2 percent done', call.name, (step - 1) * 25);
}
