// What a call printed: read when asked, a piece at a time, never by polling.

import type { CallView } from '@farcall/kernel-bridge/notebook';
import { useCallback, useEffect, useState } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import type { Output } from '../model/bridge-event';
import { parseOutput } from '../model/bridge-event';
import { isFinal } from '../model/state';
import { useAsked } from './asking';
import { Button, Note } from './parts';
import { useServices } from './services';
import { askBridge } from './table';

/** More text than this is cut at its beginning; `call.logs()` has all of it. */
const MAX_TEXT = 2_000_000;

export function OutputText({
  call,
  bridge,
}: {
  readonly call: CallView;
  readonly bridge: KernelBridge | undefined;
}): JSX.Element {
  const { trans } = useServices();
  const { answer, problem, isWaiting, ask } = useAsked<Output>();
  const [shown, setShown] = useState('');
  const [offset, setOffset] = useState(0);
  const callId = call.call_id;
  const read = useCallback(
    (from: number) =>
      ask(async () =>
        parseOutput(await askBridge(bridge, trans).ask({ intent: 'output', call_id: callId, offset: from })),
      ),
    [ask, bridge, callId, trans],
  );
  useEffect(() => {
    setShown('');
    read(0);
  }, [read]);
  useEffect(() => {
    if (answer === undefined) return;
    setShown((before) => (before + answer.text).slice(-MAX_TEXT));
    if (answer.next >= 0) setOffset(answer.next);
  }, [answer]);

  const hasMore = answer !== undefined && answer.next >= 0;
  return (
    <div className="farcall-Output">
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
      {shown !== '' && <pre className="farcall-Text">{shown}</pre>}
      {shown === '' && problem === '' && (
        <p className="farcall-Empty">{isWaiting ? trans.__('Reading…') : trans.__('Nothing was printed so far.')}</p>
      )}
      {hasMore && (
        <Button
          label={isFinal(call) ? trans.__('Read on') : trans.__('Look for more')}
          isDisabled={isWaiting}
          onClick={() => read(offset)}
        />
      )}
      {!hasMore && !isFinal(call) && (
        <Button
          label={trans.__('Refresh')}
          isDisabled={isWaiting}
          onClick={() => {
            setShown('');
            read(0);
          }}
        />
      )}
    </div>
  );
}
