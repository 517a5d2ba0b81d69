// The line that says a card shows a saved state, as of when, and offers to reconnect. Nothing is contacted before that.

import { useState } from 'react';

import { formatAbsolute, formatMoment } from '../model/format';
import { Button, Note } from './parts';
import { useServices } from './services';
import type { Source } from './source';

export function Saved({ source }: { readonly source: Source }): JSX.Element | null {
  const { trans, now } = useServices();
  const [isWaiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState('');
  if (source.isConnected) return null;
  const reconnectOnClick = (): void => {
    setWaiting(true);
    void source
      .reconnect()
      .then(setProblem)
      .finally(() => setWaiting(false));
  };
  return (
    <>
      <Note glyph="unplugged">
        <span title={formatAbsolute(source.asOf)}>{trans.__('As of %1.', formatMoment(source.asOf, now()))}</span>{' '}
        <Button
          label={isWaiting ? trans.__('Reconnecting…') : trans.__('Reconnect')}
          isDisabled={isWaiting}
          onClick={reconnectOnClick}
        />
      </Note>
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
    </>
  );
}
