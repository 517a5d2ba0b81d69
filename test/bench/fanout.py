"""Fan-out: 1,000 inputs of 10 ms sleep on 16 containers, as a share of the ideal time. Goal: ≥ 95 %."""

from __future__ import annotations

import time
from collections.abc import Callable
from time import perf_counter

import farcall

from .peers import others, process_pool
from .promise import Benchmark, Effort, Figures, Goal, Promise

INPUTS, SECONDS, CONTAINERS = 1_000, 0.01, 16
IDEAL = INPUTS * SECONDS / CONTAINERS


def nap(number: int) -> int:
    time.sleep(SECONDS)
    return number


def benchmark(effort: Effort) -> Benchmark:
    function = farcall.App("bench").function(min_containers=CONTAINERS, max_containers=CONTAINERS)(nap)
    for _ in range(1 if effort == "quick" else 3):
        list(function.map(range(INPUTS)))
    pool = process_pool(CONTAINERS)
    contenders = {
        "farcall": lambda: _share(lambda: list(function.map(range(INPUTS)))),
        "ProcessPool": lambda: _share(lambda: list(pool.map(nap, range(INPUTS)))),
        **others("fanout", "Ray", "Dask", "ipyparallel", inputs=INPUTS, seconds=SECONDS, containers=CONTAINERS),
    }
    return Benchmark((Promise("fan-out efficiency", "of ideal", True, (Goal(0.95),)),), contenders, pool.shutdown)


def _share(run: Callable[[], object]) -> Figures:
    began = perf_counter()
    run()
    return {"fan-out efficiency": IDEAL / (perf_counter() - began)}
