// How views get the labels of inputs: the card says which kernel knows those of its call, and whatever shows an input asks
// for its label by number. Without labels, or without that kernel, everything is called by its number.

import { createContext, useContext, useEffect, useMemo, useReducer } from 'react';

import type { Labels } from '../model/labels';
import type { Source } from './source';

interface Labelling {
  readonly callId: string;
  /** Undefined: the call has none, or nobody here knows them. */
  readonly labels: Labels | undefined;
}

const LabellingContext = createContext<Labelling>({ callId: '', labels: undefined });

export const LabellingProvider = LabellingContext.Provider;

export function useLabelling({ live, isConnected, bridge }: Source): Labelling {
  const labels = live?.labels === true && isConnected ? bridge?.labels : undefined;
  const callId = live?.call_id ?? '';
  return useMemo(() => ({ callId, labels }), [callId, labels]);
}

/** Labels by index, '' for none. Those of `indexes` are asked for, after they were shown for so long. */
export function useLabels(indexes: readonly number[], delayMs = 0): (index: number) => string {
  const { callId, labels } = useContext(LabellingContext);
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const wanted = labels === undefined ? '' : indexes.join(' ');
  useEffect(() => {
    if (labels === undefined || wanted === '') return undefined;
    const timer = setTimeout(() => labels.want(callId, wanted.split(' ').map(Number)), delayMs);
    const labelsOnChange = (_: Labels, changed: string): void => {
      if (changed === callId) draw();
    };
    labels.changed.connect(labelsOnChange);
    return () => {
      clearTimeout(timer);
      labels.changed.disconnect(labelsOnChange);
    };
  }, [labels, callId, wanted, delayMs]);
  return (index) => labels?.get(callId, index) ?? '';
}

/** Whether inputs of this card may have labels: a table has a column for them then. */
export function useHasLabels(): boolean {
  return useContext(LabellingContext).labels !== undefined;
}
