// Failures, grouped by exception type and user line: "37 × KeyError: 'price' · Cell In[4], line 7", with examples to open.

import type { CallView, FailureGroup } from '@farcall/kernel-bridge/notebook';
import { useState } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import { formatCount } from '../model/format';
import { isFinal, isMap } from '../model/state';
import { useAction } from './actions';
import { InputLink } from './input-link';
import { OWN_KEYS } from './own-keys';
import { Button, Note } from './parts';
import { useServices } from './services';

/** Groups shown before a person asks for all. */
const SHOWN = 3;

export interface FailuresProps {
  readonly call: CallView;
  /** The call has one input: how many failed, and which, says nothing. */
  readonly isSingle?: boolean;
  /** The kernel that can run a group again; undefined: that is not offered. */
  readonly bridge?: KernelBridge | undefined;
  readonly onOpen: (index: number) => void;
}

export function Failures({ call, isSingle = false, bridge, onOpen }: FailuresProps): JSX.Element | null {
  const { trans } = useServices();
  const [isAll, setAll] = useState(false);
  const { isWaiting, problem, run } = useAction(call, bridge);
  const canRetry = bridge?.knows('retry') === true && isMap(call) && isFinal(call);
  const retry = (index: number): void => run({ intent: 'retry', call_id: call.call_id, index });
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
            onRetry={canRetry && isOneKind(group) ? retry : undefined}
            isWaiting={isWaiting}
          />
        ))}
      </ul>
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
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
  /** Runs again what failed as this input did; undefined where that cannot be done. */
  readonly onRetry: ((index: number) => void) | undefined;
  readonly isWaiting: boolean;
}

function Group({ group, isSingle, onOpen, onRetry, isWaiting }: GroupProps): JSX.Element {
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
      {!isSingle && <Examples indexes={group.examples} onOpen={onOpen} />}
      {onRetry !== undefined && (
        <Button
          label={trans._n('Retry this', 'Retry these', group.count)}
          title={trans.__('Runs only the inputs that failed in this way again, with the function as it is now')}
          isDisabled={isWaiting}
          onClick={() => onRetry(group.examples[0] ?? 0)}
        />
      )}
    </li>
  );
}

function Examples({
  indexes,
  onOpen,
}: Pick<FailuresProps, 'onOpen'> & { readonly indexes: readonly number[] }): JSX.Element {
  return (
    <span className="farcall-Failure-examples">
      {[...indexes]
        .sort((a, b) => a - b)
        .map((index) => (
          <InputLink key={index} index={index} isMarked onOpen={onOpen} />
        ))}
    </span>
  );
}

/** The last group holds all kinds for which there was no room; its inputs have nothing in common. */
function isOneKind({ kind, where, examples }: FailureGroup): boolean {
  return examples.length > 0 && !(kind === 'other' && where === '');
}

/** `builtins.KeyError` → `KeyError`; the qualified name is in the title. */
function lastName(kind: string): string {
  return kind.split('.').at(-1) ?? kind;
}
