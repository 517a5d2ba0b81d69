"""Arrays on the same machine: a NumPy argument of 100 MB, and such a result. Goal: ≥ 0.8 × one copy into shared memory.

Each figure is of a whole warm `remote()`, whose function reads one number of every page; the reference writes the same
array into a fresh shared memory segment.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from time import perf_counter
from typing import Any

import numpy

import farcall

from .peers import others
from .promise import Benchmark, Effort, Figures, Goal, Promise

MEGABYTES = {"quick": 20, "usual": 100, "full": 100}
_PAGE_OF_FLOATS = 512
_kept: dict[int, Any] = {}
Array = Any


def take(array: Array) -> float:
    return float(array[::_PAGE_OF_FLOATS].sum())


def make(megabytes: int) -> Array:
    """Kept by its container: the figure is of the result's way, not of its making."""
    if megabytes not in _kept:
        _kept[megabytes] = numpy.ones(megabytes * 125_000)
    return _kept[megabytes]


def benchmark(effort: Effort) -> Benchmark:
    megabytes = MEGABYTES[effort]
    contenders = {
        "farcall": ours(megabytes, "arrays"),
        "shared memory": lambda: _copies(megabytes),
        **others("arrays", "Ray", "Dask", "ipyparallel", megabytes=megabytes),
    }
    return Benchmark(promises("arrays", Goal(0.8, "shared memory")), contenders)


def promises(family: str, goal: Goal) -> tuple[Promise, ...]:
    return tuple(Promise(f"{family}, {way}", "GB/s", True, (goal,)) for way in ("argument", "result"))


def ours(megabytes: int, family: str) -> Callable[[], Figures]:
    """Both ways through the gateway that this process uses, once warm."""
    app = farcall.App("bench")
    taking, making = app.function(take), app.function(make)
    array = numpy.ones(megabytes * 125_000)
    taking.remote(array)
    making.remote(megabytes)

    def turn() -> Figures:
        argument = _speed(megabytes, lambda: taking.remote(array))
        result = _speed(megabytes, lambda: take(making.remote(megabytes)))
        return {f"{family}, argument": argument, f"{family}, result": result}

    return turn


def _copies(megabytes: int) -> Figures:
    array = numpy.ones(megabytes * 125_000)

    def copy() -> None:
        memory = SharedMemory(create=True, size=array.nbytes)
        numpy.ndarray(array.shape, array.dtype, memory.buf)[:] = array
        memory.close()
        memory.unlink()

    return {f"arrays, {way}": _speed(megabytes, copy) for way in ("argument", "result")}


def _speed(megabytes: int, run: Callable[[], object]) -> float:
    began = perf_counter()
    run()
    return megabytes / 1000 / (perf_counter() - began)
