"""The reading end of a call whose function yields: values one by one, each once and in order, and what was taken told.

Values carry their position. After a lost connection they come again from the first one that the container does not
know to be taken; those known here are dropped. The outcome has the last of them, for a connection lost near the end.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from typing import Any

from .. import errors
from ..client.waiting import Steps
from ..presenter import SILENT, View
from ..values import failure, serialize
from ..values.yielded import Yielded
from ..wire.codes import CANCELLED, IN_BLOB, SUCCEEDED
from ..wire.messages import CallEnded, Items, ItemsTaken, Outcomes, Output
from .launch import Opened
from .outcomes import error_of
from .single import last_output, show, stored_outcome
from .stream import Settled, settled

#: So much is taken before the container hears of it, unless this side has nothing left to read.
_TELL_ITEMS = 16
_TELL_BYTES = 1024 * 1024

#: A value in a list of its own; None: wait for the bell, then go on.
Values = Generator["list[Any] | None", None, None]


def single_items(opened: Opened, view: View = SILENT) -> Values:
    """What a call's generator yields, as it comes. Raises what the generator raised, after the values before it."""
    stream = opened.attach(output=True)
    received = _Received(opened)
    prints = False
    while True:
        opened.check()
        taken = stream.take()
        if taken is None:
            received.tell()
            yield None
            continue
        message, payload = taken
        if isinstance(message, Output):
            prints = True
            show(message, payload, view)
        elif isinstance(message, Items):
            yield from received.fresh(message, payload)
        elif isinstance(message, Outcomes):
            outcome = settled(message, payload)[0]
            if prints:
                yield from _waiting(last_output(opened, stream, view))
            yield from received.last(outcome)
            return
        elif isinstance(message, CallEnded):
            raise errors.RemoteError(f"call {opened.call_id} ended {message.state}, without an outcome")


class _Received:
    """How far one reader is. A value counts as taken once the next one is asked for."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._count = 0
        self._attempt = 0
        self._told = 0
        self._untold_bytes = 0

    def fresh(self, message: Items, payload: memoryview) -> Values:
        """The values of a message that were not read before."""
        if message.attempt < self._attempt:
            return
        self._must_go_on(message.attempt)
        self._attempt = message.attempt
        at, blobs = 0, iter(message.blobs or ())
        for number, (length,) in enumerate(struct.iter_unpack("<I", message.lengths), message.first):
            piece = payload[at:] if length == IN_BLOB else payload[at : at + length]
            blob = next(blobs) if length == IN_BLOB else None
            at += 0 if blob else length
            if number == self._count:
                yield [serialize.loads(piece if blob is None else self._opened.session.blobs.read(blob))]
                self._took(length if blob is None else _TELL_BYTES)
            elif number < self._count:
                self._told = -1  # it came again: what was told may be lost

    def last(self, outcome: Settled) -> Values:
        """What the outcome has beyond what was read; then the end, or what was raised."""
        opened = self._opened
        if outcome[1] == CANCELLED:
            raise error_of(opened.call_id, outcome)
        if outcome[3] is None:
            outcome = yield from _waiting(stored_outcome(opened.session, opened.call_id, 0, opened.bell))
        yielded, error = self._end(outcome)
        if yielded.count:
            self._must_go_on(outcome[2])
        for pickled in yielded.after(self._count):
            yield [serialize.loads(pickled)]
            self._count += 1
        self.tell()
        opened.let_go(ends=True)
        if isinstance(error, errors.ContainerLostError):
            raise self._lost() from error
        if error is not None:
            raise error

    def tell(self) -> None:
        """Let the container go on: what was read is taken."""
        if self._told != self._count:
            self._told, self._untold_bytes = self._count, 0
            message = ItemsTaken(call_id=self._opened.call_id, index=0, through=self._count)
            self._opened.session.notify(message)

    def _took(self, size: int) -> None:
        self._count += 1
        self._untold_bytes += size
        if self._count - self._told >= _TELL_ITEMS or self._untold_bytes >= _TELL_BYTES:
            self.tell()

    def _end(self, outcome: Settled) -> tuple[Yielded, BaseException | None]:
        payload = outcome[3] or b""
        if outcome[1] != SUCCEEDED:
            told = failure.read(payload)
            return Yielded(told.yielded, told.tail), error_of(self._opened.call_id, outcome)
        value = serialize.loads(payload)
        if not isinstance(value, Yielded):
            raise errors.RemoteError(f"the outcome of {self._opened.call_id} is not that of a generator")
        return value, None

    def _must_go_on(self, attempt: int) -> None:
        """Another run may yield something else, so it cannot go on where this one ended."""
        if self._count and attempt != self._attempt:
            raise self._lost()

    def _lost(self) -> errors.ContainerLostError:
        if not self._count:
            return errors.ContainerLostError("the container was lost, again and again, before its first value")
        values = f"{self._count:,} value{'' if self._count == 1 else 's'}"
        return errors.ContainerLostError(
            errors.compose(
                f"the container was lost after {values} had been read",
                do="A generator that was read does not run again by itself: it might yield others. Call it again",
            )
        )


def _waiting(steps: Steps[Any]) -> Generator[None, None, Any]:
    return (yield from steps)
