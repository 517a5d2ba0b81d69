"""In which order outcomes leave: by input, or as they come. Both drop what they have seen before.

Outcomes that are early wait here; above 32 MiB only their place is kept, and the value is read again in its turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import pairwise
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
        self._early: list[tuple[int, int, list[Settled]]] = []  # a heap of runs by their first index
        self._kept = 0  # tells runs apart that begin alike
        self._bytes = 0

    def add(self, outcomes: list[Settled]) -> list[Settled]:
        """The outcomes whose turn it is."""
        leaving: list[Settled] = []
        for run in _runs(outcomes):
            if run[0][0] > self._next:
                self._keep(run)
                continue
            self._leave(run, leaving)
            while self._early and self._early[0][0] <= self._next:
                self._leave(self._release(), leaving)
        return leaving

    def _leave(self, run: list[Settled], leaving: list[Settled]) -> None:
        """What of the run was not seen before; it does not begin after its turn."""
        fresh = run[self._next - run[0][0] :] if run[0][0] < self._next else run
        leaving += fresh
        self._next += len(fresh)

    def _keep(self, run: list[Settled]) -> None:
        size = _size(run)
        if self._bytes + size > _EARLY_BYTES:
            run = list(self._lightened(run))
            size = _size(run)
        self._bytes += size
        self._kept += 1
        heappush(self._early, (run[0][0], self._kept, run))

    def _lightened(self, run: list[Settled]) -> Iterator[Settled]:
        """The run with as many of its payloads as there is room for."""
        size = self._bytes
        for outcome in run:
            size += len(outcome[3] or b"")
            yield outcome if size <= _EARLY_BYTES else (*outcome[:3], None)

    def _release(self) -> list[Settled]:
        _, _, run = heappop(self._early)
        self._bytes -= _size(run)
        return run


def _runs(outcomes: list[Settled]) -> list[list[Settled]]:
    """Cut where the indexes are not consecutive: containers answer in ranges, so there are few."""
    indexes = [outcome[0] for outcome in outcomes]
    if not indexes or indexes == list(range(indexes[0], indexes[0] + len(indexes))):
        return [outcomes] if outcomes else []
    ends = [at for at, (before, after) in enumerate(pairwise(indexes), 1) if after != before + 1]
    return [outcomes[first:end] for first, end in pairwise((0, *ends, len(outcomes)))]


def _size(run: list[Settled]) -> int:
    return sum([len(outcome[3]) for outcome in run if outcome[3] is not None])


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
