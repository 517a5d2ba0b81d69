"""First call: decorate → value. Goals: ≤ 50 ms in a warm runtime, ≤ 1.5 s from nothing (no gateway, a fresh process).

Beside it: a fresh process that starts a ProcessPoolExecutor, or a peer, for its first value.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import count
from time import perf_counter

import farcall

from .peers import others
from .promise import Benchmark, Effort, Goal, Promise

_OURS = """
import farcall
assert farcall.App("first").function(lambda number: number + 1).remote(1) == 2
"""
_POOL = """
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(1) as pool:
    assert pool.submit(abs, -2).result() == 2
"""
WARM, COLD = "first call, warm runtime", "first call, from nothing"


def benchmark(effort: Effort) -> Benchmark:
    app, numbers = farcall.App("bench"), count()
    app.function(lambda: None).remote()

    def decorate_and_call() -> None:
        number = next(numbers)
        # Another constant each time: another version, with a container of its own.
        scope: dict[str, Callable[[], int]] = {}
        exec(f"def fresh(): return {number}", scope)
        assert app.function(name=f"fresh{number}")(scope["fresh"]).remote() == number

    contenders = {
        "farcall": lambda: {WARM: _milliseconds(decorate_and_call), COLD: _from_nothing(_OURS)},
        "ProcessPool": lambda: {COLD: _from_nothing(_POOL)},
        **others("first_call", "Ray", "Dask", "ipyparallel", "joblib"),
    }
    promises = (Promise(WARM, "ms", False, (Goal(50),)), Promise(COLD, "ms", False, (Goal(1_500),)))
    return Benchmark(promises, contenders)


def _milliseconds(run: Callable[[], object]) -> float:
    began = perf_counter()
    run()
    return (perf_counter() - began) * 1000


def _from_nothing(code: str) -> float:
    """How long ``code`` takes in a process of its own, with nothing there yet."""
    with tempfile.TemporaryDirectory(prefix="farcall-first-", ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "FARCALL_HOME": home}
        taken = _milliseconds(lambda: subprocess.run([sys.executable, "-c", code], check=True, env=environment))
        stop = [sys.executable, "-m", "farcall.cli", "stop"]
        subprocess.run(stop, check=False, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return taken
