"""Concurrent plain functions: every input in a thread of its own, while the main thread serves the connection.

Threads are made as they are needed and kept. A cancel cannot reach a thread: what does not end within its grace ends
with its container, and the supervisor sees to that.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue

from .answers import Answers
from .concurrent import Concurrent, Entry
from .copies import Copies
from .lending import Lending
from .seat import Seat


class AsThreads(Concurrent):
    """Inputs in threads."""

    def __init__(self, seat: Seat, answers: Answers, copies: Copies, lending: Lending) -> None:
        super().__init__(seat, answers, copies, lending)
        self._jobs: SimpleQueue[Entry] = SimpleQueue()
        self._threads = 0

    def _begin(self, entry: Entry) -> None:
        self._jobs.put(entry)
        if self._threads < len(self._entries):
            self._threads += 1
            threading.Thread(target=self._work, name=f"farcall-input-{self._threads}", daemon=True).start()

    def _work(self) -> None:
        while True:
            entry = self._jobs.get()
            try:
                invoke, args, kwargs = self._enter(entry)
                entry.value = invoke(*args, **kwargs)
            except BaseException as error:
                entry.error = error
            self._answers.leave_if_forked()
            self._over(entry)
            self._seat.lookout.wake()
            del entry

    def _wait(self) -> None:
        self._seat.loop.wait()
