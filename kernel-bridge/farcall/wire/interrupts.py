"""Holding signals off while a frame is written, so that an interrupt cannot cut it in two.

A mask would not do: with other threads about, the system hands the signal to one of those, and Python still runs the
handler in the main thread. So the handler itself is replaced for the moment, and run afterwards.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found, unused-ignore]  # what `signal` wraps: its enums cost more than a write
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_held: list[int] = [signal.SIGINT]


class Holding:
    """Whether a signal came while it was held off, so that a long write can give up."""

    __slots__ = ("came",)

    def __init__(self) -> None:
        self.came: list[tuple[int, FrameType | None]] = []

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came.append((number, frame))


_NONE = Holding()


def hold(number: signal.Signals) -> None:
    """Hold this signal off as well: inside a container SIGUSR1 raises, too."""
    if number not in _held:
        _held.append(number)


class uninterrupted:  # noqa: N801  # reads as a word: `with uninterrupted() as holding`
    """Run the body with handlers that raise held off; what came is handled at the end. For the main thread."""

    __slots__ = ("_before", "_holding")

    def __enter__(self) -> Holding:
        self._before: list[tuple[int, Callable[[int, FrameType | None], Any]]] = []
        if threading.get_ident() != threading.main_thread().ident:
            return _NONE
        self._holding = holding = Holding()
        for number in _held:
            handler = _signal.getsignal(number)
            if callable(handler) and not isinstance(handler, Holding):
                self._before.append((number, handler))
                _signal.signal(number, holding)
        return holding

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self._before:
            return
        for number, handler in self._before:
            _signal.signal(number, handler)
        for number, frame in self._holding.came:
            for held, handler in self._before:
                if held == number:
                    handler(number, frame)
