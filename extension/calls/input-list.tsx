// Up to 20 inputs as a labelled list: a button each, with its state in words.

import type { LiveCall } from '@farcall/kernel-bridge/notebook';

import { stateOfLetter } from '../model/state';
import { useHasLabels, useLabels } from './labelling';
import { StateText } from './parts';
import { useServices } from './services';
import { OWN_KEYS } from './own-keys';

export interface InputListProps {
  readonly call: LiveCall;
  readonly onOpen: (index: number) => void;
}

export function InputList({ call, onOpen }: InputListProps): JSX.Element {
  const { trans } = useServices();
  const label = useLabels([...call.cells].map((_, index) => index));
  const hasLabels = useHasLabels();
  return (
    <ul className="farcall-InputList" data-labels={hasLabels} aria-label={trans.__('Inputs')}>
      {[...call.cells].map((letter, index) => (
        <li key={index}>
          <button type="button" {...OWN_KEYS} className="farcall-InputList-item" onClick={() => onOpen(index)}>
            <span className="farcall-InputList-index">#{index}</span>
            {label(index) !== '' && (
              <span className="farcall-InputList-label" title={label(index)}>
                {label(index)}
              </span>
            )}
            <StateText state={stateOfLetter(letter)} />
          </button>
        </li>
      ))}
    </ul>
  );
}
