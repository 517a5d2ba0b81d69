"""In which order outcomes leave: by input, or as they come. Both drop what they have seen before.

Outcomes that are early wait here; above 32 MiB only their place is kept, and the value is read again when its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from .stream import Settled

_EARLY_BYTES = 32 * 1024 * 1024


class Order(Protocol):
    """Takes outcomes in as they arrive and gives those out whose turn it is."""

    def add(self, outcomes: Iterable[Settled]) -> list[Settled]:
        """The outcomes that may leave now, in their order."""
        ...


class ByInput:
    """Input order."""

    def __init__(self) -> None:
        self._next = 0
        self._early: dict[int, Settled] = {}
        self._bytes = 0

    def add(self, outcomes: Iterable[Settled]) -> list[Settled]:
        """The outcomes whose turn it is."""
        turn, early = self._next, self._early
        leaving: list[Settled] = []
        for outcome in outcomes:
            if outcome.index == turn:
                leaving.append(outcome)
                turn += 1
                while early and turn in early:
                    leaving.append(self._release(turn))
                    turn += 1
            elif outcome.index > turn and outcome.index not in early:
                self._keep(outcome)
        self._next = turn
        return leaving

    def _keep(self, outcome: Settled) -> None:
        size = len(outcome.payload) if outcome.payload is not None else 0
        if self._bytes + size > _EARLY_BYTES:
            outcome = outcome._replace(payload=None)
            size = 0
        self._bytes += size
        self._early[outcome.index] = outcome

    def _release(self, index: int) -> Settled:
        outcome = self._early.pop(index)
        self._bytes -= len(outcome.payload) if outcome.payload is not None else 0
        return outcome


class ByArrival:
    """As they come."""

    def __init__(self) -> None:
        self._seen = bytearray()

    def add(self, outcomes: Iterable[Settled]) -> list[Settled]:
        """The outcomes that were not seen yet."""
        seen = self._seen
        leaving: list[Settled] = []
        for outcome in outcomes:
            if outcome.index >= len(seen):
                seen.extend(bytes(max(4096, outcome.index + 1 - len(seen))))
            if not seen[outcome.index]:
                seen[outcome.index] = 1
                leaving.append(outcome)
        return leaving
