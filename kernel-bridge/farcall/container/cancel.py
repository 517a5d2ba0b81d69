"""Interrupting the running input, and no other code: the SIGUSR1 handler and the switch that arms it.

The supervisor writes the one input it means into the control page and sends the signal. The handler raises only while
that input's user code runs; our own code is never cut.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import FrameType

from ..errors import InputCancellation
from ..wire.control_page import CANCELLED, ContainerPage


class Cancellation:
    """``armed`` is True exactly while user code runs; ``fired`` then tells why it was interrupted (0: it was not)."""

    def __init__(self, page: ContainerPage, looked_at: Callable[[], None]) -> None:
        """``looked_at`` is called when a signal came that interrupts nothing, while user code runs."""
        self.armed = False
        self.fired = 0
        #: Why what runs must stop; 0: it need not.
        self.reason: Callable[[], int] = page.cancelled
        self._looked_at = looked_at
        self._task: asyncio.Task[object] | None = None

    def install(self) -> None:
        signal.signal(signal.SIGUSR1, self._on_signal)

    def begin_task(self, task: asyncio.Task[object] | None) -> None:
        """The input runs as this task from now on: it is cancelled rather than cut, unless it is on the processor."""
        self._task = task

    def rearm(self) -> None:
        """User code goes on, unless it was told to stop while it was not armed."""
        self.armed = True
        self.check()

    def check(self) -> None:
        """Raise what the signal could not: the input is told to stop, and none of its code is on the processor."""
        reason = self.reason()
        if reason and not self.fired:
            self.fired = reason
            self.armed = False
            raise InputCancellation(why_of(reason))

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self.armed:
            return
        reason = self.reason()
        if not reason:
            self._looked_at()
        elif not self.fired:
            self.fired = reason
            self._interrupt(why_of(reason))

    def _interrupt(self, why: str) -> None:
        task = self._task
        if task is not None and asyncio.current_task(task.get_loop()) is not task:
            task.get_loop().call_soon_threadsafe(task.cancel, why)
        else:
            self.armed = False
            raise InputCancellation(why)


def why_of(reason: int) -> str:
    """What the interrupted code is told."""
    return "the call was cancelled" if reason == CANCELLED else "the attempt ran out of time"
