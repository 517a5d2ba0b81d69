// The table of inputs: the grid's accessible twin, always there. Paged by the kernel, failures first, filtered by state.

import type { CallView, InputRow } from '@farcall/kernel-bridge/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useCallback, useEffect, useState } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import { parseRows } from '../model/bridge-event';
import { formatCount, formatDuration, NOTHING, shortId } from '../model/format';
import type { Members } from '../model/grid';
import type { Filter, Page, Place } from '../model/pages';
import { FILTERS, readMembers, readPage, START } from '../model/pages';
import { asStateWord, stateLabel } from '../model/state';
import { useAsked } from './asking';
import { InputLink } from './input-link';
import { useHasLabels, useLabels } from './labelling';
import { Button, Note, StateText } from './parts';
import { useServices } from './services';
import { OWN_KEYS } from './own-keys';

export interface InputTableProps {
  readonly call: CallView;
  readonly bridge: KernelBridge | undefined;
  /** Only the inputs of one bin of the grid. */
  readonly members: Members | undefined;
  readonly onClearMembers: () => void;
  readonly onOpen: (index: number) => void;
}

export function InputTable({ call, bridge, members, onClearMembers, onOpen }: InputTableProps): JSX.Element {
  const { trans } = useServices();
  const [filter, setFilter] = useState<Filter>('all');
  const [places, setPlaces] = useState<readonly Place[]>([START]);
  const { answer, problem, isWaiting, ask } = useAsked<Page>();
  const callId = call.call_id;
  const load = useCallback(() => {
    const read = async (states: readonly string[], first: number, limit: number) =>
      parseRows(await askBridge(bridge, trans).ask({ intent: 'rows', call_id: callId, states, first, limit }));
    ask(() => (members === undefined ? readPage(filter, places.at(-1) ?? START, read) : readMembers(members, read)));
  }, [ask, bridge, callId, filter, places, members, trans]);
  useEffect(load, [load]);

  const filterOnChange = (chosen: Filter): void => {
    setFilter(chosen);
    setPlaces([START]);
  };
  return (
    <div className="farcall-Table">
      <div className="farcall-Table-tools">
        {members === undefined ? (
          <FilterChoice filter={filter} onChange={filterOnChange} />
        ) : (
          <Button
            label={trans.__('%1 ✕', membersText(members, trans))}
            title={trans.__('Show all inputs')}
            onClick={onClearMembers}
          />
        )}
        <Button label={trans.__('Refresh')} onClick={load} isDisabled={isWaiting} />
      </div>
      {problem !== '' && <Note glyph="problem">{problem}</Note>}
      {answer !== undefined && <Rows rows={answer.rows} onOpen={onOpen} isStale={isWaiting} />}
      {members === undefined && answer !== undefined && (
        <Pager
          page={places.length}
          next={answer.next}
          isWaiting={isWaiting}
          onTurn={(turn) => setPlaces(turn(places))}
        />
      )}
    </div>
  );
}

/** The bridge, or a sentence that says why there is none. */
export function askBridge(bridge: KernelBridge | undefined, trans: TranslationBundle): KernelBridge {
  if (bridge === undefined) throw new Error(trans.__('No kernel that knows this call is connected. Reconnect first.'));
  return bridge;
}

function FilterChoice({
  filter,
  onChange,
}: {
  readonly filter: Filter;
  readonly onChange: (chosen: Filter) => void;
}): JSX.Element {
  const { trans } = useServices();
  const label = (choice: Filter): string =>
    choice === 'all' ? trans.__('all, failures first') : stateLabel(asStateWord(choice), trans);
  return (
    <label className="farcall-Table-filter">
      <span>{trans.__('Show')}</span>
      <select
        {...OWN_KEYS}
        value={filter}
        onChange={(event) => onChange(FILTERS.find((known) => known === event.target.value) ?? 'all')}
      >
        {FILTERS.map((choice) => (
          <option key={choice} value={choice}>
            {label(choice)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface RowsProps {
  readonly rows: readonly InputRow[];
  readonly onOpen: (index: number) => void;
  readonly isStale: boolean;
}

function Rows({ rows, onOpen, isStale }: RowsProps): JSX.Element {
  const { trans } = useServices();
  const label = useLabels(rows.map(({ index }) => index));
  const hasLabels = useHasLabels();
  if (rows.length === 0) return <p className="farcall-Empty">{trans.__('No inputs in this state.')}</p>;
  return (
    <div className="farcall-Table-scroll" aria-busy={isStale}>
      <table>
        <thead>
          <tr>
            <th scope="col" className="farcall-mod-number">
              {trans.__('Input')}
            </th>
            {hasLabels && <th scope="col">{trans.__('Label')}</th>}
            <th scope="col">{trans.__('State')}</th>
            <th scope="col" className="farcall-mod-number">
              {trans.__('Attempt')}
            </th>
            <th scope="col" className="farcall-mod-number">
              {trans.__('Took')}
            </th>
            <th scope="col">{trans.__('Error')}</th>
            <th scope="col">{trans.__('Container')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.index} row={row} label={hasLabels ? label(row.index) : undefined} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly row: InputRow;
  /** Undefined: inputs have none. */
  readonly label: string | undefined;
  readonly onOpen: (index: number) => void;
}

function Row({ row, label, onOpen }: RowProps): JSX.Element {
  return (
    <tr onClick={() => onOpen(row.index)}>
      <th scope="row" className="farcall-mod-number">
        <InputLink index={row.index} onOpen={onOpen} />
      </th>
      {label !== undefined && (
        <td className="farcall-Table-label" title={label}>
          {label === '' ? NOTHING : label}
        </td>
      )}
      <td>
        <StateText state={asStateWord(row.state)} />
      </td>
      <td className="farcall-mod-number">{row.attempt || NOTHING}</td>
      <td className="farcall-mod-number">{row.seconds > 0 ? formatDuration(row.seconds) : NOTHING}</td>
      <td className="farcall-Table-error" title={row.error}>
        {row.error === '' ? NOTHING : <code>{row.error}</code>}
      </td>
      <td title={row.container_id}>{row.container_id === '' ? NOTHING : <code>{shortId(row.container_id)}</code>}</td>
    </tr>
  );
}

interface PagerProps {
  readonly page: number;
  readonly next: Place | undefined;
  readonly isWaiting: boolean;
  readonly onTurn: (turn: (places: readonly Place[]) => readonly Place[]) => void;
}

function Pager({ page, next, isWaiting, onTurn }: PagerProps): JSX.Element | null {
  const { trans } = useServices();
  if (page === 1 && next === undefined) return null;
  return (
    <nav className="farcall-Pager" aria-label={trans.__('Pages')}>
      <Button
        label={trans.__('Previous')}
        isDisabled={page === 1 || isWaiting}
        onClick={() => onTurn((places) => places.slice(0, -1))}
      />
      <span>{trans.__('Page %1', formatCount(page))}</span>
      <Button
        label={trans.__('Next')}
        isDisabled={next === undefined || isWaiting}
        onClick={() => onTurn((places) => (next === undefined ? places : [...places, next]))}
      />
    </nav>
  );
}

function membersText({ first, count }: Members, trans: TranslationBundle): string {
  return trans.__('Inputs %1 to %2', formatCount(first), formatCount(first + count - 1));
}
