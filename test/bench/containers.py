"""Container start: a map of 16 inputs onto a function without containers, until all 16 run at once. Goal: ≤ 200 ms.

Each input says when it began, on the clock that all processes of a machine share, and stays until the others have come.
"""

from __future__ import annotations

import os
import time
from itertools import count

import farcall
from farcall.client.session import Session
from farcall.wire.messages import RuntimeAsk, RuntimeState

from .promise import Benchmark, Effort, Figures, Goal, Promise

CONTAINERS = 16
_STAY_S = 2.0
_GONE_S = 60.0
_NAME = "container start, 0 → 16"
_versions = count(1)


def benchmark(effort: Effort) -> Benchmark:
    farcall.App("bench").function(lambda: None).remote()
    return Benchmark((Promise(_NAME, "ms", False, (Goal(200),)),), {"farcall": _turn})


def _turn() -> Figures:
    version = next(_versions)

    def begin(number: int) -> tuple[int, float]:
        began = time.monotonic()
        time.sleep(_STAY_S + version * 1e-9)
        return os.getpid(), began

    # As in a notebook: a cell's function, whose module no container has to import.
    begin.__module__ = "__main__"
    options = {"max_containers": CONTAINERS, "cpu": 0.01, "scaledown_window": 0.5, "name": f"begin{version}"}
    function = farcall.App("bench").function(**options)(begin)
    began = time.monotonic()
    values = list(function.map(range(CONTAINERS)))
    processes = {process for process, _ in values}
    _wait_until_gone(f"begin{version}")
    if len(processes) < CONTAINERS:
        raise RuntimeError(f"only {len(processes)} containers came up within {_STAY_S} s, not {CONTAINERS}")
    return {_NAME: (max(at for _, at in values) - began) * 1000}


def _wait_until_gone(name: str) -> None:
    """The next turn begins with none of these processes."""
    deadline = time.monotonic() + _GONE_S
    while True:
        state = Session.current().ask(RuntimeAsk(request=0), RuntimeState)
        left = [one for one in state.containers if one.function.endswith(name)]
        if not left:
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(left)} containers of {name} stayed for {_GONE_S:.0f} s, the first: {left[0]}")
        time.sleep(0.05)
