"""What names of functions meant when the gateway was asked, until it says that they mean something else."""

from __future__ import annotations

import threading
from typing import Any


class Found:
    """(app, name) → what was found. The gateway tells its askers when a name moves, in order with its answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards both below
        self._known: dict[tuple[str, str], Any] = {}
        self._moves = 0

    @property
    def moves(self) -> int:
        """How often a name moved so far: to be read before asking."""
        return self._moves

    def get(self, key: tuple[str, str]) -> Any:
        """What was found; None if that has to be asked for."""
        return self._known.get(key)

    def put(self, key: tuple[str, str], found: object, moves: int) -> None:
        """Remember an answer, unless a name moved since ``moves`` was read: it may be this one."""
        with self._lock:
            if moves == self._moves:
                self._known[key] = found

    def moved(self, app: str, name: str) -> None:
        """The name means something else now. On the reader thread."""
        with self._lock:
            self._moves += 1
            self._known.pop((app, name), None)

    def clear(self) -> None:
        """A gateway that was away tells nothing of what happened meanwhile."""
        with self._lock:
            self._moves += 1
            self._known.clear()
