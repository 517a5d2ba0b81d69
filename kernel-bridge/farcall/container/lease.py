"""A lease: a range of one call's inputs that this container may run, with their payloads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain

from ..wire.blobs import Blobs
from ..wire.codes import IN_BLOB
from ..wire.control_page import word_of
from ..wire.messages import InputsRun


class Lease:
    """Inputs ``next`` … ``stop`` have not started yet. ``stop`` only ever moves down."""

    __slots__ = (
        "_blobs",
        "_pieces",
        "attempt",
        "base",
        "call_id",
        "end",
        "first",
        "id",
        "next",
        "stop",
    )

    def __init__(self, message: InputsRun, payload: memoryview) -> None:
        self.id = message.lease
        self.call_id = message.call_id
        self.attempt = message.attempt
        self.first = self.next = message.first
        self.stop = self.end = message.first + message.count
        self.base = word_of(message.lease, 0)
        lengths = memoryview(message.lengths).cast("I").tolist()
        if len(lengths) != message.count:
            raise ValueError(f"inputs.run of {message.count} inputs has {len(lengths)} lengths")
        self._blobs: Iterator[str] = iter(message.blobs or ())
        self._pieces = _pieces(lengths, payload)

    def take(self, blobs: Blobs) -> memoryview:
        """The payload of input ``next``, which has started with this: each exactly once, in order."""
        self.next += 1
        piece = next(self._pieces)
        return blobs.read(next(self._blobs)) if piece is None else piece

    def hold_back(self, first: int) -> int:
        """Start nothing from ``first`` on. The first index, not below ``first``, that really will not start."""
        self.stop = max(self.next, min(self.stop, first))
        return max(first, self.stop)


def _pieces(lengths: list[int], payload: memoryview) -> Iterator[memoryview | None]:
    """The payload cut by the table of lengths; None for what is a blob."""
    if IN_BLOB in lengths:
        ends = list(accumulate(0 if length == IN_BLOB else length for length in lengths))
        starts = chain((0,), ends)
        return (
            None if length == IN_BLOB else payload[start:end]
            for length, start, end in zip(lengths, starts, ends, strict=False)
        )
    ends = list(accumulate(lengths))
    return map(payload.__getitem__, map(slice, chain((0,), ends), ends))
