"""Holding signals off while a frame is written, so that an interrupt cannot cut it in two.

A mask would not do: with other threads about, the system hands the signal to one of those, and Python still runs the
handler in the main thread. So the handler itself is replaced for the moment, and run afterwards.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_held: list[int] = [signal.SIGINT]


class Holding:
    """Whether a signal came while it was held off, so that a long write can give up."""

    def __init__(self) -> None:
        self.came: list[tuple[int, FrameType | None]] = []

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came.append((number, frame))


_NONE = Holding()


def hold(number: signal.Signals) -> None:
    """Hold this signal off as well: inside a container SIGUSR1 raises, too."""
    if number not in _held:
        _held.append(number)


@contextmanager
def uninterrupted() -> Iterator[Holding]:
    """Run the body with handlers that raise held off; what came is handled at the end. For the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield _NONE
        return
    holding = Holding()
    before: dict[int, Callable[[int, FrameType | None], Any]] = {}
    for number in _held:
        handler = signal.getsignal(number)
        if callable(handler) and not isinstance(handler, Holding):
            before[number] = handler
            signal.signal(number, holding)
    try:
        yield holding
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number, frame in holding.came:
            before[number](number, frame)
