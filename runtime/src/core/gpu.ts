// What a function's gpu option asks for, and which GPUs of an inventory satisfy it: whole ones, or a declared share of one.
// Shares are claims, like cores: containers share a GPU as long as their shares add up to at most 1.

import type { Gpu } from '@farcall/kernel-bridge/wire';

export interface GpuChoice {
  /** `any`, or tokens of what nvidia-smi calls it; empty: without a GPU. */
  readonly name: string;
  readonly count: number;
  /** Of each of them: 1, or less for a part of one. */
  readonly share: number;
}
/** GPUs by uuid, and how much of each. */
export interface Held {
  readonly gpus: readonly string[];
  readonly share: number;
}
export interface Part {
  readonly gpu: Gpu;
  /** From 0 to 1. */
  readonly free: number;
}

export const WITHOUT: Held = { gpus: [], share: 1 };
/** Sums of shares such as 0.1 are not exact. */
const SLACK = 1e-6;

/** `"H100:2"` → two of H100; `"H100:0.5"` → half of one; `""` → without. */
export function choiceOf(text: string): GpuChoice {
  const [given = '', amount = '1'] = text.split(':');
  const name = given.trim();
  if (name === '') return { name, count: 0, share: 1 };
  const number = Number(amount);
  if (number > 0 && number < 1) return { name, count: 1, share: number };
  return { name, count: Math.max(1, Math.trunc(number) || 1), share: 1 };
}

/** What the first choice that `parts` satisfies gets. Several are of one model; a share comes off the GPU with least left. */
export function chooseGpus(choices: readonly string[], parts: readonly Part[]): Held | undefined {
  if (choices.length === 0) return WITHOUT;
  for (const text of choices) {
    const { name, count, share } = choiceOf(text);
    if (count === 0) return WITHOUT;
    const fitting = parts.filter(({ gpu, free }) => free >= share - SLACK && matches(name, gpu.name));
    fitting.sort((a, b) => a.free - b.free);
    for (const models of byModel(fitting.map(({ gpu }) => gpu)))
      if (models.length >= count) return { gpus: models.slice(0, count).map((gpu) => gpu.uuid), share };
  }
  return undefined;
}

/** What is left of each GPU when `holders` hold theirs. */
export function partsOf(gpus: readonly Gpu[], holders: Iterable<Held>): Part[] {
  const taken = new Map<string, number>();
  for (const { gpus: held, share } of holders) for (const uuid of held) taken.set(uuid, (taken.get(uuid) ?? 0) + share);
  return gpus.map((gpu) => ({ gpu, free: Math.max(0, 1 - (taken.get(gpu.uuid) ?? 0)) }));
}

/** How much of each of these GPUs a container has, by the choice that gave them to it. */
export function shareOf(choices: readonly string[], held: readonly Gpu[]): number {
  const meant = choices
    .map((text) => choiceOf(text))
    .find(({ name, count }) => count === held.length && held.every((gpu) => matches(name, gpu.name)));
  return meant?.share ?? 1;
}

/** It cannot do without one. */
export function needsGpu(choices: readonly string[]): boolean {
  return choices.length > 0 && choices.every((text) => choiceOf(text).count > 0);
}

/** Some GPU would do for either. */
export function compete(some: readonly string[], others: readonly string[], gpus: readonly Gpu[]): boolean {
  const suits = (choices: readonly string[], gpu: Gpu): boolean =>
    choices.map((text) => choiceOf(text)).some(({ name, count }) => count > 0 && matches(name, gpu.name));
  return gpus.some((gpu) => suits(some, gpu) && suits(others, gpu));
}

/** By token: `A100` is any NVIDIA A100, `A100-80GB` needs both. */
export function matches(wanted: string, name: string): boolean {
  if (wanted.toLowerCase() === 'any') return true;
  const tokens = new Set(tokensOf(name));
  return tokensOf(wanted).every((token) => tokens.has(token));
}

/** `2 × A100, 1 × T4`, or `none`. */
export function inventoryOf(gpus: readonly Gpu[]): string {
  return [...byModel(gpus)].map((models) => `${models.length} × ${models[0]?.name ?? ''}`).join(', ') || 'none';
}

/** `H100:2 or A100`. */
export function wantedOf(choices: readonly string[]): string {
  return choices.map((choice) => choice || 'none').join(' or ');
}

function tokensOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((token) => token !== '');
}

function byModel(gpus: readonly Gpu[]): Iterable<Gpu[]> {
  const models = new Map<string, Gpu[]>();
  for (const gpu of gpus) {
    const others = models.get(gpu.name);
    if (others === undefined) models.set(gpu.name, [gpu]);
    else others.push(gpu);
  }
  return models.values();
}
