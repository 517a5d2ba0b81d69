"""A map that was started here, while its outcomes come: one loop gets them as they come, whoever else needs the map to
get on moves it too. Results (results.py) has one; what is stored is read elsewhere (chain.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ..client.waiting import Bell, Place, Wait
from ..presenter import SILENT, View
from .chain import Batches
from .mapping import Mapping
from .stream import Settled

_END: Any = object()


class Live:
    """Moves a map on. Without its own inputs (a derived call) there is nothing to move, only a view to end.

    ``among`` puts outcomes that were there before among its own.
    """

    def __init__(self, mapping: Mapping, among: Callable[[Batches], Batches] = lambda batches: batches) -> None:
        self.mapping = mapping
        self.view: View = SILENT
        self._batches: Batches | None = among(mapping.batches(lambda: self.view)) if mapping.has_inputs else None
        self._stash: deque[list[Settled]] = deque()  # what others took, for the loop under way
        self._is_untouched = True
        self._is_looping = False

    @property
    def is_moving(self) -> bool:
        """Whether the map gets on only while someone drives it."""
        return self._batches is not None and not self.mapping.opened.is_over

    @property
    def ends_with_us(self) -> bool:
        """Whether it is cancelled when whoever drives it leaves."""
        return not self.mapping.opened.is_detached

    def loop(self) -> Batches | None:
        """The outcomes as they come, for the first loop; None for later ones, which read what is stored."""
        is_first, self._is_untouched = self._is_untouched, False
        if not is_first or self._batches is None:
            return None
        self._is_looping = True
        return self._fresh(self._batches)

    def drained(self) -> Batches:
        """Run the map to its end, so that all of it is stored; a loop that is under way still gets its part."""
        self._is_untouched = False
        if self._batches is None:
            return
        for batch in self._batches:
            if batch is None:
                yield None
            elif self._is_looping:
                self._stash.append(batch)
        self.end_view()

    def left(self, *, is_early: bool) -> None:
        """The loop ended; early: cancel what has not run, unless the map is detached."""
        self._is_looping = False
        if is_early and self.ends_with_us:
            self.mapping.abandon()
            self._batches = None
            self._stash.clear()
        self.end_view()

    def end_view(self) -> None:
        """Nobody waits any more. Idempotent."""
        view, self.view = self.view, SILENT
        view.end()

    def _fresh(self, batches: Batches) -> Batches:
        while True:
            while self._stash:
                yield self._stash.popleft()
            batch = next(batches, _END)
            if batch is _END:
                return
            yield batch


def next_batch(batches: Batches, bell: Bell, view: View) -> list[Settled] | None:
    """The next batch, waited for; None at the end. User code runs with the user's own signal handlers."""
    with Place() as place:
        while True:
            batch = next(batches, _END)
            if batch is _END:
                return None
            if batch is not None:
                return batch
            with Wait(bell, view=view, place=place) as wait:
                wait.once()
                if wait.interrupts:
                    raise KeyboardInterrupt


async def next_batch_async(batches: Batches, bell: Bell, view: View, go_on: Callable[[], None]) -> list[Settled] | None:
    """:func:`next_batch` for a coroutine; ``go_on`` is called before each look."""
    while True:
        go_on()
        batch = next(batches, _END)
        if batch is _END:
            return None
        if batch is not None:
            return batch
        if not await bell.rang(0.1):
            view.tick()
