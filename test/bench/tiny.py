"""Tiny inputs: `list(f.map(range(100_000)))`, a no-op, every input recorded. Goals: ≥ 100,000 inputs/s on two cores,
≥ ½ of ProcessPoolExecutor with chunksize 100 (which records nothing), ≥ 20 × Ray and Dask (over fewer inputs)."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import farcall

from .peers import others, process_pool
from .promise import Benchmark, Effort, Figures, Goal, Promise

INPUTS = {"quick": 20_000, "usual": 100_000, "full": 1_000_000}
#: For those that take a millisecond each.
_FEW = {"quick": 500, "usual": 3_000, "full": 20_000}


def echo(number: int) -> int:
    return number


def benchmark(effort: Effort) -> Benchmark:
    inputs = INPUTS[effort]
    function = farcall.App("bench").function(echo)
    list(function.map(range(20_000)))
    pool = process_pool()
    contenders = {
        "farcall": lambda: _rate(inputs, lambda: list(function.map(range(inputs)))),
        "ProcessPool": lambda: _rate(inputs, lambda: list(pool.map(echo, range(inputs), chunksize=100))),
        **others("tiny", "joblib", inputs=inputs),
        **others("tiny", "Ray", "Dask", "ipyparallel", inputs=_FEW[effort]),
    }
    goals = (Goal(100_000), Goal(0.5, "ProcessPool"), Goal(20, "Ray"), Goal(20, "Dask"))
    return Benchmark((Promise("tiny inputs", "inputs/s", True, goals),), contenders, pool.shutdown)


def _rate(inputs: int, run: Callable[[], list[int]]) -> Figures:
    began = perf_counter()
    values = run()
    seconds = perf_counter() - began
    assert values == list(range(inputs)), "the results are wrong"
    return {"tiny inputs": inputs / seconds}
