"""Call latency: `f.remote(1)` warm, one at a time. Goals: ≤ 1.5 × ProcessPoolExecutor, ≤ ¼ of Ray."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import farcall

from .peers import others, process_pool
from .promise import Benchmark, Effort, Figures, Goal, Promise

CALLS = {"quick": 50, "usual": 300, "full": 2_000}


def echo(number: int) -> int:
    return number


def benchmark(effort: Effort) -> Benchmark:
    calls = CALLS[effort]
    function = farcall.App("bench").function(echo)
    for _ in range(50):
        function.remote(1)
    pool = process_pool()
    contenders = {
        "farcall": lambda: _times(calls, lambda: function.remote(1)),
        "ProcessPool": lambda: _times(calls, lambda: pool.submit(echo, 1).result()),
        **others("latency", "Ray", "Dask", "ipyparallel", "joblib", calls=min(calls, 300)),
    }
    goals = (Goal(1.5, "ProcessPool"), Goal(0.25, "Ray"))
    promises = tuple(Promise(f"call latency, {quantile}", "ms", False, goals) for quantile in ("p50", "p99"))
    return Benchmark(promises, contenders, pool.shutdown)


def _times(calls: int, call: Callable[[], object]) -> Figures:
    times = []
    for _ in range(calls):
        began = perf_counter()
        call()
        times.append((perf_counter() - began) * 1000)
    times.sort()
    return {"call latency, p50": times[calls // 2], "call latency, p99": times[int(calls * 0.99)]}
