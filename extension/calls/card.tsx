// The root of every view in a notebook: checks the bundle, watches whether it can be seen, and draws the map or the
// calls. A bundle that is not ours to trust becomes one sentence.

import type { CallView } from '@farcall/kernel-bridge/notebook';
import type { RefObject } from 'react';
import { useMemo, useRef } from 'react';

import { callsOf, readBundle } from '../model/bundle';
import { titleOf } from '../model/state';
import { CallCard } from './call-card';
import { GraphCard } from './graph-card';
import { useVisible } from './hooks';
import { MapCard } from './map-card';
import { Boundary, Note } from './parts';
import { OWN_KEYS } from './own-keys';
import { useServices } from './services';
import { useSource } from './source';

export interface CardProps {
  /** The output's data, unchecked. */
  readonly data: unknown;
  readonly isTrusted: boolean;
}

export function Card({ data, isTrusted }: CardProps): JSX.Element {
  const { trans } = useServices();
  const root = useRef<HTMLElement>(null);
  const isVisible = useVisible(root);
  const read = useMemo(() => readBundle(data), [data]);
  const label = read.ok ? trans.__('farcall: %1', titleOf(read.bundle.snapshot)) : trans.__('farcall');
  const callId = read.ok ? read.bundle.call_id : undefined;
  return (
    <section ref={root} className="farcall-Card" aria-label={label} data-call-id={callId} {...OWN_KEYS}>
      <Boundary what={trans.__('This farcall view failed')}>
        {!read.ok && <Note glyph="problem">{trans.__('This output cannot be shown. %1', read.problem)}</Note>}
        {read.ok && read.bundle.kind === 'map' && (
          <LiveMap
            saved={read.bundle.snapshot}
            root={root}
            isVisible={isVisible}
            savedAt={read.bundle.saved_at}
            isTrusted={isTrusted}
          />
        )}
        {read.ok && read.bundle.kind === 'graph' && (
          <GraphCard
            saved={read.bundle.snapshot}
            graph={read.bundle.graph}
            root={root}
            isVisible={isVisible}
            savedAt={read.bundle.saved_at}
            isTrusted={isTrusted}
          />
        )}
        {read.ok && read.bundle.kind === 'call' && (
          <CallCard
            calls={callsOf(read.bundle)}
            root={root}
            isVisible={isVisible}
            savedAt={read.bundle.saved_at}
            isTrusted={isTrusted}
          />
        )}
      </Boundary>
    </section>
  );
}

interface LiveMapProps {
  readonly saved: CallView;
  readonly root: RefObject<HTMLElement | null>;
  readonly isVisible: boolean;
  readonly savedAt: number;
  readonly isTrusted: boolean;
}

function LiveMap({ saved, isVisible, ...options }: LiveMapProps): JSX.Element {
  const source = useSource(saved, { ...options, isVisible });
  return <MapCard source={source} isVisible={isVisible} />;
}
