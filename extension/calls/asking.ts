// Asking the kernel from a view: one answer at a time, with its progress and its problem as values to draw.

import { useCallback, useEffect, useRef, useState } from 'react';

export interface Asked<T> {
  readonly answer: T | undefined;
  readonly problem: string;
  readonly isWaiting: boolean;
  ask(question: () => Promise<T>): void;
}

/** The latest question wins: an answer that comes after a newer question is dropped. */
export function useAsked<T>(): Asked<T> {
  const [state, setState] = useState<{ answer: T | undefined; problem: string; isWaiting: boolean }>({
    answer: undefined,
    problem: '',
    isWaiting: false,
  });
  const latest = useRef(0);
  useEffect(() => () => void (latest.current += 1), []);
  const ask = useCallback((question: () => Promise<T>) => {
    const turn = (latest.current += 1);
    const settle = (change: { answer?: T; problem?: string }): void => {
      if (turn === latest.current)
        setState((before) => ({ answer: before.answer, problem: '', ...change, isWaiting: false }));
    };
    setState((before) => ({ ...before, problem: '', isWaiting: true }));
    question().then(
      (answer) => settle({ answer }),
      (error: unknown) => settle({ problem: error instanceof Error ? error.message : String(error) }),
    );
  }, []);
  return { ...state, ask };
}
