"""In which order outcomes leave: by input, or as they come. Both drop what they have seen before.

Outcomes that are early wait here; above 32 MiB only their place is kept, and the value is read again in its turn.
"""

from __future__ import annotations

from typing import Protocol

from .stream import Settled

_EARLY_BYTES = 32 * 1024 * 1024


class Order(Protocol):
    """Takes outcomes in as they arrive and gives those out whose turn it is."""

    def add(self, outcomes: list[Settled]) -> list[Settled]:
        """The outcomes that may leave now, in their order."""
        ...


class ByInput:
    """Input order."""

    def __init__(self) -> None:
        self._next = 0
        self._early: dict[int, Settled] = {}
        self._bytes = 0

    def add(self, outcomes: list[Settled]) -> list[Settled]:
        """The outcomes whose turn it is."""
        first, count = self._next, len(outcomes)
        if not self._early and [outcome[0] for outcome in outcomes] == list(range(first, first + count)):
            self._next += count  # the common case: all in order
            return outcomes
        leaving: list[Settled] = []
        for outcome in outcomes:
            if outcome[0] == self._next:
                leaving.append(outcome)
                self._next += 1
                while self._next in self._early:
                    leaving.append(self._release(self._next))
                    self._next += 1
            elif outcome[0] > self._next and outcome[0] not in self._early:
                self._keep(outcome)
        return leaving

    def _keep(self, outcome: Settled) -> None:
        index, status, attempt, payload = outcome
        size = 0 if payload is None else len(payload)
        if self._bytes + size > _EARLY_BYTES:
            size, payload = 0, None
        self._bytes += size
        self._early[index] = (index, status, attempt, payload)

    def _release(self, index: int) -> Settled:
        outcome = self._early.pop(index)
        self._bytes -= 0 if outcome[3] is None else len(outcome[3])
        return outcome


class ByArrival:
    """As they come."""

    def __init__(self) -> None:
        self._seen = bytearray()

    def add(self, outcomes: list[Settled]) -> list[Settled]:
        """The outcomes that were not seen yet."""
        seen = self._seen
        leaving: list[Settled] = []
        for outcome in outcomes:
            index = outcome[0]
            if index >= len(seen):
                seen.extend(bytes(max(4096, index + 1 - len(seen))))
            if not seen[index]:
                seen[index] = 1
                leaving.append(outcome)
        return leaving
