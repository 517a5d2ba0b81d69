// What a run is about: its functions, its host's hardware, its clients' calls, and how an input behaves. All by the dice.

import type { CallId, FunctionId, FunctionSpec, Gpu, Parent } from '@farcall/kernel-bridge/wire';

import type { CallOpening } from '../../runtime/src/core/events.js';
import type { Dice } from './random.js';

/**
 * works, raises (refuses: with a policy that forbids a retry), hangs until its timeout, dies with its container, swells beyond
 * its memory, nests: makes a call of its own and waits for it.
 */
export type Behaviour = 'works' | 'raises' | 'refuses' | 'hangs' | 'dies' | 'swells' | 'nests';

/** What an input does to whoever runs it. Told by its value, so that every attempt knows. */
export function behaviourOf(value: number, attempt: number): Behaviour {
  if (value % 31 === 9) return 'nests';
  if (value % 41 === 13) return 'dies';
  if (value % 37 === 11) return attempt <= 1 ? 'dies' : 'works';
  if (value % 19 === 7) return 'raises';
  if (value % 23 === 5) return attempt <= 1 ? 'raises' : 'works';
  if (value % 53 === 17) return attempt <= 1 ? 'hangs' : 'works';
  if (value % 43 === 3) return attempt <= 1 ? 'swells' : 'works';
  if (value % 47 === 21) return 'refuses';
  return 'works';
}

export interface Plan {
  readonly call: CallId;
  readonly function: FunctionId;
  readonly values: readonly number[];
  readonly onFailure: CallOpening['onFailure'];
  readonly onOwnerLost: CallOpening['onOwnerLost'];
  readonly attached: boolean;
  readonly chunk: number;
  /** Its count is known from the start: the seal runs ahead of the inputs. */
  readonly isSized: boolean;
  /** Milliseconds between chunks; 0: as fast as credit allows. */
  readonly paceMs: number;
  /** 0: never. */
  readonly cancelAfterMs: number;
  readonly cancelScope: 'all' | 'queued';
  readonly terminates: boolean;
  /** 0: never. From then on nobody owns it. */
  readonly detachAfterMs: number;
  /** What did not succeed is run again by a derived call: all of it, or by index. */
  readonly resumes: '' | 'all' | 'some';
  /** The running input that makes the call. */
  readonly parent?: Parent;
}

/** Whether its containers can load it: `always` not, `sometimes` not. Stands in its imports. */
export function breaksOf(spec: FunctionSpec): string {
  return spec.imports[0] ?? '';
}

/** The usual duration of a function's inputs; it stands in the spec's name. */
export function secondsOf(spec: FunctionSpec): number {
  return Number(spec.name.split(' ')[0]);
}

export function newSpec(dice: Dice, number: number, hasGpus: boolean): FunctionSpec {
  const seconds = dice.pick([0.00001, 0.001, 0.02, 0.2, 1.5]);
  const breaks = dice.chance(0.05) ? 'always' : dice.chance(0.05) ? 'sometimes' : '';
  return {
    app: '',
    name: `${seconds} ${number}`,
    is_generator: dice.chance(0.1),
    is_async: false,
    timeout: 2,
    startup_timeout: 30,
    max_retries: dice.pick([0, 1, 3]),
    initial_delay: dice.pick([0, 0.5]),
    backoff: 2,
    max_delay: 10,
    cpu: dice.pick([0.125, 0.125, 1]),
    memory: 0,
    gpu:
      hasGpus && dice.chance(0.5) ? dice.pick([['A100'], ['any'], ['T4', 'A100:2'], ['A100', ''], ['A100:0.5']]) : [],
    min_containers: dice.pick([0, 0, 2]),
    max_containers: dice.pick([0, 2, 5]),
    buffer_containers: dice.pick([0, 1]),
    scaledown_window: dice.pick([1, 60]),
    max_inputs: dice.pick([0, 0, 3]),
    imports: breaks === '' ? [] : [breaks],
    secrets: {},
    ...severalOf(dice),
  };
}

/** Some functions run several inputs at once, some take them in batches. */
function severalOf(dice: Dice): Partial<FunctionSpec> {
  if (dice.chance(0.25))
    return {
      is_generator: false,
      is_async: dice.chance(0.5),
      max_concurrent: dice.pick([2, 10]),
      target_concurrent: dice.pick([0, 1, 2]),
    };
  if (dice.chance(0.9)) return {};
  return { is_generator: false, max_batch: dice.pick([3, 8]), batch_wait: dice.pick([0, 0.05]) };
}

export function newGpus(dice: Dice): Gpu[] {
  if (!dice.chance(0.2)) return [];
  const names = dice.pick([['NVIDIA A100-SXM4-80GB'], ['NVIDIA A100-SXM4-80GB', 'NVIDIA A100-SXM4-80GB', 'Tesla T4']]);
  return names.map((name, at) => ({ uuid: `GPU-${at}`, name, memory: 81_920, container_id: '' }) as Gpu);
}

export function newPlan(dice: Dice, call: CallId, functions: ReadonlyMap<FunctionId, FunctionSpec>): Plan {
  const fn = dice.pick([...functions.keys()]);
  const spec = functions.get(fn);
  const isSlow = spec !== undefined && secondsOf(spec) >= 0.2;
  const most = isSlow ? 30 : dice.chance(0.005) ? 5_000 : 200;
  return {
    call,
    function: fn,
    values: Array.from({ length: dice.whole(0, most) }, () => dice.whole(0, 100_000)),
    onFailure: dice.pick(['continue', 'continue', 'stop_after', 'stop_all']),
    onOwnerLost: dice.pick(['finish', 'cancel']),
    attached: dice.chance(0.7),
    chunk: dice.pick([1, 7, 64, 256]),
    isSized: dice.chance(0.3),
    paceMs: dice.pick([0, 0, 5, 100]),
    cancelAfterMs: dice.chance(0.2) ? dice.between(1, 4_000) : 0,
    cancelScope: dice.pick(['all', 'queued']),
    terminates: dice.chance(0.3),
    detachAfterMs: dice.chance(0.1) ? dice.between(1, 4_000) : 0,
    resumes: dice.chance(0.2) ? dice.pick(['all', 'some']) : '',
  };
}
