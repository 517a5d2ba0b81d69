"""A lease: a range of one call's inputs that this container may run, with their payloads."""

from __future__ import annotations

from collections.abc import Iterator

from ..wire.blobs import Blobs
from ..wire.codes import IN_BLOB
from ..wire.control_page import word_of
from ..wire.messages import InputsRun


class Lease:
    """Inputs ``next`` … ``stop`` have not started yet. ``stop`` only ever moves down."""

    __slots__ = (
        "_at",
        "_blobs",
        "_lengths",
        "_payload",
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
        self._payload = payload
        self._lengths = memoryview(message.lengths).cast("I")
        self._blobs: Iterator[str] = iter(message.blobs or ())
        self._at = 0
        if len(self._lengths) != message.count:
            raise ValueError(f"inputs.run of {message.count} inputs has {len(self._lengths)} lengths")

    def take(self, blobs: Blobs) -> memoryview:
        """The payload of input ``next``, which has started with this: each exactly once, in order."""
        length = self._lengths[self.next - self.first]
        self.next += 1
        if length == IN_BLOB:
            return blobs.read(next(self._blobs))
        at = self._at
        self._at = at + length
        return self._payload[at : at + length]

    def hold_back(self, first: int) -> int:
        """Start nothing from ``first`` on. The first index, not below ``first``, that really will not start."""
        self.stop = max(self.next, min(self.stop, first))
        return max(first, self.stop)
