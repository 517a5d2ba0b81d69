"""How a thread of the user waits: woken by a bell, ticking its view, and interruptible.

While the main thread waits our own SIGINT handler is in place, since ipykernel's async cells replace Python's; it only
counts, so that no lock is left half taken. Inside a container a wait is told to the gateway, which lends the place out.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from .presenter import SILENT, View

#: How often a waiting thread looks around.
TICK_S = 0.05
#: How long an interrupt may wait for the gateway to confirm its cancel.
CANCEL_S = 2.0


class Bell:
    """Wakes one waiting thread. Ringing is cheap, never blocks, and is remembered until the next wait."""

    def __init__(self) -> None:
        self._silent = threading.Lock()  # held while nothing rang; whoever rings releases it
        self._silent.acquire()

    def ring(self) -> None:
        """Wake the waiting thread, or let its next wait return at once."""
        if self._silent.locked():
            with contextlib.suppress(RuntimeError):  # someone else rang in between
                self._silent.release()

    def wait(self, timeout: float) -> bool:
        """Whether it rang within ``timeout`` seconds."""
        return self._silent.acquire(timeout=max(0.0, timeout))


class LoopBell(Bell):
    """A bell for a coroutine."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: no one waits any more
            self._loop.call_soon_threadsafe(self._event.set)

    async def rang(self, timeout: float) -> bool:
        """Whether it rang within ``timeout`` seconds."""
        try:
            await asyncio.wait_for(self._event.wait(), max(0.0, timeout))
        except asyncio.TimeoutError:
            return False
        self._event.clear()
        return True


class Interrupted(KeyboardInterrupt):
    """The user interrupted a wait. A notebook shows it as one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}" if str(self) else "KeyboardInterrupt"]


class Wait:
    """One wait of the calling thread: ``with Wait(bell) as wait: while …: wait.once()``."""

    def __init__(self, bell: Bell, *, view: View = SILENT, timeout: float | None = None) -> None:
        self.interrupts = 0
        self._bell = bell
        self._view = view
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._before: Callable[[int, FrameType | None], Any] | int | None = None
        self._nested = contextlib.ExitStack()

    def __enter__(self) -> Wait:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if before is not signal.SIG_IGN and before is not None:
                self._before = before
                signal.signal(signal.SIGINT, self._count)
        return self

    def __exit__(self, *_: object) -> None:
        self._nested.close()
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def once(self) -> bool:
        """Wait until the bell rings, a tick passes, or the deadline comes. Whether the bell rang."""
        left = self.left
        rang = self._bell.wait(TICK_S if left is None else min(TICK_S, left))
        if not rang:
            self._view.tick()
        return rang

    @property
    def left(self) -> float | None:
        """Seconds until the deadline, not below 0; None: there is none."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    @property
    def late(self) -> bool:
        """Whether the deadline has passed."""
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupts += 1
        self._bell.ring()


@contextlib.contextmanager
def lent() -> Iterator[None]:
    """Inside a container: tell the gateway that the running input waits. Elsewhere nothing."""
    from . import context  # the container's side of it; imported late, for it may import us

    with context.waiting():
        yield
