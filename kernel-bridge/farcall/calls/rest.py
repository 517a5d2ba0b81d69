"""A map with ``limit=`` and the rest of it: what the rest will take, and its outcomes among those that were kept.

`Results.estimate` and `Results.run_rest` ask this; it knows calls and rows, nothing of values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..client.asking import answered
from ..client.session import Session
from ..client.waiting import Bell, Steps
from ..options import Options
from ..wire.codes import FAILED, SUCCEEDED, TIMED_OUT
from ..wire.messages import InputRow, RuntimeAsk, RuntimeState
from .chain import Batches, Chain
from .source import Source
from .stream import Settled
from .tables import read_details

#: Inputs of a limited map that succeeded: number in the whole map → (which call of its chain, number there).
Kept = dict[int, tuple[int, int]]


@dataclass(frozen=True)
class Estimate:
    """What the rest of a limited map will take, if its inputs are like those that ran. Shown as a sentence.

    Args:
        inputs: how many are left.
        tried, failed: how many ran, and how many of them did not succeed.
        seconds: until all is done, on ``containers`` at once; None: nothing ran that could tell.
        container_seconds, gpu_seconds: what all containers, and their GPUs, run for.
    """

    inputs: int
    tried: int
    failed: int
    containers: int
    seconds: float | None
    container_seconds: float | None
    gpu_seconds: float | None

    def __repr__(self) -> str:
        tried = f"{self.tried:,} {_inputs(self.tried)} ran" + (f", {self.failed:,} failed" if self.failed else "")
        if not self.inputs:
            return f"{tried}; none is left."
        left = f"{self.inputs:,} {'is' if self.inputs == 1 else 'are'} left"
        if self.seconds is None or self.container_seconds is None:
            return f"{tried}; {left}. results.run_rest() runs what is left."
        cost = [f"{_minutes(self.container_seconds)} container minutes"]
        cost += [f"{_minutes(self.gpu_seconds)} GPU minutes"] if self.gpu_seconds else []
        at_once = f"{self.containers:,} container{'' if self.containers == 1 else 's'}"
        takes = f"about {_duration(self.seconds)} on {at_once}, {', '.join(cost)}"
        return f"{tried}; {left}: {takes}. results.run_rest() runs what is left and keeps what succeeded."


def kept_of(session: Session, chain: Chain, source: Source, bell: Bell) -> Steps[Kept]:
    """The inputs of a limited map that succeeded."""
    rows, _ = yield from read_details(session, chain, bell)
    done = [at for at, (row, _) in enumerate(rows) if row.state == SUCCEEDED]
    return {source.numbers[at]: chain.place(at) for at in done}


def estimated(session: Session, chain: Chain, source: Source, options: Options, bell: Bell) -> Steps[Estimate]:
    """What the rest will take: as long an input as those that ran did, on as many containers as there may be."""
    rows = [row for row, _ in (yield from read_details(session, chain, bell))[0]]
    ran = [row for row in rows if row.state in (SUCCEEDED, FAILED, TIMED_OUT)]
    succeeded = sum(row.state == SUCCEEDED for row in ran)
    left = (source.whole.count or 0 if source.whole is not None else len(rows)) - succeeded
    told = yield from answered(session, RuntimeAsk(request=0), RuntimeState, bell)
    containers = max(1, min(left, _most(told, options)))
    total = _mean(ran) * left if ran else None
    return Estimate(
        inputs=left,
        tried=len(ran),
        failed=len(ran) - succeeded,
        containers=containers,
        seconds=None if total is None else total / containers,
        container_seconds=total,
        gpu_seconds=None if total is None else total * _gpus(options),
    )


def among_kept(batches: Batches, chain: Chain, session: Session, bell: Bell) -> Batches:
    """The rest's outcomes under the numbers of the whole map, each kept one before the next higher number."""
    waiting = sorted(chain.kept, reverse=True)
    for batch in batches:
        if batch is None:
            yield None
            continue
        numbers = chain.numbers([outcome[0] for outcome in batch])
        whole: list[Settled] = []
        for number, outcome in zip(numbers, batch, strict=True):
            while waiting and waiting[-1] < number:
                whole.append((yield from chain.one(session, waiting.pop(), bell)))
            whole.append((number, *outcome[1:]))
        yield whole
    while waiting:
        yield [(yield from chain.one(session, waiting.pop(), bell))]


def _mean(rows: Sequence[InputRow]) -> float:
    return sum(row.seconds for row in rows) / len(rows)


def _most(told: RuntimeState, options: Options) -> int:
    """How many containers work at once: what the options allow, but no more than there are processors or GPUs."""
    cores = options.cpu[0] if isinstance(options.cpu, tuple) else options.cpu
    room = int(told.cpus / max(1.0, cores))
    if _gpus(options):
        room = min(room, len(told.gpus) // _gpus(options))
    return max(1, min(room, options.max_containers or room))


def _gpus(options: Options) -> int:
    """GPUs of one container, by its first choice."""
    wanted = options.gpu[0] if options.gpu else ""
    return 0 if not wanted else int(wanted.rpartition(":")[2]) if ":" in wanted else 1


def _inputs(count: int) -> str:
    return "input" if count == 1 else "inputs"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:,.1f}" if seconds < 600 else f"{seconds / 60:,.0f}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:,.0f} s" if seconds >= 1 else "1 s"
    return f"{seconds / 60:,.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:,.1f} h"
