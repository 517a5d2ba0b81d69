// What a function's gpu option asks for, and which GPUs of an inventory satisfy it. Whole GPUs, by uuid.

import type { Gpu } from '@farcall/kernel-bridge/wire';

export interface GpuChoice {
  /** `any`, or tokens of what nvidia-smi calls it; empty: without a GPU. */
  readonly name: string;
  readonly count: number;
}

/** `"H100:2"` → two of H100; `""` → without. */
export function choiceOf(text: string): GpuChoice {
  const [name = '', count = '1'] = text.split(':');
  return { name: name.trim(), count: name.trim() === '' ? 0 : Math.max(1, Number.parseInt(count, 10) || 1) };
}

/** The uuids for the first choice that `free` satisfies. Several are of one model. */
export function chooseGpus(choices: readonly string[], free: readonly Gpu[]): string[] | undefined {
  if (choices.length === 0) return [];
  for (const text of choices) {
    const choice = choiceOf(text);
    if (choice.count === 0) return [];
    for (const models of byModel(free.filter((gpu) => matches(choice.name, gpu.name))))
      if (models.length >= choice.count) return models.slice(0, choice.count).map((gpu) => gpu.uuid);
  }
  return undefined;
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
