"""The session's second thread: sends what became due while no caller was there to send it.

Chunks that waited for credit, chunks of a slow iterator after 2 ms, answers to pings. Started at first need.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Protocol

from .lifeline import Frame, Lifeline
from .waiting import Bell

_LINGER_S = 0.002
_AGAIN_S = 1.0


class Flushable(Protocol):
    """Something with frames that may have become due."""

    def flush(self) -> None:
        """Send what there is."""


class Sending:
    """The sending thread of one session."""

    def __init__(self, lifeline: Lifeline) -> None:
        self._lifeline = lifeline
        self._bell = Bell()
        self._starting = threading.Lock()  # guards _thread
        self._thread: threading.Thread | None = None
        self._due: deque[Flushable] = deque()  # callers append, the thread takes
        self._frames: deque[Frame] = deque()
        self._late: deque[Flushable] = deque()

    def flush_soon(self, what: Flushable) -> None:
        """``what.flush()`` within a few milliseconds. Never blocks."""
        if what not in self._due:
            self._due.append(what)
        self._wake()

    def flush_later(self, what: Flushable) -> None:
        """``what.flush()`` in about a second. Never blocks."""
        self._late.append(what)
        self._wake()

    def send_soon(self, frame: Frame) -> None:
        """Send a frame from this thread. Never blocks."""
        self._frames.append(frame)
        self._wake()

    def end(self) -> None:
        """Let the thread go."""
        self._bell.ring()

    def _wake(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="farcall-sender", daemon=True)
                    self._thread.start()
        self._bell.ring()

    def _run(self) -> None:
        while self._lifeline.over is None:
            self._bell.wait(_AGAIN_S if self._late else 60.0)
            if self._frames:
                self._lifeline.send([self._frames.popleft() for _ in range(len(self._frames))])
            time.sleep(_LINGER_S)
            for _ in range(len(self._due)):
                self._due.popleft().flush()
            for _ in range(len(self._late)):
                self._late.popleft().flush()
