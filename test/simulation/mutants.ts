// Deliberate faults of the core, one line each. The simulation is only worth its name if it notices every one of them.
// `from` stands exactly once in its file; the mutant's bundle has `to` instead.

export interface Mutant {
  readonly name: string;
  /** Under runtime/src/core. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'inputs that hold GPUs may wait for each other for ever',
    file: 'core.ts',
    from: '  breakDeadlock(s);\n',
    to: '',
  },
  {
    name: 'the last outcome of a batch is dropped',
    file: 'outcome.ts',
    from: 'call.move(indexes[0] ?? 0, indexes.length, RUNNING, SUCCEEDED);',
    to: 'call.move(indexes[0] ?? 0, Math.max(1, indexes.length - 1), RUNNING, SUCCEEDED);',
  },
  {
    name: 'an input may be settled twice',
    file: 'outcome.ts',
    from: 'if (index >= call.inputs.length || isFinal(call.inputs.state(index))) return false;',
    to: 'if (isFinal(call.inputs.state(index))) return true;',
  },
  {
    name: 'a late failure counts',
    file: 'outcome.ts',
    from: '} else if (state !== SUCCEEDED || !adopt(s, call, index)) return;',
    to: '} else if (!adopt(s, call, index)) return;',
  },
  {
    name: 'an outcome is acknowledged before its call is known',
    file: 'outcome.ts',
    from: 'if (call === undefined) return;',
    to: "if (call === undefined) return s.out.act({ do: 'acknowledge', container: batch.container, through: batch.seq });",
  },
  {
    name: 'a lease is forgotten when its container is lost',
    file: 'leases.ts',
    from: 'else suspect = loseUnknown(s, lease, suspect);',
    to: '',
  },
  {
    name: 'what a revoked lease gave back is not queued',
    file: 'leases.ts',
    from: 'unstart(s, lease.call, rest, lease.weight);\n  lease.end',
    to: 'lease.end',
  },
  {
    name: 'what a lease skipped is lost when it ends',
    file: 'leases.ts',
    from: 'unstart(s, lease.call, lease.owned(lease.first), lease.weight);\n  lease.container.drop',
    to: 'lease.container.drop',
  },
  {
    name: 'a retry whose delay has passed never stands in line again',
    file: 'retry.ts',
    from: 'requeue(s, due.call, [{ first: due.index, count: 1 }]);',
    to: '',
  },
  {
    name: 'no retry is ever used up',
    file: 'retry.ts',
    from: 'spent.user += 1;',
    to: '',
  },
  {
    name: 'the user has one retry less than promised',
    file: 'retry.ts',
    from: '(call.spent.get(index)?.user ?? 0) < call.fn.spec.max_retries',
    to: '(call.spent.get(index)?.user ?? 0) < call.fn.spec.max_retries - 1',
  },
  {
    name: 'an input is poison after two deaths',
    file: 'retry.ts',
    from: 'const DEADLY = 3;',
    to: 'const DEADLY = 2;',
  },
  {
    name: 'no input is ever poison',
    file: 'retry.ts',
    from: 'const DEADLY = 3;',
    to: 'const DEADLY = 30;',
  },
  {
    name: 'a cancel does not reach the containers',
    file: 'verdict.ts',
    from: "if (scope === 'all') dropLeases(s, call, from);",
    to: '',
  },
  {
    name: 'a cancel does not reach the calls that cancelled inputs made',
    file: 'verdict.ts',
    from: "if (scope === 'all') cancelChildren(s, call, message);",
    to: '',
  },
  {
    name: 'a failed input does not end the others of a stop_after call in order',
    file: 'verdict.ts',
    from: 'call.seq += total;',
    to: 'call.seq += total + 1;',
  },
  {
    name: 'a seal that runs ahead of its inputs is forgotten',
    file: 'opening.ts',
    from: 'if (call.announced === call.inputs.length) sealAt(s, call);',
    to: '',
  },
  {
    name: 'a chunk sent again is entered again',
    file: 'opening.ts',
    from: 'call.append(end - known, count > 0 ? bytes / count : 0);',
    to: 'call.append(count, count > 0 ? bytes / count : 0);',
  },
  {
    name: 'a call whose client is gone stays open for ever',
    file: 'owner.ts',
    from: 'seal(s, call);\n  endIfSettled(s, call);',
    to: '',
  },
  {
    name: 'a restart forgets the attempts of before',
    file: 'restore.ts',
    from: 'call.inputs.setAttempt(index, attempt);\n',
    to: '',
  },
  {
    name: 'a restored call is never released',
    file: 'restore.ts',
    from: 'call.fn.enlist(call);',
    to: '',
  },
  {
    name: 'a container that is told to leave is given more',
    file: 'container.ts',
    from: "return this.state === 'ready' && this.isConnected",
    to: "return (this.state === 'ready' || this.state === 'draining') && this.isConnected",
  },
  {
    name: 'max_containers is one more than asked for',
    file: 'autoscaler.ts',
    from: 'return { desired: maxContainers,',
    to: 'return { desired: maxContainers + 1,',
  },
  {
    name: 'ended nested calls are kept with their parents',
    file: 'ending.ts',
    from: 'siblings.delete(call);',
    to: '',
  },
  {
    name: 'a GPU is given out twice',
    file: 'gpu.ts',
    from: 'free: Math.max(0, 1 - (taken.get(gpu.uuid) ?? 0)) }',
    to: 'free: 1 }',
  },
];
