"""Whose text is whose in a container that runs several inputs at once.

Python's own streams ask, at every write, which input writes: the answer follows threads and tasks. Where it changes,
the stretch so far is noted. What C code and child processes write counts as the last writer's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from ..context import current_running
from .streams import Span, Streams


class Owner(NamedTuple):
    """An input, while its lease is here."""

    call_id: str
    index: int  # type: ignore[assignment]


class OwnedSpans:
    """Stretches of both files and who wrote them, in the order they lie there."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._writing = threading.RLock()  # guards _owner and _spans; held over every write
        self._owner: Owner | None = None
        self._spans: list[tuple[Owner, Span]] = []
        for text in streams.texts:
            text.write = self._asking(text.write)  # type: ignore[method-assign]

    def take(self) -> list[tuple[Owner, list[Span]]]:
        """What was written since the last time, in stretches of one call each."""
        with self._writing:
            self._note()
            spans, self._spans = self._spans, []
        found: list[tuple[Owner, list[Span]]] = []
        for owner, span in spans:
            if found and found[-1][0].call_id == owner.call_id:
                found[-1][1].append(span)
            else:
                found.append((owner, [span]))
        return found

    def _asking(self, write: Callable[[str], int]) -> Callable[[str], int]:
        def write_as(text: str, /) -> int:
            with self._writing:
                running = current_running()
                if running != self._owner:
                    self._note()
                    self._owner = None if running is None else Owner(*running)
                return write(text)

        return write_as

    def _note(self) -> None:
        """All that the files hold by now and is nobody's yet is the last writer's."""
        streams = self._streams
        if not streams.settle(1.0):
            return
        owner = self._owner
        if owner is None:
            streams.skip()
        else:
            self._spans += [(owner, span) for span in streams.take(owner.index)]
