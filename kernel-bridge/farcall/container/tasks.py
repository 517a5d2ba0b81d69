"""Concurrent async functions: every input a task of the container's one event loop, in its main thread.

The event loop runs between turns and stops when something arrives or an input has ended. A cancel goes to one task: the
signal's handler cancels it, or raises in it if it is the one on the processor.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from functools import partial
from types import FrameType

from ..errors import InputCancellation
from .answers import Answers
from .cancel import why_of
from .concurrent import Concurrent, Entry
from .copies import Copies
from .lending import Lending
from .seat import Seat

#: User code may have taken the signals' wake-up for itself: the page is looked at so often, whatever happens.
_LOOK_S = 0.25


class AsTasks(Concurrent):
    """Inputs as tasks."""

    def __init__(self, seat: Seat, answers: Answers, copies: Copies, lending: Lending) -> None:
        super().__init__(seat, answers, copies, lending)
        events = self._events = copies.loop
        self._watched = -1  # the connection's descriptor, as the event loop knows it
        events.add_reader(seat.lookout.woken, self._on_woken)
        signal.signal(signal.SIGUSR1, self._on_signal)

    def _begin(self, entry: Entry) -> None:
        entry.task = self._events.create_task(self._run(entry))
        entry.task.add_done_callback(partial(self._on_done, entry))

    async def _run(self, entry: Entry) -> None:
        try:
            try:
                entry.armed = True
                invoke, args, kwargs = self._enter(entry)
                entry.value = await invoke(*args, **kwargs)
            finally:
                entry.armed = False
        except BaseException as error:
            entry.error = error  # SystemExit, too, ends this input only
        self._answers.leave_if_forked()

    def _on_done(self, entry: Entry, task: asyncio.Task[None]) -> None:
        if task.cancelled() and entry.error is None:  # before its first step
            entry.error = asyncio.CancelledError()
        self._over(entry)
        self._events.stop()

    def _wait(self) -> None:
        self._watch(self._seat.link.fileno())
        link = self._seat.link
        limit = _LOOK_S if link.connected else min(_LOOK_S, link.retry_in)
        look = self._events.call_later(0.0 if link.pending else limit, self._events.stop)
        with contextlib.suppress(SystemExit, KeyboardInterrupt):  # of a task that an input started
            self._events.run_forever()
        look.cancel()

    def _watch(self, descriptor: int) -> None:
        """The connection may be another one than at the last wait, or none (-1)."""
        if descriptor == self._watched:
            return
        if self._watched >= 0:
            self._events.remove_reader(self._watched)
        if descriptor >= 0:
            self._events.add_reader(descriptor, self._events.stop)
        self._watched = descriptor

    def _on_woken(self) -> None:
        self._seat.lookout.drain()
        self._events.stop()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        standing: str | None = None
        for entry in list(self._entries.values()):
            reason = self._slots.cancelled(entry.slot)
            if not reason or entry.fired:
                continue
            entry.fired = reason
            if entry.armed and self._on_processor() is entry.task:
                entry.armed = False
                standing = why_of(reason)
            elif entry.task is not None:  # else it is being started, and hears of this at its first step
                self._events.call_soon_threadsafe(entry.task.cancel, why_of(reason))
        if standing is not None:  # last: all others are told by now
            raise InputCancellation(standing)

    def _on_processor(self) -> object:
        return asyncio.current_task(self._events)
