// The sidebar's section Functions: each with its version, its containers now, and the autoscaler's numbers, which a person
// edits in place. What the kernel refuses shows in the form.

import type { Autoscaling, FunctionView } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { FormEvent, KeyboardEvent } from 'react';
import { useEffect, useRef, useState } from 'react';

import { useAsked } from '../calls/asking';
import { OWN_KEYS } from '../calls/own-keys';
import { Button, Note } from '../calls/parts';
import { useServices } from '../calls/services';
import { formatCount, formatDuration, shortId } from '../model/format';
import type { Draft, Setting } from '../model/functions';
import { changesIn, containersOf, draftOf, SETTINGS, titleOfFunction } from '../model/functions';
import type { PanelModel } from './model';
import { inLine, usePanel } from './sections';

export function FunctionsSection({ model }: { readonly model: PanelModel }): JSX.Element {
  usePanel(model);
  const { trans } = useServices();
  const { functions } = model;
  if (functions === undefined || functions.length === 0) {
    const isOlder = functions === undefined && model.runtime !== undefined;
    return (
      <p className="farcall-Panel farcall-Empty">
        {isOlder
          ? trans.__('This kernel runs an older farcall that does not list functions.')
          : trans.__('Functions appear here when a cell defines one.')}
      </p>
    );
  }
  return (
    <ul className="farcall-Panel farcall-List" aria-label={trans.__('Functions')}>
      {functions.map((one) => (
        <FunctionItem key={`${one.app}/${one.name}`} model={model} of={one} />
      ))}
    </ul>
  );
}

interface ItemProps {
  readonly model: PanelModel;
  readonly of: FunctionView;
}

function FunctionItem({ model, of }: ItemProps): JSX.Element {
  const { trans } = useServices();
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLSpanElement>(null);
  const close = (): void => {
    setOpen(false);
    opener.current?.querySelector('button')?.focus();
  };
  return (
    <li className="farcall-Item">
      <span className="farcall-Item-title">
        <code>{titleOfFunction(of)}</code>
        {of.version !== '' && (
          <span className="farcall-Item-id" title={of.version}>
            {shortId(of.version)}
          </span>
        )}
      </span>
      <span className="farcall-Item-detail farcall-mod-flush">{inLine(detailsOf(of, trans))}</span>
      {of.scaling !== undefined && (
        <span ref={opener} className="farcall-Item-tools">
          <Button
            label={trans.__('Scale')}
            title={trans.__('How many containers there are')}
            onClick={() => setOpen(!isOpen)}
          />
        </span>
      )}
      {isOpen && of.scaling !== undefined && <ScaleForm model={model} of={of} scaling={of.scaling} onClose={close} />}
    </li>
  );
}

function detailsOf(of: FunctionView, trans: TranslationBundle): readonly string[] {
  const { all, older } = containersOf(of);
  const { scaling } = of;
  return [
    trans._n('%2 container', '%2 containers', all, formatCount(all)),
    older === 0 ? '' : trans.__('%1 of an older version', formatCount(older)),
    scaling === undefined ? trans.__('not run yet') : rangeText(scaling, trans),
  ];
}

function rangeText(scaling: Autoscaling, trans: TranslationBundle): string {
  const { min_containers: min, max_containers: max, buffer_containers: buffer, scaledown_window: window } = scaling;
  const range =
    max === 0 ? trans.__('%1 or more', formatCount(min)) : trans.__('%1 to %2', formatCount(min), formatCount(max));
  const spare = buffer === 0 ? '' : trans.__(', %1 spare', formatCount(buffer));
  return trans.__('%1%2, idle for %3', range, spare, formatDuration(window));
}

interface FormProps extends ItemProps {
  readonly scaling: Autoscaling;
  readonly onClose: () => void;
}

function ScaleForm({ model, of, scaling, onClose }: FormProps): JSX.Element {
  const { trans } = useServices();
  const [draft, setDraft] = useState<Draft>(() => draftOf(scaling));
  const { isWaiting, problem, ask } = useAsked<null>();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const changes = changesIn(draft, scaling);
  const formOnSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (changes === undefined) return;
    ask(async () => {
      if (Object.keys(changes).length > 0) await model.scale(of, changes);
      onClose();
      return null;
    });
  };
  const formOnKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  const labels = labelsOf(trans);
  return (
    <form className="farcall-Scale" aria-label={labels.form} onSubmit={formOnSubmit} onKeyDown={formOnKey}>
      {SETTINGS.map((name, at) => (
        <label key={name}>
          <span>{labels[name]}</span>
          <input
            {...OWN_KEYS}
            ref={at === 0 ? first : undefined}
            type="number"
            min={0}
            step={name === 'scaledown_window' ? 'any' : 1}
            value={draft[name]}
            onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
          />
        </label>
      ))}
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
      <span className="farcall-Scale-tools">
        <button
          type="submit"
          {...OWN_KEYS}
          className="farcall-Button farcall-mod-main"
          disabled={changes === undefined || isWaiting}
        >
          {trans.__('Apply')}
        </button>
        <Button label={trans.__('Close')} onClick={onClose} />
      </span>
    </form>
  );
}

function labelsOf(trans: TranslationBundle): Readonly<Record<Setting | 'form', string>> {
  return {
    form: trans.__('Autoscaler'),
    min_containers: trans.__('At least'),
    max_containers: trans.__('At most (0: no limit)'),
    buffer_containers: trans.__('Spare'),
    scaledown_window: trans.__('Idle for, seconds'),
  };
}
