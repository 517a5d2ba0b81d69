"""How a thread of the user waits: woken by a bell, ticking its view, and interruptible.

While the main thread waits our own SIGINT handler is in place, since ipykernel's async cells replace Python's; it only
counts, so that no lock is left half taken. Inside a container a wait is told to the gateway, which lends the place out.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found, unused-ignore]  # what `signal` wraps: its enums cost more than a wait
import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from types import FrameType
from typing import Any, TypeVar, cast

from .. import context
from ..presenter import SILENT, View

#: How often a waiting thread looks around.
TICK_S = 0.05
#: How often a waiting coroutine does.
ASYNC_TICK_S = 0.1
#: A wait inside a container that is longer than this lends the container's place to others.
_LEND_AFTER_S = 0.005
#: How long an interrupt may wait for the gateway to confirm its cancel.
CANCEL_S = 2.0

T = TypeVar("T")


class Bell:
    """Wakes one waiting thread or coroutine. Ringing is cheap, never blocks, and is remembered until the next wait."""

    def __init__(self) -> None:
        self._silent = threading.Lock()  # held while nothing rang; whoever rings releases it
        self._silent.acquire()
        self._sleeper: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self.next: Bell | None = None  # rings with this one: of whoever waits for what this one's owner waits for

    def ring(self) -> None:
        """Wake whoever waits, or let the next wait return at once."""
        if self.next is not None:
            self.next.ring()
        with contextlib.suppress(RuntimeError):  # it rang already, or the loop is closed
            if self._silent.locked():
                self._silent.release()
        if self._sleeper is not None:
            loop, event = self._sleeper
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(event.set)

    def wait(self, timeout: float) -> bool:
        """Whether it rang within ``timeout`` seconds."""
        return self._silent.acquire(timeout=max(0.0, timeout))

    async def rang(self, timeout: float) -> bool:
        """:meth:`wait` for a coroutine."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        self._sleeper = (loop, event)
        # Not asyncio.wait_for: before Python 3.12 it forgets a cancel that comes together with the ring.
        late = loop.call_later(max(0.0, timeout), event.set)
        try:
            if self._silent.acquire(blocking=False):
                return True
            await event.wait()
            return self._silent.acquire(blocking=False)
        finally:
            late.cancel()
            self._sleeper = None
            self._silent.acquire(blocking=False)


class Interrupted(KeyboardInterrupt):
    """The user interrupted a wait. A notebook shows it as one line."""

    def _render_traceback_(self) -> list[str]:
        return [_line("KeyboardInterrupt", self)]


def shorten(cancel: asyncio.CancelledError, told: str = "") -> None:
    """Let a notebook show a coroutine's cancel, which is what interrupting its cell is, as one line as well.

    ``told``: what was cancelled. It stays the exception that asyncio made: before Python 3.12, ``asyncio.timeout`` and
    task groups take one of a derived class for somebody else's.
    """
    cancel.args = cancel.args or ((told,) if told else ())
    shown = [_line("CancelledError", cancel)]
    cancel._render_traceback_ = lambda: shown  # type: ignore[attr-defined]  # IPython asks for it


def _line(name: str, error: BaseException) -> str:
    return f"{name}: {error}" if str(error) else name


class Place:
    """A container's place, lent to others while its input waits: once, however many waits follow one another."""

    def __init__(self) -> None:
        self._lent: contextlib.AbstractContextManager[None] | None = None

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self.take_back()

    @property
    def is_lent(self) -> bool:
        return self._lent is not None

    def lend(self) -> None:
        """Inside a container: tell the gateway that the running input waits. Idempotent."""
        if self._lent is None and not context.is_local():
            self._lent = context.waiting()
            self._lent.__enter__()

    def take_back(self) -> None:
        """The input goes on. Idempotent."""
        lent, self._lent = self._lent, None
        if lent is not None:
            lent.__exit__(None, None, None)


