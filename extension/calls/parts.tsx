// Small pieces that every card is put together from.

import type { CallView } from '@farcall/kernel-bridge/notebook';
import type { MouseEvent, ReactNode } from 'react';
import { Component } from 'react';

import type { StateWord } from '../model/state';
import { stateLabel } from '../model/state';
import { Glyph, StateIcon } from './icons';
import { useServices } from './services';
import { OWN_KEYS } from './own-keys';

export interface ButtonProps {
  readonly label: string;
  readonly onClick: (event: MouseEvent<HTMLElement>) => void;
  readonly title?: string;
  readonly isDisabled?: boolean;
  /** Stands out: what most people want to do next. */
  readonly isMain?: boolean;
}

export function Button({ label, onClick, title, isDisabled = false, isMain = false }: ButtonProps): JSX.Element {
  const look = isMain ? 'farcall-Button farcall-mod-main' : 'farcall-Button';
  return (
    <button type="button" {...OWN_KEYS} className={look} title={title} disabled={isDisabled} onClick={onClick}>
      {label}
    </button>
  );
}

export function StateText({ state }: { readonly state: StateWord }): JSX.Element {
  const { trans } = useServices();
  return (
    <span className="farcall-StateText" data-state={state}>
      <StateIcon state={state} />
      {stateLabel(state, trans)}
    </span>
  );
}

export interface NoteProps {
  readonly glyph: 'waiting' | 'unplugged' | 'problem';
  readonly children: ReactNode;
}

/** One line that explains something: why it waits, as of when it is, what went wrong. */
export function Note({ glyph, children }: NoteProps): JSX.Element {
  return (
    <div className="farcall-Note" data-kind={glyph} role={glyph === 'problem' ? 'alert' : undefined}>
      <Glyph name={glyph} />
      <span className="farcall-Note-text">{children}</span>
    </div>
  );
}

/** Why nothing moves, as the runtime says it. */
export function Waiting({ call }: { readonly call: CallView }): JSX.Element {
  const { trans } = useServices();
  return <Note glyph="waiting">{trans.__('Waiting: %1', call.waiting)}</Note>;
}

interface BoundaryProps {
  readonly what: string;
  readonly children: ReactNode;
}

/** An error inside shows in its place, names what failed, and leaves the rest working. */
export class Boundary extends Component<BoundaryProps, { readonly problem: string }> {
  override state = { problem: '' };

  static getDerivedStateFromError(error: unknown): { readonly problem: string } {
    return { problem: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.problem === '') return this.props.children;
    return (
      <Note glyph="problem">
        {this.props.what}: {this.state.problem}
      </Note>
    );
  }
}
