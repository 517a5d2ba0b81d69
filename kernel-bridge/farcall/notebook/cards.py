"""Cards: one output each, written as a MIME bundle, static HTML and one line of text; and the rhythm they are saved in.

A card reads the states of its calls and puts snapshots on the screen; what it saves holds none of the user's values.
The main thread shows a card, the pace thread keeps it current, and its end is written whoever gets there first.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from . import markup, words
from .calls import Followed
from .screen import Bundle, Screen
from .views import MIME, ViewBundle, saved

CardKind = Literal["map", "call"]

#: With an extension attached: when the saved snapshot is renewed, in seconds from the card's start, then the rhythm.
_MARKS = (1.0, 10.0)
_RHYTHM_S = 60.0
_ALONE_RHYTHM_S = 1.0
_HINT_AFTER_S = 3.0
_SHORTEST_S = 0.1
_CALLS_ON_A_CARD = 20
#: Calls that a card is about; those above that it only counts.
_MOST_CALLS = 100


class Card:
    """One output of the notebook, about one map or about several calls."""

    def __init__(self, kind: CardKind, calls: Sequence[Followed]) -> None:
        self.display_id = uuid.uuid4().hex
        self._kind: CardKind = kind
        self._calls = list(calls)
        self._begun = time.monotonic()
        self._lock = threading.Lock()  # guards _written_at and _written; a newer snapshot never precedes an older one
        self._written_at = self._begun
        self._written: tuple[object, ...] = ()

    def make_room(self) -> bool:
        """Whether there is room for another call; what ended first, but for the card's own one, leaves. Main thread."""
        if len(self._calls) < _MOST_CALLS:
            return True
        over = next((call for call in self._calls[1:] if call.final.is_set()), None)
        if over is not None:
            self._calls.remove(over)
        return over is not None

    def add(self, call: Followed) -> None:
        """Another call on this card. Main thread."""
        if call not in self._calls:
            self._calls.append(call)

    @property
    def calls(self) -> tuple[Followed, ...]:
        return tuple(self._calls)

    @property
    def is_over(self) -> bool:
        """Whether every call is final and that has been written."""
        return self._written == self._states() and all(call.final.is_set() for call in self._calls)

    def due(self, *, attached: bool) -> float:
        """When to write next, as a monotonic time."""
        if self._written != self._states():
            return self._written_at + _SHORTEST_S
        if not attached:
            return self._written_at + _ALONE_RHYTHM_S
        marks = (self._begun + mark for mark in _MARKS if self._begun + mark > self._written_at)
        return next(marks, self._written_at + _RHYTHM_S)

    def put(self, write: Callable[[Bundle, str], None], *, attached: bool) -> None:
        """Write the present state with ``write(bundle, display_id)``."""
        with self._lock:
            states = self._states()
            write(self.bundle(hint=not attached), self.display_id)
            self._written, self._written_at = states, time.monotonic()

    def bundle(self, *, hint: bool) -> Bundle:
        """What the notebook saves."""
        shown = [saved(call.view) for call in self._calls]
        running = not all(view.is_final for view in shown)
        hint = hint and running and time.monotonic() - self._begun >= _HINT_AFTER_S
        view = ViewBundle(
            v=1,
            kind=self._kind,
            call_id=shown[0].call_id,
            snapshot=shown[0],
            saved_at=time.time(),
            calls=tuple(shown[1:][-_CALLS_ON_A_CARD:]),
        )
        return {
            MIME: msgspec.to_builtins(view),
            "text/html": markup.card(shown, hint=hint),
            "text/plain": words.line(shown[0]) + (f" and {len(shown) - 1:,} more" if len(shown) > 1 else ""),
        }

    def _states(self) -> tuple[object, ...]:
        return tuple((call.view.state, call.view.started_at > 0) for call in self._calls)


class Deck:
    """All cards that still change. ``attached`` says whether an extension draws them live."""

    def __init__(self, screen: Screen, attached: Callable[[], bool], nudge: Callable[[], None]) -> None:
        self._screen = screen
        self._attached = attached
        self._nudge = nudge
        self._lock = threading.Lock()  # guards _live
        self._live: list[Card] = []
        self._shown: list[Card] = []  # main thread only: what this cell shows
        self._ended: list[Card] = []  # main thread only: waits of this cell that are over

    def show(self, card: Card) -> None:
        """Put a new card below the running cell. Main thread."""
        card.put(self._screen.show, attached=self._attached())
        self._shown.append(card)
        if not card.is_over:
            with self._lock:
                self._live.append(card)
            self._nudge()

    def show_once(self, bundle: Bundle) -> None:
        """Put an output that stays as it is below the running cell. Main thread."""
        self._screen.show(bundle, uuid.uuid4().hex)

    def renew(self, card: Card) -> None:
        """A card that was over has something new."""
        with self._lock:
            if card not in self._live:
                self._live.append(card)
        self._nudge()

    def end(self, card: Card) -> None:
        """Nobody waits for it any more: write what is known now. Its last state follows when it is known."""
        self._write_if_changed(card)
        self._ended.append(card)

    def is_shown(self, call_id: str) -> bool:
        """Whether the running cell shows a card of this call already. Main thread."""
        return any(call.view.call_id == call_id for card in self._shown for call in card.calls)

    def cell_begins(self) -> None:
        """A new cell shows nothing yet. Main thread."""
        self._shown = []

    def cell_ends(self, patience_s: float = 0.3) -> None:
        """Give the last states of the cell's calls a moment to arrive, to be saved inside the cell. Main thread."""
        ended, self._ended = self._ended, []
        deadline = time.monotonic() + patience_s
        for card in ended:
            for call in card.calls:
                if call.view.attached:
                    call.final.wait(max(0.0, deadline - time.monotonic()))
            self._write_if_changed(card)

    def write_all(self) -> None:
        """Write every card that is not over, before the kernel goes."""
        for card in self._cards():
            card.put(self._screen.update, attached=self._attached())

    def refresh(self, now: float) -> float | None:
        """A job of the pace thread: writes the cards that are due."""
        attached = self._attached()
        for card in self._cards():
            if card.due(attached=attached) <= now:
                card.put(self._screen.update, attached=attached)
        with self._lock:
            self._live = [card for card in self._live if not card.is_over]
            return min((card.due(attached=attached) for card in self._live), default=None)

    def _write_if_changed(self, card: Card) -> None:
        if not card.is_over:
            card.put(self._screen.update, attached=self._attached())

    def _cards(self) -> list[Card]:
        with self._lock:
            return list(self._live)
