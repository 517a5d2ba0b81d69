// A CallGraph as a cell's value: the root call's head, and the graph of its whole tree.

import type { CallView, GraphView } from '@farcall/kernel-bridge/notebook';
import type { RefObject } from 'react';

import { Graph } from './graph';
import { Head } from './head';
import { Saved } from './saved';
import { useSource } from './source';

export interface GraphCardProps {
  readonly saved: CallView;
  /** As the notebook holds it. */
  readonly graph: GraphView | undefined;
  readonly root: RefObject<HTMLElement | null>;
  readonly isVisible: boolean;
  readonly savedAt: number;
  readonly isTrusted: boolean;
}

export function GraphCard({ saved, graph, ...options }: GraphCardProps): JSX.Element {
  const source = useSource(saved, options);
  const connected = source.isConnected ? source.bridge : undefined;
  return (
    <>
      <Head source={source} isVisible={options.isVisible} />
      <Saved source={source} />
      <Graph call={source.call} bridge={connected} isVisible={options.isVisible} saved={graph} />
    </>
  );
}
