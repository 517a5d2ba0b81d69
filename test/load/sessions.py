"""Many clients in one process: from `session_per_thread` on, every thread is a client of its own.

farcall has one session a process, since a notebook is one client. A load test wants a hundred without a hundred
processes; each thread's session is a whole one, with its own id, socket, reader thread and credit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from farcall.client.place import default_place
from farcall.client.session import Session


class _Own(threading.local):
    session: Session | None = None


_own = _Own()


def session_per_thread() -> None:
    """Session.current() is the calling thread's own from now on, in all of this process."""
    every: Any = Session
    every.existing = classmethod(lambda _: _own.session)
    every.current = classmethod(lambda _: _current())


@contextmanager
def client() -> Iterator[Session]:
    """The calling thread as one client, for a while."""
    try:
        yield _current()
    finally:
        if _own.session is not None:
            _own.session.close()
            _own.session = None


def _current() -> Session:
    if _own.session is None:
        _own.session = Session(default_place())
    _own.session.welcome()
    return _own.session
