"""First call: decorate → value. Goals: ≤ 50 ms in a warm runtime, ≤ 1.5 s from nothing (no gateway, a fresh process).

Beside it: a fresh process that starts a ProcessPoolExecutor for its first value.
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

from .run import Promise

_OURS = """
import farcall
assert farcall.App("first").function(lambda number: number + 1).remote(1) == 2
"""
_POOL = """
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(1) as pool:
    assert pool.submit(abs, -2).result() == 2
"""


def milliseconds(run: Callable[[], object]) -> float:
    began = perf_counter()
    run()
    return (perf_counter() - began) * 1000


def from_nothing(code: str) -> float:
    """How long ``code`` takes in a process of its own, with nothing there yet."""
    with tempfile.TemporaryDirectory(prefix="farcall-first-", ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "FARCALL_HOME": home}
        taken = milliseconds(lambda: subprocess.run([sys.executable, "-c", code], check=True, env=environment))
        stop = [sys.executable, "-m", "farcall.cli", "stop"]
        subprocess.run(stop, check=False, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return taken


def promises() -> list[Promise]:
    app, numbers = farcall.App("bench"), count()
    app.function(lambda: None).remote()

    def decorate_and_call() -> None:
        number = next(numbers)
        # Another constant each time: another version, with a container of its own.
        scope: dict[str, Callable[[], int]] = {}
        exec(f"def fresh(): return {number}", scope)
        assert app.function(scope["fresh"], name=f"fresh{number}").remote() == number

    warm = {"farcall": lambda: milliseconds(decorate_and_call)}
    cold = {"farcall": lambda: from_nothing(_OURS), "ProcessPool": lambda: from_nothing(_POOL)}
    return [
        Promise("first call, warm runtime", "ms", "≤ 50 ms", False, warm, lambda: None),
        Promise("first call, from nothing", "ms", "≤ 1,500 ms", False, cold, lambda: None),
    ]
