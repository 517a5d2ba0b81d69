"""Progress: the same map with and without a watcher, as a card has one. Goal: < 2 % slower."""

from __future__ import annotations

from time import perf_counter

import farcall
from farcall.client.session import Session

from .promise import Benchmark, Effort, Figures, Goal, Promise

INPUTS = {"quick": 20_000, "usual": 200_000, "full": 1_000_000}
_NAME = "rate with a watcher"


def echo(number: int) -> int:
    return number


def benchmark(effort: Effort) -> Benchmark:
    inputs = INPUTS[effort]
    function = farcall.App("bench").function(echo)
    list(function.map(range(20_000)))

    def watched() -> Figures:
        seen: list[int] = []
        results = function.map(range(inputs))
        began = perf_counter()
        end = Session.current().watch(
            results.call.object_id, lambda progress: seen.append(progress.call.counts.succeeded)
        )
        done = sum(1 for _ in results)
        seconds = perf_counter() - began
        end()
        assert seen, "the watcher saw nothing"
        return {_NAME: done / seconds}

    def unwatched() -> Figures:
        results = function.map(range(inputs))
        began = perf_counter()
        assert results.call.object_id
        done = sum(1 for _ in results)
        return {_NAME: done / (perf_counter() - began)}

    contenders = {"farcall": watched, "without": unwatched}
    return Benchmark((Promise(_NAME, "inputs/s", True, (Goal(0.98, "without"),)),), contenders)
