"""Why a call waits, for the terminal's line: asked of the gateway once it has waited for a second.

Made by presenter.py for calls that are waited for in the main thread of a terminal. Only text: it draws nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .client.session import Session
from .wire.messages import Progress

_AFTER_S = 1.0


class Waiting:
    """Watches one call. ``call_id`` gives its id once it has one, else an empty text."""

    def __init__(self, call_id: Callable[[], str]) -> None:
        self._call_id = call_id
        self._began = time.monotonic()
        self._reason = ""  # set by the reader thread
        self._leave: Callable[[], None] | None = None

    def reason(self) -> str:
        """Why its inputs wait now, such as `building an image: installing torch 3/14`; empty: they do not."""
        if self._leave is None and time.monotonic() - self._began > _AFTER_S:
            session, call_id = Session.existing(), self._call_id()
            if session is not None and call_id:
                self._leave = session.watch(call_id, self._hear)
        return self._reason

    def end(self) -> None:
        """It is not waited for any more. Idempotent."""
        if self._leave is not None:
            self._leave()
            self._leave = None
        self._reason = ""

    def _hear(self, progress: Progress) -> None:
        self._reason = progress.waiting
