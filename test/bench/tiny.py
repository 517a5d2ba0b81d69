"""Tiny inputs: `list(f.map(range(100_000)))`, a no-op, every input recorded. Goal: ≥ 100,000 inputs/s on two cores,
≥ ½ of ProcessPoolExecutor with chunksize 100 (which records nothing)."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import farcall

from .peers import joblib_map, process_pool
from .run import Promise

INPUTS = 100_000


def echo(number: int) -> int:
    return number


def rate(run: Callable[[], list[int]]) -> float:
    began = perf_counter()
    values = run()
    seconds = perf_counter() - began
    assert values == list(range(INPUTS)), "the results are wrong"
    return INPUTS / seconds


def promises() -> list[Promise]:
    function = farcall.App("bench").function(echo)
    list(function.map(range(20_000)))
    pool = process_pool()
    contenders: dict[str, Callable[[], float]] = {
        "farcall": lambda: rate(lambda: list(function.map(range(INPUTS)))),
        "ProcessPool chunksize=100": lambda: rate(lambda: list(pool.map(echo, range(INPUTS), chunksize=100))),
    }
    over = joblib_map()
    if over is not None:
        contenders["joblib"] = lambda: rate(lambda: over(echo, range(INPUTS)))
    goal = "≥ 100,000/s; ≥ 0.5 × ProcessPool with chunks"
    return [Promise("tiny inputs", "inputs/s", goal, True, contenders, pool.shutdown)]
