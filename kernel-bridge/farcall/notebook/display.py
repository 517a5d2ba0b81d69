"""The notebook's presenter: a card for every map, one card for the slow calls of a cell, and what inputs print.

The API asks it through farcall.presenter, always in the main thread. Its views must not wait: states come from the
session's watch (calls.py), snapshots are renewed by the pace thread (cards.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..presenter import SILENT, Cell, View
from .calls import Calls, Followed
from .cards import Card, Deck
from .origin import Origin
from .output import CellOutput
from .tails import Tail, Tails

if TYPE_CHECKING:
    from ..call import FunctionCall
    from ..results import Results

#: A single call gets a card when it runs longer than this.
SLOW_S = 1.0
_log = logging.getLogger(__name__)


class NotebookPresenter:
    """Puts maps and calls on the screen. ``attached``: whether an extension draws them live, with their output."""

    wants_output = True

    def __init__(self, calls: Calls, deck: Deck, origin: Origin, attached: Callable[[], bool]) -> None:
        self.calls = calls
        self.deck = deck
        self.attached = attached
        self._origin = origin
        self.on_map: Callable[[Results], None] = lambda results: None
        self.printed = CellOutput()
        self.tails = Tails(calls.session)
        self._slow: Card | None = None
        self._maps: dict[str, list[Followed]] = {}  # the maps of each cell's last run, by the cell's key

    def map_begins(self, results: Results) -> View:
        """A map starts in the foreground: its card appears. A card that fails does not stop the map."""
        try:
            followed = self.calls.begin(results.call.object_id, "map", results.name)
            card = Card("map", [followed])
            if self._origin.cell.key:
                self._maps.setdefault(self._origin.cell.key, []).append(followed)
            self.deck.show(card)
            self.on_map(results)
        except Exception:
            _log.exception("the card of a map could not be shown")
            return SILENT
        return MapCard(self, card, followed.view.call_id)

    def call_begins(self, call: FunctionCall[Any]) -> View:
        """A caller begins to wait for one call: nothing is shown for a second."""
        return SlowCall(self, call)

    def cell(self) -> Cell:
        """The running cell."""
        return self._origin.cell

    def place(self, where: str) -> str:
        """``Cell In[4], line 7``."""
        return self._origin.place(where)

    def join_slow(self, call: FunctionCall[Any]) -> Card | None:
        """The card of this cell's slow calls, with ``call`` on it; None while it is full of calls that run."""
        if self._slow is not None and not self._slow.make_room():
            return None
        followed = self.calls.begin(call.object_id, "remote", call.name)
        if self._slow is None:
            self._slow = Card("call", [followed])
            self.deck.show(self._slow)
        else:
            self._slow.add(followed)
            self.deck.renew(self._slow)
        return self._slow

    def cell_begins(self) -> None:
        """A new cell: calls of the last one share nothing with it. Main thread."""
        self._slow = None
        self.printed = CellOutput()
        self.deck.cell_begins()
        self._cancel_left_over()

    def _cancel_left_over(self) -> None:
        """Running a cell again cancels the map that its last run left behind, unless that was detached."""
        key = self._origin.cell.key
        left = self._maps.pop(key, [])
        for followed in left:
            if followed.changes and followed.view.attached and not followed.final.is_set():
                self.calls.cancel(followed)

    def cell_ends(self) -> None:
        """The cell's last states and the rest of its output. Main thread."""
        for text in self.tails.read():
            self.printed.write(-1, "stdout", text)
        self.printed.end()
        self.deck.cell_ends()


class MapCard:
    """The view of one map."""

    def __init__(self, presenter: NotebookPresenter, card: Card, call_id: str) -> None:
        self._presenter = presenter
        self._card = card
        self._tail = Tail(call_id)

    def tick(self) -> None:
        """Nothing to do: the pace thread keeps the card current."""

    def output(self, index: int, stream: str, text: str) -> None:
        """The live card has the output; without one it is printed here."""
        if not self._presenter.attached():
            self._presenter.printed.write(index, stream, text)
            self._tail.note(text)

    def end(self) -> None:
        """Write what is known now; the last state follows by itself."""
        self._presenter.printed.flush()
        if not self._presenter.attached():
            self._presenter.tails.end(self._tail)
        self._presenter.deck.end(self._card)


class SlowCall:
    """The view of one waited-for call; it joins the cell's card when it takes long."""

    def __init__(self, presenter: NotebookPresenter, call: FunctionCall[Any]) -> None:
        self._presenter = presenter
        self._call = call
        self._cell = presenter.cell()
        self._slow_at = time.monotonic() + SLOW_S
        self._card: Card | None = None
        self._tail = Tail(call.object_id)

    def tick(self) -> None:
        """Show the card once it is slow. A task's call that outlives its cell does not show in the next one."""
        now = time.monotonic()
        if self._card is None and now >= self._slow_at and self._presenter.cell() == self._cell:
            self._card = self._presenter.join_slow(self._call)
            self._slow_at = now + SLOW_S

    def output(self, index: int, stream: str, text: str) -> None:
        """In the live card if there is one, otherwise in the cell."""
        if not self._is_live:
            self._presenter.printed.write(index, stream, text)
            self._tail.note(text)

    def end(self) -> None:
        """The call is done, or nobody waits for it any more."""
        self._presenter.printed.flush()
        if not self._is_live:
            self._presenter.tails.end(self._tail)
        if self._card is not None:
            self._presenter.deck.end(self._card)

    @property
    def _is_live(self) -> bool:
        return self._card is not None and self._presenter.attached()
