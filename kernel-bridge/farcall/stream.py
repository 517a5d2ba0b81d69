"""The receiving side of one call: its outcomes as they arrive, with a cursor that survives lost connections.

The reader thread puts whole messages in; the one thread that reads takes them out as tables. Nothing is decoded here
but the tables, and nothing is kept once it was taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import NamedTuple

from .session import Session
from .waiting import Bell
from .wire.codes import IN_BLOB
from .wire.messages import CallAttach, CallEnded, CallRelease, Items, Outcomes, OutcomesPage, OutcomesTaken, Output

#: How many taken outcomes are reported at once.
_REPORT_EVERY = 4096


class Settled(NamedTuple):
    """One outcome. ``payload`` is None when it is too large for the stream, and has to be read by index."""

    index: int
    status: int
    attempt: int
    payload: memoryview | None


class Stream:
    """One attachment. ``bell`` rings when something arrived."""

    def __init__(self, session: Session, call_id: str, bell: Bell, *, output: bool = False) -> None:
        self.call_id = call_id
        self.ended: CallEnded | None = None  # once taken: everything before it was taken too
        self.error: BaseException | None = None
        self.rereads = False  # the store changed: what comes may be known
        self._session = session
        self._bell = bell
        self._output = output
        self._epoch = session.epoch
        self._cursor = 0  # written by the reader thread only
        self._taken = self._reported = 0
        self._arrivals: SimpleQueue[tuple[Outcomes | CallEnded | Items | Output, memoryview]] = SimpleQueue()

    def attach(self, epoch: str) -> CallAttach:
        """The message that begins the stream, or goes on with it after a lost connection."""
        if epoch != self._epoch:
            self._epoch, self._cursor, self.rereads = epoch, 0, True
        return CallAttach(call_id=self.call_id, after=self._cursor, output=self._output)

    def arrived(self, message: Outcomes | CallEnded | Items | Output, payload: memoryview) -> None:
        """The next message of the stream. On the reader thread."""
        if isinstance(message, Outcomes):
            if message.seq + message.count <= self._cursor:
                return
            self._cursor = message.seq + message.count
        self._arrivals.put((message, payload))
        self._bell.ring()

    def fail(self, error: BaseException) -> None:
        """Nothing comes any more."""
        self.error = error
        self._bell.ring()

    def take(self) -> tuple[Outcomes | CallEnded | Items | Output, memoryview] | None:
        """The next message that arrived, if any."""
        try:
            message, payload = self._arrivals.get_nowait()
        except Empty:
            return None
        if isinstance(message, Outcomes):
            self._taken = message.seq + message.count
            if self._taken - self._reported >= _REPORT_EVERY or len(payload) >= 256 * 1024:
                self.report()
        elif isinstance(message, CallEnded):
            self.ended = message
        return message, payload

    def report(self) -> None:
        """Give back the credit of what was taken; called before waiting as well."""
        if self._taken != self._reported:
            self._reported = self._taken
            self._session.notify(OutcomesTaken(call_id=self.call_id, through=self._taken))

    def release(self) -> None:
        """The stream is not wanted any more. Idempotent."""
        self._session.received(self.call_id)
        if self.ended is None:
            self._session.notify(CallRelease(call_id=self.call_id))


def settled(message: Outcomes | OutcomesPage, payload: memoryview) -> Iterator[Settled]:
    """The outcomes in a message's tables."""
    indexes = memoryview(message.indexes).cast("I")
    attempts = memoryview(message.attempts).cast("I")
    lengths = memoryview(message.lengths).cast("I")
    at = 0
    for index, status, attempt, length in zip(indexes, message.statuses, attempts, lengths, strict=True):
        if length == IN_BLOB:
            yield Settled(index, status, attempt, None)
        else:
            yield Settled(index, status, attempt, payload[at : at + length])
            at += length
