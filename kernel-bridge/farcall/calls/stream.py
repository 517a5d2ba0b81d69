"""The receiving side of one call: its outcomes as they arrive, with a cursor that survives lost connections.

The reader thread puts whole messages in; the one thread that reads takes them out as tables. Nothing is decoded here
but the tables, and nothing is kept once it was taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate, chain
from queue import Empty, SimpleQueue

from ..client.ends import Streamed
from ..client.session import Session
from ..client.waiting import Bell
from ..wire.codes import IN_BLOB
from ..wire.messages import CallAttach, CallEnded, CallRelease, Outcomes, OutcomesPage, OutcomesTaken

#: How many taken outcomes are reported at once.
_REPORT_EVERY = 4096


#: One outcome: index, status, attempt, payload. The payload is None when it is too large for the stream, and has to be
#: read by index. A plain tuple: a hundred thousand of them a second pass through here.
Settled = tuple[int, int, int, "memoryview | None"]


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
        self._arrivals: SimpleQueue[tuple[Streamed, memoryview]] = SimpleQueue()

    def attach(self, epoch: str) -> CallAttach:
        """The message that begins the stream, or goes on with it after a lost connection."""
        if epoch != self._epoch:
            self._epoch, self._cursor, self.rereads = epoch, 0, True
        return CallAttach(call_id=self.call_id, after=self._cursor, output=self._output)

    def arrived(self, message: Streamed, payload: memoryview) -> None:
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

    def take(self) -> tuple[Streamed, memoryview] | None:
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

    def release(self, *, ends: bool = False) -> None:
        """The stream is not wanted any more; ``ends``: nor does it go on, so nobody need be told."""
        self._session.received(self.call_id)
        if self.ended is None and not ends:
            self._session.notify(CallRelease(call_id=self.call_id))


def settled(message: Outcomes | OutcomesPage, payload: memoryview) -> list[Settled]:
    """The outcomes in a message's tables; those in a blob without their payload."""
    lengths = memoryview(message.lengths).cast("I").tolist()
    if IN_BLOB in lengths:
        pieces: Iterable[memoryview | None] = _pieces(lengths, payload)
    else:
        ends = list(accumulate(lengths))
        pieces = map(payload.__getitem__, map(slice, chain((0,), ends), ends))
    indexes, attempts = memoryview(message.indexes).cast("I"), memoryview(message.attempts).cast("I")
    return list(zip(indexes, message.statuses, attempts, pieces, strict=True))


def _pieces(lengths: list[int], payload: memoryview) -> Iterator[memoryview | None]:
    at = 0
    for length in lengths:
        if length == IN_BLOB:
            yield None
        else:
            yield payload[at : at + length]
            at += length
