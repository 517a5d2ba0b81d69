// The card of one map: head, bar, why it waits, failures, then what a person opens: its inputs, a table, the output.

import type { TranslationBundle } from '@jupyterlab/translation';
import { useCallback, useRef, useState } from 'react';

import { formatCount } from '../model/format';
import type { Members } from '../model/grid';
import { LIST_LIMIT } from '../model/grid';
import { isFinal } from '../model/state';
import { Actions } from './actions';
import { Announcer } from './announcer';
import { Bar, Legend } from './bar';
import { Drawer } from './drawer';
import { Failures } from './failures';
import { Graph } from './graph';
import { Grid } from './grid';
import { Head } from './head';
import { InputList } from './input-list';
import { LabellingProvider, useLabelling } from './labelling';
import { OutputText } from './output';
import { Boundary, Button, Waiting } from './parts';
import { Saved } from './saved';
import { useServices } from './services';
import type { Source } from './source';
import { InputTable } from './table';
import type { Tab } from './tabs';
import { Tabs } from './tabs';
import { Times } from './times';

export interface CardProps {
  readonly source: Source;
  readonly isVisible: boolean;
}

type View = 'inputs' | 'table' | 'output' | 'times' | 'graph';

export function MapCard({ source, isVisible }: CardProps): JSX.Element {
  const { trans } = useServices();
  const { call } = source;
  const [view, setView] = useState<View>('inputs');
  const [members, setMembers] = useState<Members>();
  const drawer = useDrawer();
  const labelling = useLabelling(source);
  const openMembers = (opened: Members): void => {
    if (opened.count <= 1) return drawer.open(opened.first);
    setMembers(opened);
    setView('table');
  };
  const connected = source.isConnected ? source.bridge : undefined;
  return (
    <LabellingProvider value={labelling}>
      <Head source={source} isVisible={isVisible} />
      <Bar call={call} />
      <Legend call={call} />
      {call.waiting !== '' && !isFinal(call) && source.isConnected && <Waiting call={call} />}
      <Saved source={source} />
      {source.isAgain && <Again source={source} />}
      <Boundary what={trans.__('The failures cannot be shown')}>
        <Failures key={call.call_id} call={call} bridge={connected} onOpen={drawer.open} />
      </Boundary>
      <Tabs
        label={trans.__('Views of the map')}
        tabs={viewTabs(source.live?.related === true, trans)}
        selected={view}
        onSelect={(chosen) => {
          setView(chosen);
          setMembers(undefined);
        }}
        tools={<Actions call={call} bridge={connected} />}
      >
        <Boundary what={trans.__('This view cannot be shown')}>
          {view === 'inputs' && <Inputs source={source} onOpen={openMembers} />}
          {view === 'table' && (
            <InputTable
              key={call.call_id}
              call={call}
              bridge={source.bridge}
              members={members}
              onClearMembers={() => setMembers(undefined)}
              onOpen={drawer.open}
            />
          )}
          {view === 'output' && <OutputText call={call} bridge={source.bridge} />}
          {view === 'times' && <Times call={call} bridge={connected} onOpen={drawer.open} />}
          {view === 'graph' && <Graph key={call.call_id} call={call} bridge={connected} isVisible={isVisible} />}
        </Boundary>
      </Tabs>
      {drawer.index !== undefined && (
        <Boundary key={call.call_id} what={trans.__('The input cannot be shown')}>
          <Drawer call={call} index={drawer.index} bridge={source.bridge} onClose={drawer.close} onStep={drawer.step} />
        </Boundary>
      )}
      <Announcer call={call} />
    </LabellingProvider>
  );
}

/** `hasGraph`: it opened calls, or is one that another call opened. */
function viewTabs(hasGraph: boolean, trans: TranslationBundle): readonly Tab<View>[] {
  return [
    { id: 'inputs', label: trans.__('Inputs') },
    { id: 'table', label: trans.__('Table') },
    { id: 'output', label: trans.__('Output') },
    { id: 'times', label: trans.__('Times') },
    ...(hasGraph ? [{ id: 'graph', label: trans.__('Graph') } as const] : []),
  ];
}

/** The card shows a later call over some of the map's inputs; its other inputs are a click away. */
function Again({ source }: { readonly source: Source }): JSX.Element {
  const { trans } = useServices();
  const { inputs } = source.call;
  return (
    <p className="farcall-Again">
      {trans._n('Only the input that runs again.', 'Only the %2 inputs that run again.', inputs, formatCount(inputs))}{' '}
      <Button label={trans.__('Back to the whole map')} onClick={source.leave} />
    </p>
  );
}

interface InputsProps {
  readonly source: Source;
  readonly onOpen: (members: Members) => void;
}

function Inputs({ source, onOpen }: InputsProps): JSX.Element {
  const { trans } = useServices();
  const { live } = source;
  if (live === undefined)
    return (
      <p className="farcall-Empty">{trans.__('The inputs are not saved in the notebook; reconnect to see them.')}</p>
    );
  if (live.cells === '') {
    const isEmpty = live.inputs === 0 && isFinal(live);
    return (
      <p className="farcall-Empty">
        {isEmpty ? trans.__('This map had no inputs.') : trans.__('No inputs to show yet.')}
      </p>
    );
  }
  if (live.cell === 1 && live.cells.length <= LIST_LIMIT)
    return <InputList call={live} onOpen={(index) => onOpen({ first: index, count: 1 })} />;
  return <Grid call={live} onOpen={onOpen} />;
}

interface DrawerState {
  readonly index: number | undefined;
  open(index: number): void;
  step(index: number): void;
  close(): void;
}

/** Which input is open, and where the focus goes back to. */
function useDrawer(): DrawerState {
  const [index, setIndex] = useState<number>();
  const opener = useRef<Element | null>(null);
  const open = useCallback((opened: number) => {
    opener.current = document.activeElement;
    setIndex(opened);
  }, []);
  const close = useCallback(() => {
    setIndex(undefined);
    if (opener.current instanceof HTMLElement && opener.current.isConnected)
      opener.current.focus({ preventScroll: true });
  }, []);
  return { index, open, step: setIndex, close };
}
