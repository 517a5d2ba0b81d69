"""The two ends of a call as the session sees them: who sends its inputs, and who receives its stream."""

from __future__ import annotations

from typing import Protocol

from ..wire.messages import CallEnded, Items, Message, Outcomes, Output
from .lifeline import Frame

#: What comes on an attached stream.
Streamed = Outcomes | CallEnded | Items | Output


class Sender(Protocol):
    """The sending side of one open call."""

    def accepted(self, through: int) -> None:
        """Inputs below ``through`` are durable. On the reader thread."""

    def sealed(self) -> None:
        """The seal is durable. On the reader thread."""

    def unacknowledged(self) -> list[Frame]:
        """What a new connection has to be told again."""
        ...

    def flush(self) -> None:
        """Send what credit allows. On the sending thread."""

    def repeat(self, why: BaseException) -> None:
        """The gateway did not take something: say it again in a while, or give up. On the reader thread."""


class Receiver(Protocol):
    """One attached stream."""

    def arrived(self, message: Streamed, payload: memoryview) -> None:
        """The next message of the stream. On the reader thread."""

    def attach(self, epoch: str) -> Message:
        """The message that goes on where the stream is, under the store's ``epoch``."""
        ...

    def fail(self, error: BaseException) -> None:
        """The session is over; nothing comes any more."""
