// Looks over the core's shoulder: whether what it decides fits what it was told. Retries within their budgets, poison after
// three deaths, containers within their limits, and a reason for everything that waits.

import { CANCELLED, FAILED, NO_RETRY, TIMED_OUT, type CallId, type ContainerId } from '@farcall/kernel-bridge/wire';

import type { Command } from '../../runtime/src/core/commands.js';
import type { Happening } from '../../runtime/src/core/events.js';
import type { Gateway, Scene, Source } from './gateway.js';
import type { History } from './history.js';
import type { Store } from './store.js';

const DEADLY = 3;
/** In fair weather an attempt is lost only to an input that ends the container under it. */
const NEIGHBOURS = 300;
/** Between two looks at what waits. */
const LOOK_MS = 500;

type Do<D extends Command['do']> = Extract<Command, { do: D }>;

export class Watch {
  #call: CallId | undefined;
  #statuses: Uint8Array | undefined;
  #attempt = 0;
  #lookAt = 0;
  /** Somebody asked for less of them: their running inputs are not tried again. */
  readonly #cancelled = new Set<CallId>();
  /** Containers were killed on purpose: what dies under that is not held against its input. */
  #terminates = false;
  readonly #started = new Set<ContainerId>();

  constructor(
    private readonly gateway: Gateway,
    private readonly store: Store,
    private readonly history: History,
    private readonly scene: Scene,
  ) {}

  saw(happening: Happening): void {
    if (happening.type === 'call.cancelled') {
      this.#cancelled.add(happening.call);
      if (happening.terminate) this.#terminates = true;
    }
    if (happening.type !== 'outcomes.arrived') return;
    this.#call = happening.call;
    this.#statuses = happening.statuses;
    this.#attempt = happening.attempt;
  }

  judge(command: Command, source: Source): void {
    if (command.do === 'persist.outcomes') this.#judgeFailures(command, source);
    else if (command.do === 'persist.settled') this.#judgeVerdict(command);
    else if (command.do === 'persist.attempt') this.#judgeAttempt(command);
    else if (command.do === 'start') this.#judgeStart(command);
    else if (command.do === 'acknowledge' && this.#call !== undefined) this.#judgeAcknowledged(this.#call);
  }

  /** Whatever is queued and does not run has a reason that can be told. */
  look(now: number): void {
    if (now < this.#lookAt || this.scene.trace !== undefined) return;
    this.#lookAt = now + LOOK_MS;
    const { core } = this.gateway;
    for (const id of core.openCalls()) {
      const call = core.call(id);
      const queued = (call?.counts.queued ?? 0) + (call?.counts.retrying ?? 0);
      if (call === undefined || queued === 0 || call.counts.running > 0 || call.waiting !== '') continue;
      this.history.broken(
        `${queued} inputs of ${id} wait, and nobody can say why: ${core.explain(call.function).join('; ')}`,
      );
    }
  }

  /** A failure that counts has used up its retries, or may have none. */
  #judgeFailures({ call, taken }: Do<'persist.outcomes'>, { outcomes = [] }: Source): void {
    const spec = this.gateway.core.call(call)?.spec;
    if (spec === undefined || spec.is_generator || this.#isUnwanted(call)) return;
    const positions = taken === undefined ? outcomes.map((_, at) => at) : [...taken];
    for (const at of positions) {
      const status = this.#statuses?.[at] ?? 0;
      if ((status !== FAILED && status !== TIMED_OUT) || (status & NO_RETRY) !== 0) continue;
      if (this.#attempt <= spec.max_retries)
        this.history.broken(`${call}[${outcomes[at]?.index ?? -1}] failed for good at attempt ${this.#attempt}`);
    }
  }

  /** Running inputs of a call that is cancelled, wholly or in part, are not tried again. */
  #isUnwanted(call: CallId): boolean {
    return this.#cancelled.has(call) || (this.gateway.core.call(call)?.counts.cancelled ?? 0) > 0;
  }

  #judgeVerdict({ call, ranges, code, status }: Do<'persist.settled'>): void {
    if ((code === 'user.cancelled') !== (status === CANCELLED)) this.history.broken(`${code} with status ${status}`);
    if (code === 'container.lost' && !this.scene.losesReports)
      for (const [index] of ranges)
        if (this.history.deathsOf(call, index) >= DEADLY) this.history.broken(`${call}[${index}] is poison, not lost`);
    if (code !== 'container.poison') return;
    for (const [index] of ranges) {
      const deaths = this.history.deathsOf(call, index);
      if (deaths < DEADLY || (deaths > DEADLY && this.scene.isFair && !this.#terminates))
        this.history.broken(`${call}[${index}] is poison after ${deaths} deaths`);
    }
  }

  #judgeAttempt({ call, index, attempt }: Do<'persist.attempt'>): void {
    const retries = this.gateway.core.call(call)?.spec.max_retries ?? 0;
    if (this.scene.isFair && attempt > 1 + retries + DEADLY + NEIGHBOURS)
      this.history.broken(`${call}[${index}] begins attempt ${attempt}`);
    if (attempt > (this.store.calls.get(call)?.attempts.get(index) ?? 1) + 1_000)
      this.history.broken(`${call}[${index}] jumps to attempt ${attempt}`);
  }

  /** What was acknowledged is dropped by its container, so its call must be known. */
  #judgeAcknowledged(call: CallId): void {
    if (this.gateway.core.call(call) === undefined)
      this.history.broken(`outcomes of ${call}, unknown, are acknowledged`);
  }

  #judgeStart({ container, function: id }: Do<'start'>): void {
    // One that was asked for before is asked for again when its host comes back.
    if (this.#started.has(container)) return;
    this.#started.add(container);
    const fn = this.gateway.core.functions().find(({ function: other }) => other === id);
    const most = fn?.settings.maxContainers ?? 0;
    if (fn === undefined || most === 0 || fn.containers <= most) return;
    this.history.broken(
      `${container} is one of ${fn.containers}, and max_containers is ${most}: ${this.gateway.core.explain(id).join('; ')}`,
    );
  }
}
