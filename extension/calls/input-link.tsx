// The number of an input, as a button that opens it: in the table, in the failures, among the slowest.

import type { MouseEvent } from 'react';

import { formatCount } from '../model/format';
import { OWN_KEYS } from './own-keys';
import { useServices } from './services';

export interface InputLinkProps {
  readonly index: number;
  /** Where nothing else says that it is the number of an input: `#412`. */
  readonly isMarked?: boolean;
  readonly onOpen: (index: number) => void;
}

export function InputLink({ index, isMarked = false, onOpen }: InputLinkProps): JSX.Element {
  const { trans } = useServices();
  const linkOnClick = (event: MouseEvent): void => {
    // The row of a table opens its input too.
    event.stopPropagation();
    onOpen(index);
  };
  return (
    <button
      type="button"
      {...OWN_KEYS}
      className="farcall-Link"
      aria-label={trans.__('Open input %1', index)}
      onClick={linkOnClick}
    >
      {isMarked ? `#${formatCount(index)}` : formatCount(index)}
    </button>
  );
}
