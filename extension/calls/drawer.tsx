// The drawer: all of one input at a fixed height, so that opening and paging never moves the notebook. Opens only when
// asked; Esc closes it and gives the focus back.

import type { CallView, InputDetail } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { KeyboardEvent } from 'react';
import { useCallback, useEffect, useRef, useState } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import { parseDetail } from '../model/bridge-event';
import { formatCount, formatDuration, shortId } from '../model/format';
import { asStateWord } from '../model/state';
import { useAsked } from './asking';
import { Glyph } from './icons';
import { useInsert } from './insert';
import { useLabels } from './labelling';
import { MimeOutput } from './mime-output';
import { Boundary, Button, Note, StateText } from './parts';
import { useServices } from './services';
import { askBridge } from './table';
import { Tabs } from './tabs';
import { Traceback } from './traceback';
import { OWN_KEYS } from './own-keys';

export interface DrawerProps {
  readonly call: CallView;
  readonly index: number;
  readonly bridge: KernelBridge | undefined;
  readonly onClose: () => void;
  readonly onStep: (index: number) => void;
}

export function Drawer({ call, index, bridge, onClose, onStep }: DrawerProps): JSX.Element {
  const { trans } = useServices();
  const root = useRef<HTMLElement>(null);
  const { answer, problem, isWaiting, ask } = useAsked<InputDetail>();
  const callId = call.call_id;
  const load = useCallback(() => {
    ask(async () => parseDetail(await askBridge(bridge, trans).ask({ intent: 'input', call_id: callId, index })));
  }, [ask, bridge, callId, index, trans]);
  useEffect(load, [load]);
  useEffect(() => root.current?.focus({ preventScroll: true }), []);

  const drawerOnKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  const detail = answer?.row.index === index ? answer : undefined;
  return (
    <section
      ref={root}
      {...OWN_KEYS}
      className="farcall-Drawer"
      tabIndex={-1}
      aria-label={trans.__('Input %1', formatCount(index))}
      aria-busy={isWaiting}
      onKeyDown={drawerOnKey}
    >
      <DrawerHead call={call} index={index} bridge={bridge} detail={detail} onClose={onClose} onStep={onStep} />
      {problem !== '' && (
        <Note glyph="problem">
          {problem} <Button label={trans.__('Try again')} onClick={load} />
        </Note>
      )}
      {detail !== undefined && <Detail key={index} detail={detail} />}
      {detail === undefined && problem === '' && <p className="farcall-Empty">{trans.__('Asking the container…')}</p>}
    </section>
  );
}

type HeadProps = DrawerProps & { readonly detail: InputDetail | undefined };

function DrawerHead({ call, index, bridge, detail, onClose, onStep }: HeadProps): JSX.Element {
  const { trans } = useServices();
  const insert = useInsert(call, bridge);
  const label = useLabels([index])(index);
  return (
    <header className="farcall-Drawer-head">
      <span className="farcall-Drawer-title">{trans.__('Input %1', formatCount(index))}</span>
      {label !== '' && (
        <span className="farcall-Drawer-label" title={label}>
          {label}
        </span>
      )}
      {detail !== undefined && <StateText state={asStateWord(detail.row.state)} />}
      {detail !== undefined && <span className="farcall-Drawer-facts">{factsOf(detail, trans)}</span>}
      <span className="farcall-Drawer-tools">
        {insert !== undefined && (
          <Button
            label={trans.__('Open row %1 here', formatCount(index))}
            title={trans.__('Inserts a cell below that runs this input in the notebook')}
            onClick={(event) => insert(event.currentTarget, { what: 'row', index })}
          />
        )}
        <Icon
          label={trans.__('Previous input')}
          glyph="previous"
          isDisabled={index === 0}
          onClick={() => onStep(index - 1)}
        />
        <Icon
          label={trans.__('Next input')}
          glyph="next"
          isDisabled={index + 1 >= call.inputs}
          onClick={() => onStep(index + 1)}
        />
        <Icon label={trans.__('Close (Esc)')} glyph="close" isDisabled={false} onClick={onClose} />
      </span>
    </header>
  );
}

interface IconProps {
  readonly label: string;
  readonly glyph: 'previous' | 'next' | 'close';
  readonly isDisabled: boolean;
  readonly onClick: () => void;
}

function Icon({ label, glyph, isDisabled, onClick }: IconProps): JSX.Element {
  return (
    <button
      type="button"
      {...OWN_KEYS}
      className="farcall-IconButton"
      aria-label={label}
      title={label}
      disabled={isDisabled}
      onClick={onClick}
    >
      <Glyph name={glyph} />
    </button>
  );
}

type Part = 'arguments' | 'result' | 'traceback' | 'output';

/** What a person most likely came for stands first. */
function firstPart(detail: InputDetail): Part {
  if (detail.traceback !== '') return 'traceback';
  return Object.keys(detail.result).length > 0 ? 'result' : 'arguments';
}

function Detail({ detail }: { readonly detail: InputDetail }): JSX.Element {
  const { trans } = useServices();
  const [part, setPart] = useState<Part>(() => firstPart(detail));
  const labels: Readonly<Record<Part, string>> = {
    arguments: trans.__('Arguments'),
    result: trans.__('Result'),
    traceback: trans.__('Traceback'),
    output: trans.__('Output'),
  };
  const has: Readonly<Record<Part, boolean>> = {
    arguments: true,
    result: detail.traceback === '',
    traceback: detail.traceback !== '',
    output: true,
  };
  const parts = (['arguments', 'result', 'traceback', 'output'] as const).filter((name) => has[name]);
  return (
    <Tabs
      label={trans.__('Parts of the input')}
      tabs={parts.map((id) => ({ id, label: labels[id] }))}
      selected={part}
      onSelect={setPart}
    >
      <Boundary what={labels[part]}>
        <PartContent part={part} detail={detail} />
      </Boundary>
    </Tabs>
  );
}

function PartContent({ part, detail }: { readonly part: Part; readonly detail: InputDetail }): JSX.Element {
  const { trans } = useServices();
  const isBlank: Readonly<Record<Part, boolean>> = {
    arguments: Object.keys(detail.arguments).length === 0,
    result: Object.keys(detail.result).length === 0,
    traceback: detail.traceback === '',
    output: detail.output === '',
  };
  if (isBlank[part]) return <p className="farcall-Empty">{blankText(part, detail, trans)}</p>;
  if (part === 'traceback') return <Traceback text={detail.traceback} />;
  if (part === 'output') return <pre className="farcall-Text">{detail.output}</pre>;
  return <MimeOutput bundle={detail[part]} />;
}

function blankText(part: Part, detail: InputDetail, trans: TranslationBundle): string {
  if (part === 'output') return trans.__('It printed nothing.');
  if (part === 'arguments') return trans.__('No preview of the arguments.');
  return detail.row.state === 'succeeded' ? trans.__('No preview of the result.') : trans.__('No result yet.');
}

function factsOf({ row }: InputDetail, trans: TranslationBundle): string {
  const facts = [
    row.attempt > 1 ? trans.__('attempt %1', row.attempt) : '',
    row.seconds > 0 ? formatDuration(row.seconds) : '',
    row.container_id === '' ? '' : shortId(row.container_id),
  ];
  return facts.filter((fact) => fact !== '').join(' · ');
}
