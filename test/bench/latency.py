"""Call latency: `f.remote(1)` warm, one at a time. Goal: ≤ 1.5 × ProcessPoolExecutor."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import farcall

from .peers import process_pool
from .run import Promise

CALLS = 300


def echo(number: int) -> int:
    return number


def milliseconds(call: Callable[[], object], quantile: float) -> float:
    times = []
    for _ in range(CALLS):
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return sorted(times)[int(CALLS * quantile)] * 1000


def promises() -> list[Promise]:
    function = farcall.App("bench").function(echo)
    for _ in range(50):
        function.remote(1)
    found = []
    for name, quantile in (("call latency, p50", 0.5), ("call latency, p99", 0.99)):
        pool = process_pool()
        contenders = {
            "farcall": lambda quantile=quantile: milliseconds(lambda: function.remote(1), quantile),
            "ProcessPool": lambda quantile=quantile, pool=pool: milliseconds(
                lambda: pool.submit(echo, 1).result(), quantile
            ),
        }
        found.append(Promise(name, "ms", "≤ 1.5 × ProcessPool", False, contenders, pool.shutdown))
    return found
