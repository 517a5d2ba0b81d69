// Functions and their autoscaler settings, as the kernel tells them; and what a person typed into a form, as settings to
// send. No DOM.

import type { Autoscaling, FunctionView } from '@farcall/kernel-bridge/notebook';

import { amount, fields, list, text, whole } from './reader';

export function parseFunctions(result: unknown): readonly FunctionView[] {
  return list(fields(result, 'functions'), 'functions', { limit: 100, item: parseFunction });
}

export function parseScaling(result: unknown): Autoscaling {
  const of = fields(result, 'scaling');
  return {
    min_containers: whole(of, 'min_containers'),
    max_containers: whole(of, 'max_containers'),
    buffer_containers: whole(of, 'buffer_containers'),
    scaledown_window: amount(of, 'scaledown_window'),
  };
}

export const SETTINGS = ['min_containers', 'max_containers', 'buffer_containers', 'scaledown_window'] as const;
export type Setting = (typeof SETTINGS)[number];
export type Draft = Readonly<Record<Setting, string>>;

export function draftOf(scaling: Autoscaling): Draft {
  return Object.fromEntries(SETTINGS.map((name) => [name, String(scaling[name])])) as Draft;
}

/** What differs from how things are. Numbers only: what they may be, the kernel says. Undefined: one is no number. */
export function changesIn(draft: Draft, scaling: Autoscaling): Partial<Autoscaling> | undefined {
  const changes: Partial<Record<Setting, number>> = {};
  for (const name of SETTINGS) {
    const value = draft[name].trim() === '' ? NaN : Number(draft[name]);
    if (!Number.isFinite(value)) return undefined;
    if (value !== scaling[name]) changes[name] = value;
  }
  return changes;
}

/** Containers now, of all versions and of older ones. */
export function containersOf({ version, containers }: FunctionView): { readonly all: number; readonly older: number } {
  const sum = (some: FunctionView['containers']): number => some.reduce((total, { count }) => total + count, 0);
  return { all: sum(containers), older: sum(containers.filter((one) => one.version !== version)) };
}

export function titleOfFunction({ app, name }: FunctionView): string {
  return app === '' ? name : `${app}.${name}`;
}

function parseFunction(value: unknown): FunctionView {
  const of = fields(value, 'functions');
  return {
    app: text(of, 'app', 200),
    name: text(of, 'name', 200),
    version: text(of, 'version', 100),
    containers: list(of, 'containers', { limit: 100, item: parseVersion }),
    ...(of['scaling'] === undefined ? {} : { scaling: parseScaling(of['scaling']) }),
  };
}

function parseVersion(value: unknown): FunctionView['containers'][number] {
  const of = fields(value, 'containers');
  return { version: text(of, 'version', 100), count: whole(of, 'count') };
}
