// A row of tabs as the ARIA practices describe it: one tab stop, arrow keys move and select.

import type { KeyboardEvent, ReactNode } from 'react';
import { useId, useRef } from 'react';
import { OWN_KEYS } from './own-keys';

export interface Tab<T extends string> {
  readonly id: T;
  readonly label: string;
}

export interface TabsProps<T extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<T>[];
  /** Undefined: none is open. */
  readonly selected: T | undefined;
  readonly onSelect: (id: T) => void;
  /** Stands at the end of the row. */
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

export function Tabs<T extends string>({
  label,
  tabs,
  selected,
  onSelect,
  tools,
  children,
}: TabsProps<T>): JSX.Element {
  const base = useId();
  const row = useRef<HTMLDivElement>(null);
  const rowOnKey = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((tab) => tab.id === selected);
    const next = nextTab(event.key, at, tabs.length);
    const target = next === undefined ? undefined : tabs[next];
    if (target === undefined) return;
    event.preventDefault();
    onSelect(target.id);
    row.current?.querySelectorAll<HTMLElement>('[role=tab]')[next ?? 0]?.focus();
  };
  return (
    <div className="farcall-Tabs">
      <div className="farcall-Tabs-bar">
        <div ref={row} className="farcall-Tabs-row" role="tablist" aria-label={label} onKeyDown={rowOnKey}>
          {tabs.map(({ id, label: name }, at) => (
            <button
              key={id}
              type="button"
              {...OWN_KEYS}
              role="tab"
              id={`${base}-${id}`}
              aria-selected={id === selected}
              aria-controls={id === selected ? `${base}-panel` : undefined}
              tabIndex={id === selected || (selected === undefined && at === 0) ? 0 : -1}
              onClick={() => onSelect(id)}
            >
              {name}
            </button>
          ))}
        </div>
        {tools}
      </div>
      {selected !== undefined && (
        <div
          className="farcall-Tabs-panel"
          {...OWN_KEYS}
          role="tabpanel"
          id={`${base}-panel`}
          aria-labelledby={`${base}-${selected}`}
          tabIndex={-1}
        >
          {children}
        </div>
      )}
    </div>
  );
}

function nextTab(key: string, at: number, count: number): number | undefined {
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  const step = Object.hasOwn(STEPS, key) ? STEPS[key] : undefined;
  return step === undefined ? undefined : (at + step + count) % count;
}
