"""Memory: gateway and kernel while mapping a generator, sampled. Goals: flat; gateway < 200 MB, client < 100 MB more.

10 million inputs with `--effort full`; half a million otherwise, which is long enough to be under way. The results are
dropped as they come, so what the client holds is farcall's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import farcall

from .processes import told_pid, watching
from .promise import Benchmark, Effort, Figures, Goal, Promise

INPUTS = {"quick": 50_000, "usual": 500_000, "full": 10_000_000}
_GATEWAY, _CLIENT = "memory, gateway", "memory, client beyond its start"
_FLAT_GATEWAY, _FLAT_CLIENT = "memory flat, gateway", "memory flat, client"


def echo(number: int) -> int:
    return number


def endless(count: int) -> Iterator[int]:
    """A generator: the client cannot know its length."""
    yield from range(count)


def benchmark(effort: Effort) -> Benchmark:
    inputs = INPUTS[effort]
    function = farcall.App("bench").function(echo)
    list(function.map(range(1_000)))

    def turn() -> Figures:
        with watching(told_pid("gateway.json"), os.getpid()) as (gateway, client):
            done = sum(1 for _ in function.map(endless(inputs)))
        assert done == inputs, f"{done} results of {inputs} inputs"
        return {
            _GATEWAY: gateway.peak,
            _CLIENT: client.peak - client.first,
            _FLAT_GATEWAY: gateway.flatness,
            _FLAT_CLIENT: client.flatness,
        }

    promises = (
        Promise(_GATEWAY, "MB", False, (Goal(200),)),
        Promise(_CLIENT, "MB", False, (Goal(100),)),
        Promise(_FLAT_GATEWAY, "× last quarter ÷ second", False, (Goal(1.1),)),
        Promise(_FLAT_CLIENT, "× last quarter ÷ second", False, (Goal(1.1),)),
    )
    return Benchmark(promises, {"farcall": turn}, most_rounds=1)
