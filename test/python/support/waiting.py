"""How tests wait for what no message announces, and how long for anything at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from farcall.host import processes

T = TypeVar("T")
#: Seconds. Long enough for a busy machine; a test never waits for it when things work.
PATIENCE_S = 120.0
_LOOK_S = 0.01


def until(holds: Callable[[], T], what: str = "it did not come true", *, seconds: float = PATIENCE_S) -> T:
    """Wait until it holds, and return what it gave; ``what`` is said when it does not."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < deadline, what
        time.sleep(_LOOK_S)
    return value


def is_gone(pid: int) -> bool:
    """Whether a process is gone, or a zombie that nobody reaps: PID 1 of a build machine often does not."""
    return processes.state(pid) in ("", "Z", "X")
