"""Calls made by code in a container: while its input waits for one, the container's place is lent to others.

`farcall.context` calls this from whichever thread of the user waits; the loop asks it before it starts another input.
"""

from __future__ import annotations

from ..wire.messages import ContainerWaiting
from .link import Link


class Nested:
    """What this container offers to user code (`farcall.context.Inside`)."""

    def __init__(self, link: Link) -> None:
        #: `leases.revoked` replies that must be read before another input starts. Guarded by link.busy.
        self.owed = 0
        self._link = link
        self._waits = 0  # guarded by link.busy

    def wait_begins(self) -> None:
        with self._link.busy:
            self._waits += 1
            if self._waits == 1 and self._link.send(self._begun()):
                self.owed += 1

    def wait_ends(self) -> None:
        with self._link.busy:
            self._waits -= 1
            if self._waits == 0:
                self._link.send(ContainerWaiting(waiting=False))

    await_begins = wait_begins  # one input at a time: whoever awaits keeps its thread from nothing
    await_ends = wait_ends

    def address(self) -> tuple[str, str] | None:
        return self._link.address

    def answered(self) -> None:
        """A reply was read."""
        self.owed = max(0, self.owed - 1)

    def welcomed(self) -> None:
        """A new connection owes nothing; it has to hear that the input still waits."""
        self.owed = 0
        if self._waits and self._link.send(self._begun()):
            self.owed = 1

    def _begun(self) -> ContainerWaiting:
        return ContainerWaiting(waiting=True)
