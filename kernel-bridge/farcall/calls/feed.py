"""The sending side of one call: chunks within credit, the seal, and what a lost connection makes us say again.

The calling thread puts chunks in and sends what credit allows; the rest goes out on the session's sending thread as
acknowledgements come. Knows nothing of where inputs come from (pump.py) or what they mean.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import NamedTuple

from ..client.lifeline import Frame, Payload
from ..client.session import Session
from ..client.waiting import Bell
from ..wire.messages import CallDetach, CallSeal, InputsPut

#: What may be sent and not yet acknowledged.
CREDIT_INPUTS = 65_536
CREDIT_BYTES = 32 * 1024 * 1024
#: What may wait here for credit, ready to be sent.
QUEUE_BYTES = 64 * 1024 * 1024
#: How long a gateway that does not take inputs is asked again, before the call fails.
PATIENCE_S = 10.0
#: What an input costs besides its payload, so that a million empty ones count as well.
_OVERHEAD = 64


class _Parcel(NamedTuple):
    message: InputsPut | CallSeal
    payload: Payload
    through: int
    inputs: int
    size: int


class Feed:
    """Sends the inputs of one call. ``bell`` rings when credit comes back."""

    def __init__(self, session: Session, call_id: str, bell: Bell) -> None:
        self.call_id = call_id
        self.count = 0  # inputs put so far
        self._session = session
        self._bell = bell
        self._ledger = threading.Lock()  # guards all below; taken after the session's gate
        self._queued: deque[_Parcel] = deque()
        self._queued_bytes = 0
        self._unacknowledged: deque[_Parcel] = deque()
        self._inputs = 0
        self._bytes = 0
        self._detached = False
        self._stopped = False
        self._repeats = False  # said again soon
        self._refused_since = 0.0
        #: Why the gateway did not take the inputs, for too long.
        self.refused: BaseException | None = None
        session.send_for(call_id, self)

    def put(self, lengths: bytes, payload: Payload, blobs: list[str]) -> None:
        """Queue the next inputs; ``lengths`` is their u32 table."""
        count = len(lengths) // 4
        message = InputsPut(
            call_id=self.call_id, first=self.count, count=count, lengths=lengths, blobs=tuple(blobs) or None
        )
        self.count += count
        size = len(payload) + count * _OVERHEAD
        with self._ledger:
            if not self._stopped:
                self._queued.append(_Parcel(message, payload, self.count, count, size))
                self._queued_bytes += size

    def seal(self) -> None:
        """No input comes after those that were put."""
        message = CallSeal(call_id=self.call_id, count=self.count)
        with self._ledger:
            if not self._stopped:
                self._queued.append(_Parcel(message, b"", self.count, 0, 0))

    def detach(self) -> None:
        """The call goes on without its client; said again after a lost connection."""
        self._detached = True
        self._session.notify(CallDetach(call_id=self.call_id))

    @property
    def is_full(self) -> bool:
        """Whether so much waits for credit that no more should be made."""
        return self._queued_bytes >= QUEUE_BYTES

    @property
    def is_durable(self) -> bool:
        """Whether all that was put is acknowledged."""
        return not self._queued and not self._unacknowledged

    def due(self) -> list[Frame]:
        """The frames that credit allows now, for the caller to post; they count as sent. Held: the session's gate."""
        frames: list[Frame] = []
        with self._ledger:
            while self._queued and self._has_credit(self._queued[0]):
                parcel = self._queued.popleft()
                self._queued_bytes -= parcel.size
                self._unacknowledged.append(parcel)
                self._inputs += parcel.inputs
                self._bytes += parcel.size
                frames.append((parcel.message, parcel.payload))
        return frames

    def flush(self) -> None:
        """Send what credit allows."""
        if self._queued:
            self._session.post_due(self.due)

    def stop(self) -> None:
        """The call ended: forget what was not sent or acknowledged."""
        with self._ledger:
            self._stopped = True
            self._queued.clear()
            self._unacknowledged.clear()
            self._queued_bytes = self._bytes = self._inputs = 0
        self._session.sent(self.call_id)
        self._bell.ring()

    def accepted(self, through: int) -> None:
        """Inputs below ``through`` are durable: their credit is back."""
        with self._ledger:
            self._refused_since = 0.0
            while (
                self._unacknowledged and self._unacknowledged[0].inputs and self._unacknowledged[0].through <= through
            ):
                parcel = self._unacknowledged.popleft()
                self._inputs -= parcel.inputs
                self._bytes -= parcel.size
        if self._queued:
            self._session.flush_soon(self)
        self._bell.ring()

    def sealed(self) -> None:
        """The seal is durable, so everything before it is."""
        with self._ledger:
            self._unacknowledged.clear()
            self._bytes = self._inputs = 0
        self._session.sent(self.call_id)
        self._bell.ring()

    def unacknowledged(self) -> list[Frame]:
        """What a new connection has to be told again."""
        with self._ledger:
            frames: list[Frame] = [(parcel.message, parcel.payload) for parcel in self._unacknowledged]
        if self._detached:
            frames.append((CallDetach(call_id=self.call_id), b""))
        return frames

    def repeat(self, why: BaseException) -> None:
        """They were not taken: all that is not acknowledged is sent again in a while; given up after some time."""
        with self._ledger:
            now = time.monotonic()
            self._refused_since = self._refused_since or now
            if now - self._refused_since > PATIENCE_S:
                self.refused = why
            is_due = self._repeats
            self._repeats = True
        if self.refused is not None:
            self._bell.ring()
        elif not is_due:  # every chunk is refused on its own
            self._session.flush_later(_Again(self))

    def say_again(self) -> None:
        """Send all that is not acknowledged again; what is known already does no harm."""
        self._repeats = False
        self._session.post_due(self.unacknowledged)

    def _has_credit(self, parcel: _Parcel) -> bool:
        if not self._unacknowledged:
            return True
        return self._inputs + parcel.inputs <= CREDIT_INPUTS and self._bytes + parcel.size <= CREDIT_BYTES


class _Again:
    """Makes the sending thread repeat a feed."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def flush(self) -> None:
        """Repeat it."""
        self._feed.say_again()