class Wait:
    """One wait of the calling thread: ``with Wait(bell) as wait: while …: wait.once()``.

    ``place`` is for waits that follow one another: who made it takes it back. ``interrupts``: what came before it.
    An interrupt that nobody saw before the end is for whoever handles them outside.
    """

    def __init__(
        self,
        bell: Bell,
        *,
        view: View = SILENT,
        timeout: float | None = None,
        place: Place | None = None,
        interrupts: int = 0,
    ) -> None:
        self._interrupts = self._seen = interrupts
        self._bell = bell
        self._view = view
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._before: Callable[[int, FrameType | None], Any] | int | None = None
        self._place = Place() if place is None else place
        self._is_ours = place is None

    def __enter__(self) -> Wait:
        if threading.current_thread() is threading.main_thread():
            before = _signal.getsignal(signal.SIGINT)
            if before is not None and before != signal.SIG_IGN:
                self._before = before
                _signal.signal(signal.SIGINT, self._count)
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_ours:
            self._place.take_back()
        if self._before is not None:
            _signal.signal(signal.SIGINT, self._before)
            if self._interrupts > self._seen:
                _signal.raise_signal(signal.SIGINT)

    @property
    def interrupts(self) -> int:
        """How often the user interrupted. Whoever asks acts on it."""
        self._seen = self._interrupts
        return self._seen

    def once(self) -> bool:
        """Wait until the bell rings, a tick passes, or the deadline comes. Whether the bell rang."""
        tick = TICK_S if self._place.is_lent or context.is_local() else _LEND_AFTER_S
        left = self.left
        rang = self._bell.wait(tick if left is None else min(tick, left))
        if not rang:
            self._place.lend()
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
        self._interrupts += 1
        self._bell.ring()


#: Work that yields whenever it has to wait for its bell, and returns what it was for.
Steps = Generator[None, None, T]


def drive(
    steps: Steps[T],
    bell: Bell,
    *,
    view: View = SILENT,
    timeout: float | None = None,
    interrupted: Callable[[], Steps[None]] | None = None,
) -> T:
    """Run steps in this thread, waiting whenever they have to.

    ``interrupted`` makes the steps to take when the user interrupts; they get 2 s, or until the next interrupt.

    Raises :class:`Interrupted`, the builtin :class:`TimeoutError`, and what the steps raise.
    """
    try:
        next(steps)
    except StopIteration as stop:
        return cast(T, stop.value)
    with Wait(bell, view=view, timeout=timeout) as wait:
        try:
            while not wait.interrupts and not wait.late:
                wait.once()
                next(steps)
        except StopIteration as stop:
            if not wait.interrupts:
                return cast(T, stop.value)
        if wait.late and not wait.interrupts:
            raise TimeoutError(f"no result within {timeout:g} s")
        if interrupted is not None:
            settle(interrupted(), bell, wait)
    raise Interrupted


def settle(steps: Steps[None], bell: Bell, wait: Wait) -> None:
    """Take the steps of an interrupt, for at most 2 s and until the next interrupt."""
    until = time.monotonic() + CANCEL_S
    for _ in steps:
        if wait.interrupts > 1 or time.monotonic() >= until:
            return
        bell.wait(TICK_S)


async def drive_async(
    steps: Steps[T],
    bell: Bell,
    *,
    view: View = SILENT,
    timeout: float | None = None,
    interrupted: Callable[[], Steps[None]] | None = None,
    go_on: Callable[[], None] = lambda: None,
) -> T:
    """:func:`drive` for a coroutine; being cancelled is its interrupt. ``go_on`` is called before each step."""
    deadline = None if timeout is None else time.monotonic() + timeout
    lent = contextlib.ExitStack()
    tick = ASYNC_TICK_S if context.is_local() else _LEND_AFTER_S
    try:
        while True:
            go_on()
            next(steps)
            left = tick if deadline is None else min(tick, deadline - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"no result within {timeout:g} s")
            if await bell.rang(left):
                continue
            view.tick()
            if tick < ASYNC_TICK_S:
                tick = ASYNC_TICK_S
                lent.enter_context(context.awaiting())
    except StopIteration as stop:
        return cast(T, stop.value)
    except asyncio.CancelledError as cancel:
        shorten(cancel)
        if interrupted is not None:
            for _ in interrupted():
                break  # the cancel is on its way; a cancelled task does not wait for the answer
        raise
    finally:
        lent.close()


def ready(future: Future[T]) -> Steps[T]:
    """The result of a future; the bell must ring when it is done."""
    while not future.done():
        yield
    return future.result()
