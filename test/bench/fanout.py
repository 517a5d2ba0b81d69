"""Fan-out: 1,000 inputs of 10 ms sleep on 16 containers, as a share of the ideal time. Goal: ≥ 95 %."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter

import farcall

from .run import Promise

INPUTS, SECONDS, CONTAINERS = 1_000, 0.01, 16
IDEAL = INPUTS * SECONDS / CONTAINERS


def nap(number: int) -> int:
    time.sleep(SECONDS)
    return number


def share(run: Callable[[], object]) -> float:
    began = perf_counter()
    run()
    return IDEAL / (perf_counter() - began)


def promises() -> list[Promise]:
    function = farcall.App("bench").function(nap, min_containers=CONTAINERS, max_containers=CONTAINERS)
    for _ in range(3):
        list(function.map(range(INPUTS)))
    pool = ProcessPoolExecutor(CONTAINERS)
    list(pool.map(nap, range(CONTAINERS * 4)))
    contenders = {
        "farcall": lambda: share(lambda: list(function.map(range(INPUTS)))),
        "ProcessPool": lambda: share(lambda: list(pool.map(nap, range(INPUTS)))),
    }
    return [Promise("fan-out efficiency", "of ideal", "≥ 0.95", True, contenders, pool.shutdown)]
