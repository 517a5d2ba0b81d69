"""The end of what calls printed, for those whose streams were closed before it came: an interrupted one, say.

Used by the presenter at a cell's end, in the main thread, for calls whose output is printed in the cell. The gateway
has the whole text of a call; what was printed already is its beginning.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from ..errors import Error
from ..wire.messages import OutputRead

_PATIENCE_S = 0.5
_CALLS = 50


class Tail:
    """How much of one call's output was printed, in bytes."""

    def __init__(self, call_id: str) -> None:
        self.call_id = call_id
        self.printed = 0

    def note(self, text: str) -> None:
        """More of it was printed."""
        self.printed += len(text.encode())


class Tails:
    """The calls that ended in the running cell. Main thread only."""

    def __init__(self, session: Callable[[], Any]) -> None:
        self._session = session
        self._ended: deque[Tail] = deque(maxlen=_CALLS)

    def end(self, tail: Tail) -> None:
        """Nobody listens to the call's stream any more."""
        self._ended.append(tail)

    def read(self) -> list[str]:
        """What is left of each. Never raises: the output is also in ``call.logs()``."""
        ended = list(self._ended)
        self._ended.clear()
        if not ended:
            return []
        deadline = time.monotonic() + _PATIENCE_S
        try:
            asked = [self._ask(tail) for tail in ended]
            return [_text(future, deadline) for future in asked]
        except (Error, FutureTimeoutError):
            return []

    def _ask(self, tail: Tail) -> Future[Any]:
        question = OutputRead(request=0, call_id=tail.call_id, index=-1, offset=tail.printed)
        future: Future[Any] = self._session().request(question)
        return future


def _text(future: Future[Any], deadline: float) -> str:
    _, payload = future.result(max(0.0, deadline - time.monotonic()))
    return bytes(payload).decode("utf-8", "replace")
