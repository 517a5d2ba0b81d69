// Failures, grouped by exception type and user line: "37 × KeyError: 'price' · Cell In[4], line 7", with examples to open.

import type { CallView, FailureGroup } from '@farcall/kernel-bridge/notebook';
import { useState } from 'react';

import { formatCount } from '../model/format';
import { useServices } from './services';
import { OWN_KEYS } from './own-keys';

/** Groups shown before a person asks for all. */
const SHOWN = 3;

export interface FailuresProps {
  readonly call: CallView;
  /** The call has one input: how many failed, and which, says nothing. */
  readonly isSingle?: boolean;
  readonly onOpen: (index: number) => void;
}

export function Failures({ call, isSingle = false, onOpen }: FailuresProps): JSX.Element | null {
  const { trans } = useServices();
  const [isAll, setAll] = useState(false);
  if (call.failures.length === 0) return null;
  const shown = isAll ? call.failures : call.failures.slice(0, SHOWN);
  const hidden = call.failures.length - shown.length;
  return (
    <section className="farcall-Failures" aria-label={trans.__('Failures')}>
      <ul>
        {shown.map((group) => (
          <Group
            key={`${group.kind} ${group.where} ${group.examples[0] ?? ''}`}
            group={group}
            isSingle={isSingle}
            onOpen={onOpen}
          />
        ))}
      </ul>
      {hidden > 0 && (
        <button type="button" {...OWN_KEYS} className="farcall-Link" onClick={() => setAll(true)}>
          {trans._n('%1 more kind of failure', '%1 more kinds of failure', hidden)}
        </button>
      )}
    </section>
  );
}

interface GroupProps extends Required<Pick<FailuresProps, 'isSingle' | 'onOpen'>> {
  readonly group: FailureGroup;
}

function Group({ group, isSingle, onOpen }: GroupProps): JSX.Element {
  const { trans } = useServices();
  return (
    <li className="farcall-Failure">
      {!isSingle && <span className="farcall-Failure-count">{formatCount(group.count)} ×</span>}
      <span
        className="farcall-Failure-what"
        title={group.message === '' ? group.kind : `${group.kind}: ${group.message}`}
      >
        <code className="farcall-Failure-kind">{lastName(group.kind)}</code>
        {group.message !== '' && <code>: {group.message}</code>}
      </span>
      {group.where !== '' && <span className="farcall-Failure-where">{group.where}</span>}
      {!isSingle && (
        <span className="farcall-Failure-examples">
          {[...group.examples]
            .sort((a, b) => a - b)
            .map((index) => (
              <button
                key={index}
                type="button"
                {...OWN_KEYS}
                className="farcall-Link"
                aria-label={trans.__('Open input %1', index)}
                onClick={() => onOpen(index)}
              >
                #{formatCount(index)}
              </button>
            ))}
        </span>
      )}
    </li>
  );
}

/** `builtins.KeyError` → `KeyError`; the qualified name is in the title. */
function lastName(kind: string): string {
  return kind.split('.').at(-1) ?? kind;
}
