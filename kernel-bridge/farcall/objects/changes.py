"""The numbers under which a session changes dicts and queues, so that one said twice is done once.

The gateway keeps each answer until the session says, with a later change, that it has all answers below a number.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import NamedTuple

from ..client.session import Reply, Session


class Number(NamedTuple):
    """A change's own number, and below which all answers are here."""

    op: int
    answered: int


class Changes:
    """The changes of one session. Any thread may make one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _next and _open
        self._next = 1
        self._open: set[int] = set()

    def begin(self) -> Number:
        """A new number; :meth:`end` must follow."""
        with self._lock:
            op, self._next = self._next, self._next + 1
            self._open.add(op)
            return Number(op, min(self._open))

    def end(self, op: int) -> None:
        """Its answer is here, or nobody wants it. Idempotent."""
        with self._lock:
            self._open.discard(op)

    def end_with(self, op: int, future: Future[Reply]) -> None:
        """End it when the future is done."""
        future.add_done_callback(lambda _: self.end(op))

    @contextmanager
    def one(self) -> Iterator[Number]:
        """A change that ends with the block."""
        number = self.begin()
        try:
            yield number
        finally:
            self.end(number.op)


_lock = threading.Lock()  # guards _changes
_changes: weakref.WeakKeyDictionary[Session, Changes] = weakref.WeakKeyDictionary()


def changes_of(session: Session) -> Changes:
    """The session's own."""
    with _lock:
        known = _changes.get(session)
        if known is None:
            known = _changes[session] = Changes()
        return known
